/** From what buildctl said to the error that a user sees. Pure. */
import type { ErrorCode, ErrorData } from "../../errors.ts";
import { type Builder, helperFailure, hostOf, isLayerRace, registryError } from "../registryErrors.ts";
import type { FailedStep } from "./progress.ts";

export interface Failure {
  /** buildctl's stderr without its progress */
  readonly text: string;
  /** the step that failed, null when the error came from elsewhere */
  readonly step: FailedStep | null;
  /** Dockerfile as the plan names it */
  readonly dockerfile: string;
  /** reference that was pushed */
  readonly reference: string;
  /** memory limit of buildkitd's container, undefined for none */
  readonly memoryLimit?: string | undefined;
  /** line of the step that failed, for a builder that shows none */
  readonly line?: number | null;
  /** who builds: a builder in the cluster if left out */
  readonly by?: Builder;
  /** whose registry credentials were used for a host[:port], as a sentence; "" when nothing is known */
  credentials?(host: string): string;
}

/** Exit code of a process that was killed by SIGKILL, which is what running out of memory looks like from outside. */
const KILLED = 137;

/** What helps against {@link isLayerRace}. */
export const LAYER_RACE_HINT =
  "The registry is of distribution 2.x, which may refuse a push while another one sends the same layer; version 3 does not.";

/** Decides what went wrong. The connection to buildkitd is judged elsewhere: this is for a build that it reported on. */
export function verdict(failure: Failure): ErrorData {
  const { text, step, dockerfile, memoryLimit } = failure;
  const said = reason(text);
  const line = failingLine(text) ?? failure.line ?? null;
  const docker = failure.by !== undefined && failure.by !== "cluster";
  const place = line === null ? {} : { file: dockerfile, line };
  const tail = step?.logTail ? { logTail: step.logTail } : {};
  const at = line === null ? "" : ` (${dockerfile}:${line})`;
  const error = (code: ErrorCode, message: string, hint?: string): ErrorData => ({
    code,
    message,
    ...(hint ? { hint } : {}),
    ...place,
    ...tail,
  });

  const helper = helperFailure(said);
  if (helper !== null) return error("credential-helper", `The credentials for the registry cannot be had: ${helper}`);

  const exit = /process "(.*)" did not complete successfully: exit code: (\d+)/s.exec(said);
  if (exit) {
    const command = sourceLines(text) ?? step?.name.replace(/^\[[^\]]*\] /, "") ?? exit[1] ?? "";
    if (Number(exit[2]) === KILLED) {
      return error(
        "out-of-memory",
        `A step was killed, most likely for memory${at}: ${oneLine(command)}`,
        docker
          ? "The machine of Docker's daemon has too little memory, or Docker's virtual machine was given too little."
          : memoryLimit
            ? `buildkitd has a memory limit of ${memoryLimit} for all builds together; raise it in the stack file.`
            : "buildkitd has no memory limit: the node itself may have run out.",
      );
    }
    return error("build-failed", `A step failed with exit code ${exit[2]}${at}: ${oneLine(command)}`);
  }

  const refused = registryFailure(failure, said, at);
  if (refused) return { ...refused, ...place };

  if (/failed to read dockerfile: .*no such file/.test(said)) {
    return error("dockerfile-missing", `There is no ${dockerfile} in the build context: ${said}`);
  }
  if (/no space left on device/.test(said)) {
    return error(
      "build-failed",
      `The builder has no space left${at}: ${said}`,
      docker
        ? "Make room where Docker keeps its images: docker system df, docker system prune."
        : "Raise ephemeral-storage of the builder in the stack file, or wait for its garbage collection.",
    );
  }
  const missing = /failed to calculate checksum of ref \S+: "([^"]*)": not found/.exec(said);
  if (missing) {
    return error(
      "build-failed",
      `The build context has no ${missing[1]}${at}.`,
      "Is it excluded by .dockerignore, or outside of the context?",
    );
  }
  return error("build-failed", `${said || "buildctl failed without a message."}${at}`);
}

const PUSHING =
  /failed to push|error writing (?:layer|manifest|config) blob|failed to (?:authorize|fetch (?:anonymous|oauth) token)|unexpected status from (?:HEAD|PUT|POST|PATCH) request/;
/** Layers are fetched after a base image's name was resolved. */
const FETCHING = /failed to copy: httpReadSeeker|unexpected status from GET request/;

/** What a registry did not grant; null when the text speaks of something else. `at`: where in the Dockerfile, for messages. */
function registryFailure(failure: Failure, said: string, at: string): ErrorData | null {
  const { reference, credentials = () => "" } = failure;
  const ownHost = hostOfReference(reference);
  const judge = (action: "pull" | "push", image: string, why: string) => {
    const host = hostOf(why) ?? hostOfReference(image);
    const { by = "cluster" } = failure;
    return registryError({ action, host, reference: image, why, ownHost, at, by, credentials: credentials(host) });
  };
  const base = /([^\s:]+(?::[^\s:]+)*): failed to resolve source metadata for ([^\s]+?): (.*)/s.exec(said);
  if (base) {
    const [, , image = "", why = ""] = base;
    const missing = { code: "base-image-missing", message: `There is no base image ${image}${at}: ${why}` } as const;
    return judge("pull", image, lastPart(why)) ?? missing;
  }
  if (FETCHING.test(said)) {
    const [, host, repository] = /https?:\/\/([^/\s"]+)\/v2\/(\S+?)\/blobs\//.exec(said) ?? [];
    const found = host === undefined ? null : judge("pull", `${host}/${repository}`, lastPart(said));
    if (found) return found;
  }
  if (!PUSHING.test(said)) return null;
  const target = /failed to push ([^\s]+?): /.exec(said)?.[1] ?? reference;
  const why = lastPart(said).replace(`failed to push ${target}: `, "");
  if (isLayerRace(said)) {
    const message = `The registry ${hostOfReference(target)} refused ${target}: ${oneLine(why)}`;
    return { code: "registry-unreachable", message, hint: LAYER_RACE_HINT };
  }
  return judge("push", target, why) ?? { code: "build-failed", message: `${target} cannot be pushed: ${why}` };
}

/** The first part of a reference as BuildKit writes it: in full. */
function hostOfReference(reference: string): string {
  return reference.split("/")[0] ?? "";
}

/** The error without buildctl's prefixes. */
function reason(text: string): string {
  const start = text.lastIndexOf("error: ");
  const said = start < 0 ? text : text.slice(start + "error: ".length);
  return said
    .replace(/^failed to solve: /, "")
    .replace(/^(?:Unknown|Internal|NotFound|DeadlineExceeded): /, "")
    .trim();
}

/** Line that buildctl points to: `Dockerfile:5` over a ruled box. */
function failingLine(text: string): number | null {
  const found = /^.+:(\d+)\n-{5,}$/m.exec(text);
  return found ? Number(found[1]) : null;
}

/** Lines marked with `>>>`, joined. */
function sourceLines(text: string): string | null {
  const marked = [...text.matchAll(/^ *\d+ \| >>> (.*)$/gm)].map(([, line]) => line?.replace(/\\\s*$/, "").trim());
  return marked.length > 0 ? marked.join(" ") : null;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}

/** Go wraps errors by prefixing: the last parts say what happened. */
function lastPart(text: string): string {
  const request = text.lastIndexOf("failed to do request: ");
  return request < 0 ? text : text.slice(request + "failed to do request: ".length);
}
