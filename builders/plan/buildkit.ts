/** A build by buildkitd, as data: the daemon's objects and buildctl's arguments. */
import path from "node:path";
import type { BuildSetup } from "../../infra/setup.ts";
import type { Image } from "../images/image.ts";
import { buildkitDeployment } from "./buildkitDeployment.ts";
import { buildkitCache } from "./cache.ts";
import type { Destination } from "./destination.ts";
import { namedContexts } from "./dockerfileReferences.ts";
import type { Placement } from "./placement.ts";
import type { BuildkitPlan, SecretSource, Sibling } from "./plan.ts";
import { contextArguments } from "./slot.ts";

const METADATA_FILE = "metadata.json";

/** https://reproducible-builds.org/specs/source-date-epoch/ */
const EPOCH = "SOURCE_DATE_EPOCH";

export interface BuildkitOptions {
  readonly siblings: readonly Sibling[];
  /** run every step again; the cache is still written */
  readonly noCache: boolean;
  readonly contextSent: string;
  readonly sourceDateEpoch: number | null;
}

/** Plans one image. */
export function planBuildkit(
  setup: BuildSetup,
  image: Image,
  placement: Placement,
  destination: Destination,
  options: BuildkitOptions,
): BuildkitPlan {
  const cache = buildkitCache(setup, destination.repository);
  const references = [destination.reference, ...cache.inlineReferences];
  const dockerfile = path.resolve(image.context, image.dockerfile.path);
  return {
    mode: "cluster-buildkit",
    name: image.name,
    references,
    platforms: image.platforms.length > 0 ? image.platforms : placement.mode.platforms.slice(0, 1),
    namespace: placement.namespace.name,
    serviceAccount: placement.namespace.serviceAccount,
    context: { directory: image.context, sent: options.contextSent, dockerfile: image.dockerfile.path },
    secrets: image.secrets,
    files: {},
    siblings: options.siblings,
    builder: buildkitDeployment(setup, placement),
    argv: [
      ...["buildctl", "build", "--frontend", "dockerfile.v0"],
      ...contextArguments(destination.repository, options.contextSent),
      ...["--local", `dockerfile=${path.dirname(dockerfile)}`, "--opt", `filename=${path.basename(dockerfile)}`],
      ...Object.entries(image.secrets).flatMap(([id, source]) => ["--secret", secretArgument(id, source)]),
      ...Object.entries(image.buildArgs).flatMap(([key, value]) => ["--opt", `build-arg:${key}=${value}`]),
      ...epochArguments(image, options.sourceDateEpoch),
      ...(image.target === null ? [] : ["--opt", `target=${image.target}`]),
      // One option for all platforms: buildctl keeps only the last of several.
      ...(image.platforms.length === 0 ? [] : ["--opt", `platform=${image.platforms.join(",")}`]),
      ...namedContexts(options.siblings),
      ...["--output", outputArgument(references, setup.registry.insecure, options.sourceDateEpoch !== null)],
      ...cache.arguments,
      ...(options.noCache ? ["--no-cache"] : []),
      ...["--progress", "rawjson", "--metadata-file", METADATA_FILE],
      ...image.extraFlags,
    ],
    metadataFile: METADATA_FILE,
  };
}

/** `type=image,...` with the names in quotes, as a comma stands between them. */
function outputArgument(references: readonly string[], insecure: boolean, rewriteTimestamps: boolean): string {
  const fields = ["type=image", csvField("name", references.join(",")), "push=true"];
  // Without it a COPY makes directories with the time of the build (measured on BuildKit 0.33.1).
  if (rewriteTimestamps) fields.push("rewrite-timestamp=true");
  return [...fields, ...(insecure ? ["registry.insecure=true"] : [])].join(",");
}

/** buildctl would add it out of its environment by itself; in the plan it can be seen. An argument of the image's wins. */
function epochArguments(image: Image, epoch: number | null): string[] {
  if (epoch === null || Object.hasOwn(image.buildArgs, EPOCH)) return [];
  return ["--opt", `build-arg:${EPOCH}=${epoch}`];
}

function secretArgument(id: string, source: SecretSource): string {
  return [csvField("id", id), "env" in source ? csvField("env", source.env) : csvField("src", source.file)].join(",");
}

/** buildctl splits these values as lines of CSV. */
function csvField(key: string, value: string): string {
  return /[",\n]/.test(value) ? `"${key}=${value.replaceAll('"', '""')}"` : `${key}=${value}`;
}
