/** A build by the Docker of this machine, as data. */
import path from "node:path";
import type { BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import type { ContextEntry } from "../images/context.ts";
import { dockerfileOf } from "../images/dockerfile.ts";
import type { Image } from "../images/image.ts";
import { type BuildkitOptions, csv, EPOCH, isAttested, nameField, outputFields, secretArgument } from "./buildkit.ts";
import { buildkitCache, type CacheRequest, cacheEntries, NO_CACHE_REQUEST } from "./cache.ts";
import type { Destination } from "./destination.ts";
import { DOCKER_FLAGS } from "./dockerFlags.ts";
import { withReferences } from "./dockerfileReferences.ts";
import { type DockerWay, dockerWarnings, refuseWhatDockerLacks, wayOf } from "./dockerLacks.ts";
import { imageFlags, withExtraFlags } from "./extraFlags.ts";
import { archiveFields, planLoad } from "./load.ts";
import { asksForHostNetwork, HOST_NETWORK } from "./network.ts";
import type { DockerFacts, LoadTarget, LocalDockerPlan } from "./plan.ts";
import { slotName } from "./slot.ts";

const METADATA_FILE = "metadata.json";

export interface LocalDockerOptions extends Omit<BuildkitOptions, "buildId" | "auth"> {
  /** what the context holds; not known if left out */
  readonly contextEntries?: readonly Pick<ContextEntry, "path" | "type">[];
  readonly docker?: DockerFacts;
}

/**
 * Plans one image. Where a builder of buildx pushes by itself, it is asked for the same as buildctl; the builder in Docker's
 * daemon builds into Docker's store, which then pushes.
 * @throws PergolaError usage, image-definition (extra flags), mode-unsupported (dockerLacks.ts), setup-invalid
 */
export function planLocalDocker(
  setup: BuildSetup,
  image: Image,
  destination: Destination,
  options: LocalDockerOptions,
): LocalDockerPlan {
  const { docker } = options;
  if (docker === undefined) throw new PergolaError({ code: "internal", message: "Nobody asked what Docker there is." });
  const way = wayOf(docker);
  const asked = {
    ...options,
    plainContext: options.contextSent === image.context,
    siblings: options.siblings.length > 0,
    paths: new Set(options.contextEntries?.map((entry) => entry.path)),
  };
  refuseWhatDockerLacks(image, docker, asked);
  const cache = dockerCache(setup, destination, options.cache, docker);
  const references = [...destination.references, ...cache.inlineReferences];
  const link = slotName(destination.repository);
  const input = way === "legacy" ? legacyInput(image, options, asked.paths, link) : dockerfileInput(image, options);
  const outputs = way === "builder" ? builderOutputs(setup, image, destination, references, options) : null;
  const load =
    outputs === null ? loadFromStore(image, destination, options.load) : { ...KEPT_NOWHERE, load: outputs.load };
  const own = [
    ...input.arguments,
    ...Object.entries(image.secrets).flatMap(([id, source]) => ["--secret", secretArgument(id, source)]),
    ...Object.entries(image.settings.ssh).flatMap(([id, paths]) => ["--ssh", `${id}=${paths.join(",")}`]),
    ...Object.entries(image.buildArgs).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]),
    ...epochArguments(image, options.sourceDateEpoch, way),
    ...(image.target === null ? [] : ["--target", image.target]),
    ...(image.platforms.length === 0 ? [] : ["--platform", image.platforms.join(",")]),
    ...settingsArguments(image, docker, way),
    ...(outputs?.arguments ?? references.flatMap((reference) => ["--tag", reference])),
    ...cache.arguments,
    ...(options.noCache ? ["--no-cache"] : []),
    ...progressArguments(docker, way),
  ];
  const command = docker.client === "buildx" ? ["docker", "buildx", "build"] : ["docker", "build"];
  return {
    mode: "local-docker",
    name: image.name,
    docker,
    references,
    tagOfContent: options.tagOfContent ?? false,
    platforms: image.platforms.length > 0 ? image.platforms : [docker.platform],
    context: { directory: image.context, sent: input.sent, dockerfile: image.dockerfile.path },
    secrets: image.secrets,
    files: input.files,
    siblings: options.siblings,
    argv: [...command, ...withExtraFlags(own, [imageFlags(image)], DOCKER_FLAGS), link],
    link,
    environment: docker.client === "buildx" ? {} : { DOCKER_BUILDKIT: docker.client === "legacy" ? "0" : "1" },
    progress: docker.client === "buildx" ? "rawjson" : docker.client === "buildkit" ? "plain" : "steps",
    metadataFile: way === "builder" ? METADATA_FILE : null,
    push: way === "builder" ? [] : references.map((reference) => ["docker", "push", reference]),
    oci: outputs?.oci ?? null,
    ...load,
    warnings: dockerWarnings(docker, options),
  };
}

/** Where Docker finds context and Dockerfile, and what its files are. */
interface Input {
  readonly arguments: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly sent: string;
}

/**
 * Without BuildKit a Dockerfile from elsewhere is put into the context, and with it a line into `.dockerignore`, which may be
 * copied into the image (AddDockerfileToBuildContext of docker/cli). So it is taken out of the context where that has it.
 */
function legacyInput(image: Image, options: LocalDockerOptions, paths: ReadonlySet<string>, link: string): Input {
  const { path: place } = image.dockerfile;
  if (options.siblings.length > 0 || place.startsWith("../")) return dockerfileInput(image, options);
  // A copy without it is of a context that ignores it; docker itself leaves it out of the directory.
  const sent = paths.has(place) ? options.contextSent : image.context;
  return { arguments: ["--file", `${link}/${place}`], files: {}, sent };
}

function dockerfileInput(image: Image, { siblings, contextSent: sent }: LocalDockerOptions): Input {
  if (sent === image.context) {
    // An ignore file beside the Dockerfile counts, so it stays where it is.
    const named = siblings.flatMap(({ name, reference }) => ["--build-context", `${name}=docker-image://${reference}`]);
    return { arguments: ["--file", path.resolve(image.context, image.dockerfile.path), ...named], files: {}, sent };
  }
  const file = `dockerfile/${path.posix.basename(image.dockerfile.path)}`;
  return {
    sent,
    arguments: ["--file", file],
    files: {
      [file]: withReferences(dockerfileOf(image), image.buildArgs, siblings),
      // The copy holds nothing that is to be ignored; a file of this name keeps BuildKit from filtering it by another one.
      [`${file}.dockerignore`]: ".pergola-ignores-nothing\n",
    },
  };
}

/** Outputs of a BuildKit with a place of its own, as buildctl gets them. */
function builderOutputs(
  setup: BuildSetup,
  image: Image,
  destination: Destination,
  references: readonly string[],
  { ociFile, load: target, sourceDateEpoch }: LocalDockerOptions,
): Pick<LocalDockerPlan, "oci" | "load"> & { readonly arguments: readonly string[] } {
  const fields = outputFields(setup, image, sourceDateEpoch !== null);
  const insecure = setup.registry.insecure ? ["registry.insecure=true"] : [];
  const oci = ociFile === null ? null : { written: `${ociFile}.part`, file: ociFile };
  const load = target ? planLoad(image, target, destination.references, isAttested(image)) : null;
  const outputs = [
    ["type=image", nameField(references), "push=true", ...fields, ...insecure],
    ...(oci === null ? [] : [["type=oci", `dest=${oci.written}`, nameField(destination.references), ...fields]]),
    ...(load === null ? [] : [[...archiveFields(load), "dest=-", nameField(load.references), ...fields]]),
  ];
  return { oci, load, arguments: outputs.flatMap((one) => ["--output", csv(one)]) };
}

const KEPT_NOWHERE = { save: null, kept: null } as const;

/** Docker's own store holds what its daemon built: another one gets it from there. */
function loadFromStore(
  image: Image,
  destination: Destination,
  target: LoadTarget | null | undefined,
): Pick<LocalDockerPlan, "load" | "save" | "kept"> {
  if (!target) return { ...KEPT_NOWHERE, load: null };
  if (target.into === "docker") return { load: null, save: null, kept: target };
  const load = planLoad(image, target, destination.references, false);
  const archive = ["docker", "save", ...load.references];
  const identify = ["docker", "image", "inspect", "--format", "{{.Id}}", destination.references[0]];
  return { load, save: { archive, identify }, kept: null };
}

/**
 * Caches in a registry. The daemon's own builder reads those of the environment and writes only what is inline; it leaves
 * the others as they are, which its own cache on this machine stands in for. Without BuildKit there are none.
 */
function dockerCache(
  setup: BuildSetup,
  destination: Destination,
  request: CacheRequest,
  facts: DockerFacts,
): ReturnType<typeof buildkitCache> {
  const way = wayOf(facts);
  if (way === "legacy") return { arguments: [], inlineReferences: [] };
  const all = way !== "docker";
  const inline = { from: request.from, to: request.to.map(({ tag }) => ({ tag, mode: "inline" as const })) };
  const entries = cacheEntries(setup, all ? request : inline);
  const readable = entries.map((entry) => (all || entry.mode === "inline" ? entry : { ...entry, export: false }));
  const cache = buildkitCache({ ...setup, cache: readable }, destination, NO_CACHE_REQUEST);
  return { ...cache, arguments: inDockersWords(cache.arguments, facts) };
}

function inDockersWords(words: readonly string[], { client }: DockerFacts): string[] {
  const pairs = words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] as string] as const] : []));
  return pairs.flatMap(([flag, value]) => {
    if (client === "buildx") return [flag === "--import-cache" ? "--cache-from" : "--cache-to", value];
    if (flag === "--import-cache") return ["--cache-from", /(?:^|,)ref=([^,]*)/.exec(value)?.[1] ?? ""];
    return ["--build-arg", "BUILDKIT_INLINE_CACHE=1"];
  });
}

/** Without BuildKit it would be an argument that no step knows. */
function epochArguments(image: Image, epoch: number | null, way: DockerWay): string[] {
  if (epoch === null || way === "legacy" || Object.hasOwn(image.buildArgs, EPOCH)) return [];
  return ["--build-arg", `${EPOCH}=${epoch}`];
}

function settingsArguments(image: Image, { client }: DockerFacts, way: DockerWay): string[] {
  const { labels, network, addHosts, annotations, provenance, sbom } = image.settings;
  const buildx = client === "buildx";
  return [
    ...Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]),
    // A builder that pushes gets them with its output.
    ...(way === "containerd"
      ? annotations.flatMap(({ level, key, value }) => ["--annotation", `${level}:${key}=${value}`])
      : []),
    ...(network === "default" ? [] : ["--network", network]),
    ...(buildx && asksForHostNetwork(image) ? ["--allow", HOST_NETWORK] : []),
    ...addHosts.flatMap(({ name, address }) => ["--add-host", `${name}:${address}`]),
    // buildx attaches provenance by itself where it can.
    ...(buildx ? [`--provenance=${provenance === null ? "false" : `mode=${provenance}`}`] : []),
    ...(sbom === null ? [] : [`--sbom=generator=${sbom}`]),
  ];
}

function progressArguments({ client }: DockerFacts, way: DockerWay): string[] {
  // Without BuildKit each step has a container, which stays when the step fails.
  if (client === "legacy") return ["--force-rm"];
  const metadata = way === "builder" ? ["--metadata-file", METADATA_FILE] : [];
  return ["--progress", client === "buildx" ? "rawjson" : "plain", ...metadata];
}
