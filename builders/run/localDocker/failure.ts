/** The error of a build or a push that docker reported as failed. Pure. */
import { PergolaError } from "../../errors.ts";
import type { LocalDockerPlan } from "../../plan/plan.ts";
import type { BuildkitProgress } from "../buildkit/progress.ts";
import { verdict } from "../buildkit/verdict.ts";
import { registryError } from "../registryErrors.ts";
import { inBuildctlsWords, parserLine, unknownFlag } from "./wording.ts";

/** The daemon is gone: docker's own clients, and gRPC's for BuildKit. */
const NO_DAEMON =
  /Cannot connect to the Docker daemon|error during connect|error reading from server|code = Unavailable|closing transport/;

/**
 * @param line of the Dockerfile, where the step that failed is known
 * @param config file that docker logs in by
 */
export function dockerFailure(
  plan: Pick<LocalDockerPlan, "name" | "argv" | "references" | "context" | "docker">,
  progress: Pick<BuildkitProgress, "errorText" | "failedStep">,
  line: number | null,
  config: string,
): PergolaError {
  const { errorText: text, failedStep: step } = progress;
  const flag = unknownFlag(text);
  if (flag !== null) {
    return new PergolaError({
      code: "image-definition",
      message: `The flag ${flag} of image ${plan.name} is none that ${plan.argv.slice(0, plan.argv.indexOf("build") + 1).join(" ")} knows.`,
      hint: "It comes from spec.extraFlags of the Garden Build action, or needs a newer docker.",
      path: "spec.extraFlags",
    });
  }
  if (NO_DAEMON.test(text)) return gone(text);
  return new PergolaError(
    verdict({
      text: inBuildctlsWords(text, { step: step?.name ?? null }),
      step,
      dockerfile: plan.context.dockerfile,
      reference: plan.references[0] ?? plan.name,
      line: parserLine(text) ?? line,
      by: plan.docker.driver === "docker" ? "docker" : "buildx",
      credentials: (host) => loginHint(host, config),
    }),
  );
}

/** @param why what docker push said */
export function pushFailure(reference: string, why: string, config: string): PergolaError {
  if (NO_DAEMON.test(why)) return gone(why);
  const host = reference.split("/")[0] ?? "";
  const said = why.replace(/^Error response from daemon: /, "");
  const refusal = { host, reference, why: said, ownHost: host, at: "", by: "docker" as const };
  const error = registryError({ ...refusal, action: "push", credentials: loginHint(host, config) });
  return new PergolaError(error ?? { code: "build-failed", message: `${reference} cannot be pushed: ${said}` });
}

function gone(text: string): PergolaError {
  return new PergolaError({
    code: "builder-gone",
    message: `Docker's daemon went away while it built: ${text.trim().split("\n").at(-1)}`,
    hint: "Look at its log; then build again.",
  });
}

function loginHint(host: string, config: string): string {
  return `Docker's own login counts (${config}): docker login ${host}`;
}
