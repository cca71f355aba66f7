/** Build caches in a registry: the one table of what registries take, and the flags that follow. */
import type { BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import type { Destination } from "./destination.ts";

interface RegistrySupport {
  /** takes a cache manifest that names its layers as an image does; the other form is an index, which several refuse */
  readonly imageManifest: boolean;
  /** takes OCI media types */
  readonly ociMediaTypes: boolean;
  /** what the mode `auto` stands for */
  readonly auto: "min" | "max" | "inline";
  /** takes attestations as OCI artifacts, manifests with a `subject`; else they are pushed as plain image manifests */
  readonly ociArtifact: boolean;
  /** a repository may be below that of an image, as kaniko has its cache by itself: IMAGE/cache; else it is IMAGE-cache */
  readonly nested: boolean;
  /** parts that the path of a repository has at most */
  readonly mostParts: number;
}

/**
 * The image manifest with OCI types that BuildKit has as its own default since 0.21, and attestations in the form that every
 * registry takes, which BuildKit stopped to have as its default in 0.32. Whether a registry makes repositories on push is known
 * when an environment is provisioned, and in its BuildSetup.
 */
const DEFAULT: RegistrySupport = {
  imageManifest: true,
  ociMediaTypes: true,
  auto: "max",
  ociArtifact: false,
  nested: true,
  mostParts: Number.POSITIVE_INFINITY,
};

/**
 * Artifact Registry, also behind gcr.io, as Google and its users tell: it takes the manifests of Docker and of OCI ("Supported
 * formats"); Container Registry, which was behind gcr.io before, refused the index form of caches (moby/buildkit issues 1143, 2251), so
 * they are image manifests; there is no list of what refers to an image, so that clients keep one under a tag of their own, which
 * cannot move where tags are immutable (actions/attest-build-provenance issue 80).
 */
const GOOGLE: RegistrySupport = DEFAULT;

/**
 * By registry kind of the BuildSetup: what differs from {@link DEFAULT}, or is known not to. Pergola was run against inCluster alone.
 *
 * What is told of the others, by those who run and use them: Before BuildKit had image manifests, an index with layers in it was
 * refused by ECR, Quay and Google (moby/buildkit issue 2251) and by Harbor (goharbor/harbor issue 14774), and taken by Docker Hub, ACR,
 * GHCR and GitLab. Manifests with a subject are refused by ECR with status 405 (aws/containers-roadmap issue 2783; moby/buildkit
 * issues 5747, 6171), and by GitLab when the image is new, too, as the only one where BuildKit's maintainers pushed some (issues 5561,
 * 7007); GHCR lacks the API to find them by (docker/build-push-action issue 1260). So nobody gets them.
 */
const SUPPORT: Readonly<Record<string, RegistrySupport>> = {
  inCluster: DEFAULT,
  // Image manifests with OCI types are fine: aws/containers-roadmap issue 876.
  ecr: DEFAULT,
  artifactRegistry: GOOGLE,
  gcr: GOOGLE,
  // ACCOUNT/IMAGE and no more: GoogleContainerTools/kaniko issue 524.
  dockerHub: { ...DEFAULT, nested: false, mostParts: 2 },
  ghcr: DEFAULT,
  // Two parts below a project, which may be taken already (GitLab, "Naming convention for your container images"; kaniko issue 1169).
  gitlab: { ...DEFAULT, nested: false },
  // Repositories below repositories by default: Quay, "Nested repositories", FEATURE_EXTENDED_REPOSITORY_NAMES.
  quay: DEFAULT,
  harbor: DEFAULT,
  acr: DEFAULT,
};

/** The row of a kind of registry. Of names that a stack file has, infra/rules/imagePaths.ts says before what a build would. */
export function registrySupport(kind: string): RegistrySupport {
  return SUPPORT[kind] ?? DEFAULT;
}

export const CACHE_MODES = ["min", "max", "inline", "auto"] as const;
export type CacheMode = (typeof CACHE_MODES)[number];

/** What the command line says about caches. */
export interface CacheRequest {
  /** tags that are read and written */
  readonly to: readonly { readonly tag: string; readonly mode: CacheMode }[];
  /** tags that are only read */
  readonly from: readonly string[];
}

export const NO_CACHE_REQUEST: CacheRequest = { to: [], from: [] };

type CacheEntry = BuildSetup["cache"][number];

/**
 * The entry that says where caches go of which an entry does not: those of kaniko, which has one place, and of the command line.
 * The first that is written, and where all are only read the first with a registry of its own, which is only read, too. Rights
 * are granted by the same rule: kanikoCacheRegistry in infra/registries/cacheRegistries.ts.
 */
export function decidingEntry(cache: readonly CacheEntry[]): CacheEntry | undefined {
  return cache.find((entry) => entry.export) ?? cache.find((entry) => entry.registry !== undefined);
}

/**
 * The caches of one build. The command line's own come first. With `to` alone the environment's are still read, so that a
 * branch starts from the main one's, but no longer written; `from` takes their place.
 */
export function cacheEntries(setup: BuildSetup, request: CacheRequest): CacheEntry[] {
  if (request.to.length + request.from.length === 0) return setup.cache;
  // A registry of caches that the environment has is for those of branches too, unless builders may only read there.
  const deciding = decidingEntry(setup.cache);
  const registry = deciding?.export ? deciding.registry : undefined;
  const read = request.from.flatMap((tag) =>
    [registry, deciding?.registry].map((place): CacheEntry => ({ tag, mode: "auto", export: false, registry: place })),
  );
  const entries: CacheEntry[] = [
    ...request.to.map(({ tag, mode }): CacheEntry => ({ tag, mode, export: true, registry })),
    ...(request.from.length > 0 ? read : setup.cache.map((entry) => ({ ...entry, export: false }))),
  ];
  // A host alone says nothing: all repositories of Artifact Registry in a location have one.
  const placeOf = ({ tag, registry: own }: CacheEntry): string => {
    const { host, namespace } = own ?? setup.registry.caches ?? {};
    return JSON.stringify([host, namespace, tag]);
  };
  return entries.filter((entry, at) => entries.findIndex((other) => placeOf(other) === placeOf(entry)) === at);
}

/** Cache as buildctl's arguments, and the references that an inline cache adds to the image's names. */
export interface CacheArguments {
  readonly arguments: readonly string[];
  readonly inlineReferences: readonly string[];
}

/**
 * Import and export flags for the cache entries, in their order: BuildKit takes the first that hits.
 * An export that fails is a warning, not a failed build (`ignore-error`).
 * @throws PergolaError usage: a cache would take the place of the image; image-definition: it could be in no place; setup-invalid
 */
export function buildkitCache(setup: BuildSetup, destination: Destination, request: CacheRequest): CacheArguments {
  const flags: string[] = [];
  const inline: string[] = [];
  for (const entry of cacheEntries(setup, request)) {
    const registry = entry.registry ?? setup.registry;
    const support = registrySupport(registry.kind);
    const mode = entry.mode === "auto" ? support.auto : entry.mode;
    const insecure = registry.insecure ? ["registry.insecure=true"] : [];
    const reference = `${cacheRepository(entry, destination)}:${entry.tag}`;
    if (destination.references.includes(reference)) throw taken(reference);
    flags.push("--import-cache", ["type=registry", `ref=${reference}`, ...insecure].join(","));
    if (!entry.export) continue;
    if (mode === "inline") {
      if (registry.insecure !== setup.registry.insecure) throw cannotInline(registry.host, setup);
      inline.push(reference);
      continue;
    }
    flags.push(
      "--export-cache",
      [
        "type=registry",
        `ref=${reference}`,
        `mode=${mode}`,
        `image-manifest=${support.imageManifest}`,
        `oci-mediatypes=${support.ociMediaTypes}`,
        "ignore-error=true",
        ...insecure,
      ].join(","),
    );
  }
  if (inline.length > 0) flags.push("--export-cache", "type=inline");
  return { arguments: flags, inlineReferences: inline };
}

function cacheRepository({ registry }: CacheEntry, destination: Destination): string {
  return registry === undefined ? destination.cacheTagRepository : cacheRepositoryIn(registry, destination.name);
}

/**
 * The repository of an image's cache in a registry of caches. @throws PergolaError image-definition: its path has more parts than
 * that registry takes, which would refuse each push of a cache, and nobody would know but by slow builds
 */
export function cacheRepositoryIn(registry: NonNullable<CacheEntry["registry"]>, name: string): string {
  const repository = repositoryIn(registry, name);
  const { mostParts } = registrySupport(registry.kind);
  if (repository.split("/").length - 1 <= mostParts) return repository;
  throw new PergolaError({
    code: "image-definition",
    message: `The cache of image ${name} would be in ${repository}, but a repository there has at most ${mostParts} parts.`,
    hint: "Give the image a name without a slash with --name, or the environment another registry of caches in pergola:cache.",
  });
}

/** The repository of kaniko's layers for an image. @param kind of its registry @param repository of the image */
export function kanikoCacheOf(kind: string, repository: string): string {
  return `${repository}${registrySupport(kind).nested ? "/" : "-"}cache`;
}

/** `host/namespace/name` in a registry of caches. */
export function repositoryIn(registry: Pick<BuildSetup["registry"], "host" | "namespace">, name: string): string {
  return [registry.host, registry.namespace, name].filter((part) => part !== "").join("/");
}

function taken(reference: string): PergolaError {
  return new PergolaError({
    code: "usage",
    message: `${reference} would be both the image and its build cache.`,
    hint: "Give the cache a tag of its own, for instance --cache-to _buildcache-BRANCH.",
  });
}

function cannotInline(host: string, setup: BuildSetup): PergolaError {
  return new PergolaError({
    code: "setup-invalid",
    message: `A cache of mode inline is pushed with the image, so it cannot be in ${host}: one of it and ${setup.registry.host} is reached by plain http, the other is not.`,
    hint: "Choose mode max for this cache.",
    path: "pergola:cache",
  });
}
