/** From the end of a kaniko pod to the error that a user sees. Pure. */
import type { ErrorCode, ErrorData } from "../../errors.ts";
import type { PodEnd } from "../pods/state.ts";
import { helperFailure, hostOf, registryError, registryProblem } from "../registryErrors.ts";
import type { KanikoStep } from "./log.ts";

export interface KanikoFailure {
  /** how the pod ended, as its status says */
  readonly end: PodEnd | null;
  /** of the main container; null when it did not end by itself */
  readonly exitCode: number | null;
  /** kaniko's last words */
  readonly errorText: string;
  /** why mirrors did not give the base image that was asked for last */
  readonly mirrorErrors: readonly string[];
  /** last output of the step that ran last */
  readonly tail: string;
  readonly step: KanikoStep | null;
  /** Dockerfile as the plan names it */
  readonly dockerfile: string;
  readonly pod: string;
  readonly namespace: string;
  readonly reference: string;
  readonly memoryLimit: string | undefined;
  /** of ephemeral storage */
  readonly diskLimit: string | undefined;
}

/** What helps a build that has too little disk. */
export const MORE_DISK = "Raise ephemeral-storage of mode kaniko in the stack file.";
const EVICTED =
  "The node was short of it: build again. Higher requests of mode kaniko in the stack file keep builds on nodes with room.";

export function verdict(failure: KanikoFailure): ErrorData {
  const { end, exitCode, errorText, mirrorErrors, tail, step, dockerfile, pod, namespace, reference } = failure;
  const { memoryLimit, diskLimit } = failure;
  const said = errorText.replace(/^(?:error building image: |error building stage: |Error: )+/i, "").trim();
  const parseLine = /dockerfile parse error on line (\d+)/.exec(said)?.[1];
  const line = parseLine === undefined ? (step?.line ?? null) : Number(parseLine);
  const at = line === null ? "" : ` (${dockerfile}:${line})`;
  const error = (code: ErrorCode, message: string, extra: { hint?: string; inStep?: boolean } = {}): ErrorData => ({
    code,
    message,
    ...(extra.hint ? { hint: extra.hint } : {}),
    ...(extra.inStep && line !== null ? { file: dockerfile, line } : {}),
    ...(extra.inStep && tail ? { logTail: tail } : {}),
  });

  const ours = { ownHost: reference.split("/")[0] ?? "", credentials: "" };
  const command = /failed to execute command: (.*)/s.exec(said)?.[1];
  const killed = command !== undefined && /signal: killed|exit status 137/.test(command);
  if (end?.outOfMemory || killed) {
    const limit = memoryLimit ? ` (limit ${memoryLimit})` : "";
    return error(
      "out-of-memory",
      `${step ? `A step ran out of memory${limit}${at}: ${oneLine(step.name)}` : `kaniko ran out of memory${limit} before the first step`}`,
      {
        hint: "Raise the memory limit of mode kaniko in the stack file.",
        inStep: true,
      },
    );
  }
  if (end?.outOfDisk) {
    const limit = diskLimit ? ` (limit ${diskLimit} of ephemeral-storage)` : "";
    const where = step ? `${at}: ${oneLine(step.name)}` : "";
    return error(
      "build-failed",
      `The build used more disk than its pod ${pod} may${limit}, which ${end.phrase}${where}`,
      {
        hint: MORE_DISK,
        inStep: true,
      },
    );
  }
  if (exitCode === null || (errorText === "" && end && !end.phrase.startsWith("ended with exit code"))) {
    const why = end?.phrase ?? "was deleted";
    const timeout = why.includes("DeadlineExceeded");
    return error(
      timeout ? "timeout" : "builder-gone",
      `Pod ${pod} in namespace ${namespace}, which ran the build, ${why}.`,
      { hint: why.startsWith("was evicted") ? EVICTED : "" },
    );
  }
  if (command !== undefined) {
    const code = /exit status (\d+)/.exec(command)?.[1];
    const how = code === undefined ? `: ${command}` : ` with exit code ${code}`;
    return error("build-failed", `A step failed${how}${at}: ${oneLine(step?.name ?? "")}`, { inStep: true });
  }
  const helper = helperFailure(errorText);
  if (helper !== null) {
    return error("credential-helper", `The credentials for the registry cannot be had: ${helper}`, {
      hint: "Check kaniko's image and the identity of its service account.",
    });
  }
  if (/^error (?:checking push permissions|pushing image)|failed to push to destination/.test(errorText)) {
    const why = errorText
      .replace(/^error checking push permissions -- .*?try again: /, "")
      .replace(/^error pushing image: /, "");
    const host = hostOf(why) ?? ours.ownHost;
    const refused = registryError({ ...ours, action: "push", host, reference, why, at: "" });
    return refused ?? error("build-failed", `${reference} cannot be pushed: ${why}`);
  }
  if (parseLine !== undefined) return error("build-failed", `${said}${at}`, { inStep: true });
  const missing = /failed to get fileinfo for \S*?\/context\/(\S+): lstat/.exec(said)?.[1];
  if (missing !== undefined) {
    return error("build-failed", `The build context has no /${missing}.`, {
      hint: "Is it excluded by .dockerignore, or outside of the context?",
    });
  }
  // What kaniko says when only mirrors may be asked (--skip-default-registry-fallback) and none gave the image, whatever the
  // reason. A mirror that could not be reached or refused may well have it.
  const unmirrored = /image not found on any configured mapped registries for (\S+)/.exec(said)?.[1];
  const telling =
    unmirrored === undefined
      ? undefined
      : mirrorErrors.find((text) => ![null, "missing"].includes(registryProblem(text)));
  if (unmirrored !== undefined && telling === undefined) {
    return error("base-image-missing", `There is no base image ${unmirrored} in the mirrors of this environment.`, {
      hint: "Check its name; the environment takes base images from its mirrors only.",
    });
  }
  const why = telling ?? said;
  const host = hostOf(why) ?? "";
  const image = /https?:\/\/([^/\s]+)\/v2\/(\S+?)\/manifests\/([^\s":]+)/.exec(why);
  const base = image
    ? `${image[1]}/${image[2]}${image[3]?.startsWith("sha256") ? "@" : ":"}${image[3]}`
    : (unmirrored ?? "of the Dockerfile");
  if (/\b(?:GET|HEAD) https?:|(?:Get|Head) "https?:|retrieving image|failed to get image/.test(why)) {
    const refused = registryError({ ...ours, action: "pull", host, reference: base, why, at: "" });
    if (refused) return refused;
  }
  if (/no space left on device/.test(said)) {
    return error("build-failed", `The build has no space left${at}: ${said}`, {
      hint: MORE_DISK,
      inStep: true,
    });
  }
  return error("build-failed", said || `kaniko ended with exit code ${exitCode} without a message${at}.`, {
    inStep: said === "",
  });
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}
