/** From what docker says about itself to how it can build. Pure. */
import { PergolaError } from "../../errors.ts";
import type { DockerFacts } from "../../plan/plan.ts";

/** How a command ended; null when there is no such program. */
export type Answer = { readonly code: number; readonly stdout: string; readonly stderr: string } | null;

/** What docker was asked. */
export interface Answers {
  /** docker version --format {{json .}} */
  readonly version: Answer;
  /** docker buildx version */
  readonly buildx: Answer;
  /** docker buildx inspect */
  readonly builder: Answer;
  /** docker info --format {{json .DriverStatus}} */
  readonly store: Answer;
}

interface Version {
  readonly Client?: { readonly Version?: string };
  readonly Server?: {
    readonly Version?: string;
    readonly ApiVersion?: string;
    readonly Os?: string;
    readonly Arch?: string;
  };
}

/** Docker 18.09, the first with BuildKit in its daemon. */
const OLDEST_API = [1, 39] as const;
/** The first buildx whose progress is read here, as records. */
const OLDEST_BUILDX = [0, 13] as const;
/** From here on docker's client leaves BuildKit to buildx. */
const NO_BUILDKIT_IN_CLIENT = 23;

/**
 * @param environment DOCKER_BUILDKIT=0 asks for the builder before BuildKit, as docker's own client reads it
 * @throws PergolaError usage, builder-tool-missing, builder-not-ready, mode-unsupported
 */
export function readFacts(answers: Answers, environment: NodeJS.ProcessEnv): DockerFacts {
  if (answers.version === null) {
    throw new PergolaError({
      code: "builder-tool-missing",
      message: "The mode local-docker builds with Docker, and there is no docker on the PATH.",
      hint: "Install Docker (its daemon may be elsewhere: DOCKER_HOST), or choose --mode cluster-buildkit.",
    });
  }
  const { Client, Server } = parse<Version>(answers.version.stdout) ?? {};
  if (!Server) throw noDaemon(answers.version, environment);
  const platform = `${Server.Os ?? "linux"}/${Server.Arch ?? "amd64"}`;
  if (isOlder(Server.ApiVersion ?? "", OLDEST_API)) {
    throw new PergolaError({
      code: "mode-unsupported",
      message: `Docker's daemon is version ${Server.Version} (API ${Server.ApiVersion}), older than 18.09 (API ${OLDEST_API.join(".")}).`,
      hint: "Update Docker, or choose --mode cluster-buildkit.",
    });
  }
  const own = { driver: "docker", builder: "", platform, containerdStore: hasContainerdStore(answers.store) };
  if (answers.buildx?.code === 0) {
    const version = /\bv?(\d+\.\d+\.\d+\S*)/.exec(answers.buildx.stdout)?.[1] ?? "";
    if (isOlder(version, OLDEST_BUILDX)) {
      throw new PergolaError({
        code: "builder-tool-missing",
        message: `docker buildx is version ${version}, older than ${OLDEST_BUILDX.join(".")}.`,
        hint: "Update it (https://docs.docker.com/go/buildx/), or choose --mode cluster-buildkit.",
      });
    }
    return { ...own, client: "buildx", ...builderOf(answers.builder, platform) };
  }
  const inClient = Number.parseInt(Client?.Version ?? "", 10) < NO_BUILDKIT_IN_CLIENT;
  return { ...own, client: inClient && environment.DOCKER_BUILDKIT !== "0" ? "buildkit" : "legacy" };
}

/** What tells docker's client where its daemon is, in its own order; null when nothing does but a context or a default. */
function namedBy({ DOCKER_HOST, DOCKER_CONTEXT }: NodeJS.ProcessEnv): string | null {
  if (DOCKER_HOST) return `DOCKER_HOST=${DOCKER_HOST}`;
  return DOCKER_CONTEXT ? `DOCKER_CONTEXT=${DOCKER_CONTEXT}` : null;
}

function noDaemon({ stderr }: NonNullable<Answer>, environment: NodeJS.ProcessEnv): PergolaError {
  const said = lastLine(stderr) || "it said nothing";
  const by = namedBy(environment);
  const [, nowhere] = /unable to resolve docker endpoint: (.*)/.exec(said) ?? [];
  if (nowhere !== undefined) {
    return new PergolaError({
      code: "usage",
      message: `Docker's client does not know where its daemon is${by === null ? "" : ` (${by})`}: ${nowhere}`,
      hint: "Choose one that docker context ls has (DOCKER_CONTEXT, docker context use), or give its address: DOCKER_HOST=unix:///var/run/docker.sock.",
    });
  }
  const another = by === null ? "DOCKER_HOST, docker context use" : `it is asked for by ${by}`;
  const hint = /permission denied/i.test(said)
    ? "Use an account that may talk to the daemon (the group docker), or another daemon (DOCKER_HOST, docker context use)."
    : `Start the daemon, or name another one (${another}). Nothing was built.`;
  // A connection by ssh has a made-up URL.
  const why = said.replace(/^error during connect: /i, "").replace(/^Get "http:\/\/docker\.example\.com[^"]*": /, "");
  return new PergolaError({
    code: "builder-not-ready",
    message: `Docker's daemon does not answer: ${why}`,
    hint,
  });
}

/** Name, driver and platform of the builder that buildx uses (BUILDX_BUILDER, docker buildx use). @throws PergolaError builder-not-ready */
function builderOf(answer: Answer, fallback: string): Pick<DockerFacts, "driver" | "builder" | "platform"> {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:[ \\t]*(\\S.*)$`, "m").exec(answer?.stdout ?? "")?.[1]?.trim();
  const driver = field("Driver");
  if (answer?.code !== 0 || driver === undefined) {
    const said = field("Error") ?? lastLine(answer?.stderr ?? "");
    throw new PergolaError({
      code: "builder-not-ready",
      message: `The builder that docker buildx is to use cannot be had: ${said.replace(/^ERROR: /, "") || "buildx inspect said nothing"}`,
      hint: "Look at docker buildx ls, and choose another one with docker buildx use or BUILDX_BUILDER.",
    });
  }
  if (driver === "docker") return { driver, builder: "", platform: fallback };
  // The first is the builder's own; a star marks those that somebody chose.
  const platform = field("Platforms")?.split(",")[0]?.replace("*", "").trim();
  return { driver, builder: field("Name") ?? "", platform: platform ?? fallback };
}

/** `[["driver-type","io.containerd.snapshotter.v1"]]` (docs.docker.com, containerd image store) */
function hasContainerdStore(answer: Answer): boolean {
  const status = parse<unknown>(answer?.stdout ?? "");
  return JSON.stringify(status ?? "").includes("io.containerd.snapshotter");
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, first, second] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (first === undefined || second === undefined) return false;
  return Number(first) < major || (Number(first) === major && Number(second) < minor);
}

function parse<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
