/** A build by buildkitd, as data: the daemon's objects and buildctl's arguments. */
import type { BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import type { Image, SecretSource } from "../images/image.ts";
import type { Annotation } from "../images/settings.ts";
import { buildkitDeployment } from "./buildkitDeployment.ts";
import { buildkitCache, type CacheRequest, registrySupport } from "./cache.ts";
import type { Destination } from "./destination.ts";
import { namedContexts } from "./dockerfileReferences.ts";
import { BUILDCTL_FLAGS, imageFlags, withExtraFlags } from "./extraFlags.ts";
import { archiveFields, planLoad } from "./load.ts";
import { hostNetworkArguments } from "./network.ts";
import type { Placement } from "./placement.ts";
import type { Auth, BuildkitPlan, LoadTarget, Sibling } from "./plan.ts";
import { plainContext, stagedContext } from "./slot.ts";

const METADATA_FILE = "metadata.json";

/** https://reproducible-builds.org/specs/source-date-epoch/ */
export const EPOCH = "SOURCE_DATE_EPOCH";

export interface BuildkitOptions {
  /** as in the plan; false if left out */
  readonly tagOfContent?: boolean;
  readonly siblings: readonly Sibling[];
  /** run every step again; the cache is still written */
  readonly noCache: boolean;
  readonly cache: CacheRequest;
  readonly ociFile: string | null;
  /** image store of this machine; none if left out */
  readonly load?: LoadTarget | null;
  readonly contextSent: string;
  readonly sourceDateEpoch: number | null;
  /** tells this build from others: lowercase letters and digits */
  readonly buildId: string;
  /** the builder's if left out */
  readonly auth?: Auth;
}

/**
 * Plans one image.
 * @throws PergolaError usage, image-definition (extra flags), mode-unsupported (network host), setup-invalid
 */
export function planBuildkit(
  setup: BuildSetup,
  image: Image,
  placement: Placement,
  destination: Destination,
  options: BuildkitOptions,
): BuildkitPlan {
  const cache = buildkitCache(setup, destination, options.cache);
  const references = [...destination.references, ...cache.inlineReferences];
  const { contextSent, buildId } = options;
  const staged = contextSent !== image.context;
  const input = staged ? stagedContext(image, destination.repository, contextSent, buildId) : plainContext(image);
  const fields = outputFields(setup, image, options.sourceDateEpoch !== null);
  const insecure = setup.registry.insecure ? ["registry.insecure=true"] : [];
  // A file half written must not be taken for a whole one.
  const oci = options.ociFile === null ? null : { written: `${options.ociFile}.part`, file: options.ociFile };
  const load = options.load ? planLoad(image, options.load, destination.references, isAttested(image)) : null;
  const own = [
    ...["--frontend", "dockerfile.v0"],
    ...input.arguments,
    ...Object.entries(image.secrets).flatMap(([id, source]) => ["--secret", secretArgument(id, source)]),
    ...Object.entries(image.settings.ssh).flatMap(([id, paths]) => ["--ssh", `${id}=${paths.join(",")}`]),
    ...Object.entries(image.buildArgs).flatMap(([key, value]) => ["--opt", `build-arg:${key}=${value}`]),
    ...epochArguments(image, options.sourceDateEpoch),
    ...(image.target === null ? [] : ["--opt", `target=${image.target}`]),
    // One option for all platforms: buildctl keeps only the last of several.
    ...(image.platforms.length === 0 ? [] : ["--opt", `platform=${image.platforms.join(",")}`]),
    ...namedContexts(options.siblings),
    ...settingsArguments(image.settings),
    ...hostNetworkArguments(setup, image, placement),
    ...["--output", csv(["type=image", nameField(references), "push=true", ...fields, ...insecure])],
    ...(oci === null
      ? []
      : ["--output", csv(["type=oci", `dest=${oci.written}`, nameField(destination.references), ...fields])]),
    // Without a file it goes to stdout.
    ...(load === null ? [] : ["--output", csv([...archiveFields(load), nameField(load.references), ...fields])]),
    ...cache.arguments,
    ...(options.noCache ? ["--no-cache"] : []),
    ...["--progress", "rawjson", "--metadata-file", METADATA_FILE],
  ];
  return {
    mode: "cluster-buildkit",
    auth: options.auth ?? { from: "builder" },
    name: image.name,
    references,
    tagOfContent: options.tagOfContent ?? false,
    platforms: image.platforms.length > 0 ? image.platforms : placement.mode.platforms.slice(0, 1),
    namespace: placement.namespace.name,
    serviceAccount: placement.namespace.serviceAccount,
    context: { directory: image.context, sent: options.contextSent, dockerfile: image.dockerfile.path },
    secrets: image.secrets,
    files: input.files,
    siblings: options.siblings,
    builder: buildkitDeployment(setup, placement),
    argv: ["buildctl", "build", ...withExtraFlags(own, [imageFlags(image)], BUILDCTL_FLAGS)],
    metadataFile: METADATA_FILE,
    oci,
    load,
  };
}

/** Whether attestations come with an image: extra flags and build arguments ask for them too (frontend/attestations/parse.go). */
export function isAttested({ settings, extraFlags, buildArgs }: Image): boolean {
  if (settings.provenance !== null || settings.sbom !== null) return true;
  return [...extraFlags, ...Object.keys(buildArgs)].some((word) => /attest:|BUILDKIT_ATTEST_/.test(word));
}

/** Fields of every output of an image. @throws PergolaError usage: an annotation of an index that there will not be */
export function outputFields(setup: BuildSetup, image: Image, rewriteTimestamps: boolean): string[] {
  const { annotations } = image.settings;
  const attested = isAttested(image);
  const index = annotations.find(({ level }) => level === "index");
  if (index !== undefined && !attested && image.platforms.length < 2) {
    throw new PergolaError({
      code: "usage",
      message: `--annotation index:${index.key}: image ${image.name} has no index, as it is for one platform and without attestations.`,
      hint: `Annotate the manifest: --annotation ${index.key}=${index.value}`,
    });
  }
  return [
    // Without it a COPY makes directories with the time of the build (measured on BuildKit 0.33.1).
    ...(rewriteTimestamps ? ["rewrite-timestamp=true"] : []),
    ...(attested ? [`oci-artifact=${registrySupport(setup.registry.kind).ociArtifact}`] : []),
    ...annotations.map(({ level, key, value }) => `${ANNOTATION_FIELDS[level]}.${key}=${value}`),
  ];
}

const ANNOTATION_FIELDS: Readonly<Record<Annotation["level"], string>> = {
  manifest: "annotation",
  index: "annotation-index",
};

/** Frontend options: frontend/dockerui/config.go and frontend/attestations/parse.go of moby/buildkit. */
function settingsArguments({ labels, network, addHosts, provenance, sbom }: Image["settings"]): string[] {
  const options = [
    ...Object.entries(labels).map(([key, value]) => `label:${key}=${value}`),
    ...(network === "default" ? [] : [`force-network-mode=${network}`]),
    ...(addHosts.length === 0 ? [] : [`add-hosts=${addHosts.map((host) => `${host.name}=${host.address}`).join(",")}`]),
    ...(provenance === null ? [] : [`attest:provenance=mode=${provenance}`]),
    ...(sbom === null ? [] : [`attest:sbom=generator=${sbom}`]),
  ];
  return options.flatMap((option) => ["--opt", option]);
}

/** buildctl would add it out of its environment by itself; in the plan it can be seen. An argument of the image's wins. */
function epochArguments(image: Image, epoch: number | null): string[] {
  if (epoch === null || Object.hasOwn(image.buildArgs, EPOCH)) return [];
  return ["--opt", `build-arg:${EPOCH}=${epoch}`];
}

export function secretArgument(id: string, source: SecretSource): string {
  return csv([`id=${id}`, "env" in source ? `env=${source.env}` : `src=${source.file}`]);
}

/** All names of an image in one field. */
export function nameField(references: readonly string[]): string {
  return `name=${references.join(",")}`;
}

/** Fields as buildctl takes them apart: as a line of CSV. */
export function csv(fields: readonly string[]): string {
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}
