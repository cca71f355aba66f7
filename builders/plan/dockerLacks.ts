/** What the Docker of this machine cannot do, by the way in which it builds: refused with the reason, or said as a warning. Pure. */
import path from "node:path";
import { PergolaError } from "../errors.ts";
import { dockerfileOf } from "../images/dockerfile.ts";
import type { Image } from "../images/image.ts";
import { isAttested } from "./buildkit.ts";
import type { CacheRequest } from "./cache.ts";
import { kanikoFeatures } from "./kanikoFeatures.ts";
import type { DockerFacts } from "./plan.ts";

/**
 * How Docker builds. builder: a BuildKit of its own, which pushes by itself (drivers docker-container, remote, kubernetes,
 * cloud); containerd and docker: the BuildKit in the daemon, with images in containerd's store or in Docker's; legacy: the
 * builder before BuildKit.
 */
export type DockerWay = "builder" | "containerd" | "docker" | "legacy";

export function wayOf({ client, driver, containerdStore }: DockerFacts): DockerWay {
  if (client === "legacy") return "legacy";
  if (driver !== "docker") return "builder";
  return containerdStore ? "containerd" : "docker";
}

/** What is asked of Docker. */
export interface Asked {
  readonly cache: CacheRequest;
  readonly ociFile: string | null;
  readonly sourceDateEpoch: number | null;
  /** the directory itself is sent, not a staged copy */
  readonly plainContext: boolean;
  readonly siblings: boolean;
  /** paths of the context */
  readonly paths: ReadonlySet<string>;
}

interface Lack {
  readonly asked: boolean;
  readonly what: string;
  readonly ways: readonly DockerWay[];
  readonly why: string;
  readonly line?: number;
  /** whether buildx with the daemon's own builder does not lack it */
  readonly anyBuildx?: boolean;
}

const IN_DAEMON: readonly DockerWay[] = ["docker", "legacy"];
const LEGACY: readonly DockerWay[] = ["legacy"];

/**
 * Refuses what this Docker would not do, or would silently do otherwise.
 * @throws PergolaError mode-unsupported
 */
export function refuseWhatDockerLacks(image: Image, facts: DockerFacts, asked: Asked): void {
  const way = wayOf(facts);
  const lack = lacks(image, facts, asked).find((one) => one.asked && one.ways.includes(way));
  if (lack === undefined) return;
  const file = path.resolve(image.context, image.dockerfile.path);
  const at = lack.line === undefined ? "" : ` (${file}, line ${lack.line})`;
  throw new PergolaError({
    code: "mode-unsupported",
    message: `Image ${image.name} with ${lack.what}${at} cannot be built by ${TITLES[way]}: ${lack.why}`,
    hint: hintOf(lack, facts),
    ...(lack.line === undefined ? {} : { file, line: lack.line }),
  });
}

const TITLES: Readonly<Record<DockerWay, string>> = {
  builder: "this builder of docker buildx",
  containerd: "the builder in Docker's daemon",
  docker: "the builder in Docker's daemon",
  legacy: "docker build without BuildKit",
};

/** The next step: buildx where it is not, and with it a builder of its own for what the daemon's cannot do either. */
function hintOf({ ways, anyBuildx = false }: Lack, { client }: DockerFacts): string {
  const steps = [
    ...(client === "buildx" ? [] : ["install docker buildx (https://docs.docker.com/go/buildx/)"]),
    ...(ways.includes("docker") && !anyBuildx ? ["make a builder that can (docker buildx create --use)"] : []),
  ];
  const words = [...(steps.length === 0 ? [] : [steps.join(" and ")]), "choose --mode cluster-buildkit"].join(", or ");
  return `${words.replace(/^./, (first) => first.toUpperCase())}.`;
}

/** The table: each row is something that can be asked for, and who lacks it. */
function lacks(image: Image, facts: DockerFacts, { cache, ...asked }: Asked): Lack[] {
  const { settings, platforms, dockerfile } = image;
  const store = "Docker's own store holds one platform of an image, and nothing beside it.";
  const frontend = "it does not have this part of the Dockerfile language.";
  // Mounts and heredocs, as of an executor of kaniko that has none of them.
  const features = kanikoFeatures(dockerfileOf(image), new Set());
  const row = (asked: boolean, what: string, ways: readonly DockerWay[], why: string): Lack => ({
    ...{ asked, what, ways, why },
  });
  const to = cache.to.find(({ mode }) => mode === "max" || mode === "min");
  return [
    row(Object.keys(image.secrets).length > 0, "--secret", LEGACY, "it has no build secrets."),
    row(Object.keys(settings.ssh).length > 0, "--ssh", LEGACY, "its steps reach no SSH agent."),
    ...features.map(({ what, line }) => ({ ...row(true, what, LEGACY, frontend), line })),
    row(platforms.length > 1, `platforms ${platforms.join(" and ")}`, IN_DAEMON, store),
    row(isAttested(image), "attestations (--provenance, --sbom)", IN_DAEMON, store),
    row(settings.annotations.length > 0, "--annotation", IN_DAEMON, "it leaves them out without a word."),
    row(asked.ociFile !== null, "--output-oci", ["containerd", ...IN_DAEMON], "it writes into Docker's store only."),
    row(to !== undefined, `--cache-to ${to?.tag},mode=${to?.mode}`, IN_DAEMON, "it writes inline caches only."),
    row(
      cache.to.length + cache.from.length > 0,
      "--cache-to or --cache-from",
      LEGACY,
      "it has no cache in registries.",
    ),
    {
      ...row(
        asked.plainContext && asked.siblings && facts.client !== "buildx",
        "--mtime keep and a sibling that it is FROM",
        ["docker", "containerd", "legacy"],
        "only buildx gives names of the Dockerfile another meaning.",
      ),
      anyBuildx: true,
    },
    row(
      asked.paths.has(".dockerignore") && (asked.siblings || dockerfile.path.startsWith("../")),
      `.dockerignore and ${asked.siblings ? "an image of this project that it is FROM" : "a Dockerfile outside of the context"}`,
      LEGACY,
      "it would change .dockerignore in the image.",
    ),
    row(
      asked.paths.has(`${dockerfile.path}.dockerignore`) && asked.paths.has(".dockerignore"),
      `${dockerfile.path}.dockerignore`,
      LEGACY,
      "it goes by .dockerignore alone.",
    ),
  ];
}

/** What this Docker does otherwise than was asked for, one sentence each. */
export function dockerWarnings(facts: DockerFacts, { sourceDateEpoch }: Pick<Asked, "sourceDateEpoch">): string[] {
  if (sourceDateEpoch === null || wayOf(facts) === "builder") return [];
  return [
    "SOURCE_DATE_EPOCH: the builder in Docker's daemon does not set the times of files, so two builds may have two digests.",
  ];
}
