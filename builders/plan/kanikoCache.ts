/** Where kaniko keeps layers between builds. */
import type { BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import { cacheRepositoryIn, decidingEntry, kanikoCacheOf, repositoryIn } from "./cache.ts";
import type { Destination } from "./destination.ts";
import { type FlagSource, readFlags } from "./extraFlags.ts";
import { KANIKO_FLAGS } from "./kanikoFlags.ts";

/** Flags that say whether and where: kaniko would make up a repository that nobody provisioned. */
const CACHE_FLAGS = ["cache", "cache-repo"];

export interface KanikoCache {
  /** null for nowhere */
  readonly repository: string | null;
  readonly arguments: readonly string[];
}

/**
 * The cache of one build. `--no-cache` wins over what the sources' flags say, of which later ones win, and these over the
 * environment's cache entries, which are followed as far as kaniko can: without any there is no cache, and where its place is
 * only read (`export: false`) it takes layers and pushes none. Tags and `mode` have no meaning for it: it keeps each step's layer
 * under a tag of its own, in the image's cache repository.
 * @throws PergolaError repository-not-provisioned: nothing grants the repository, or there is none; image-definition: it could be
 * in no place
 */
export function kanikoCache(
  setup: BuildSetup,
  destination: Destination,
  noCache: boolean,
  sources: readonly FlagSource[],
): KanikoCache {
  let isOn = setup.cache.length > 0;
  let by: FlagSource | null = null;
  const registry = decidingEntry(setup.cache)?.registry;
  let named: string | null = null;
  for (const source of sources) {
    for (const { name, value } of readFlags(source.flags, KANIKO_FLAGS)) {
      if (!CACHE_FLAGS.includes(name)) continue;
      by = source;
      isOn = name === "cache-repo" || value !== "false";
      if (name !== "cache-repo") continue;
      named = value ?? "";
      if (!isGranted(setup, destination, named)) throw notGranted(setup, destination, named, source);
    }
  }
  if (noCache || !isOn) return { repository: null, arguments: ["--cache=false"] };
  const repository =
    named ??
    (registry
      ? kanikoCacheOf(registry.kind, cacheRepositoryIn(registry, destination.name))
      : destination.cacheRepository);
  if (repository === null && by !== null) throw noRepository(setup, destination, by);
  if (repository === null) return { repository, arguments: ["--cache=false"] };
  const isReadOnly =
    (setup.cache.length > 0 && setup.cache.every((entry) => !entry.export)) ||
    !isWritten(setup, destination, repository);
  const hosts = setup.cache.flatMap((entry) => (entry.registry?.insecure ? [entry.registry.host] : []));
  const plain = hosts.find((host) => repository.startsWith(`${host}/`));
  return {
    repository,
    arguments: [
      "--cache=true",
      `--cache-repo=${repository}`,
      "--cache-ttl=336h",
      ...(isReadOnly ? ["--no-push-cache"] : []),
      ...(plain !== undefined && plain !== setup.registry.host ? [`--insecure-registry=${plain}`] : []),
    ],
  };
}

/** The source without the flags that {@link kanikoCache} decides. */
export function withoutCacheFlags(source: FlagSource): FlagSource {
  const flags = readFlags(source.flags, KANIKO_FLAGS).filter(({ name }) => !CACHE_FLAGS.includes(name));
  return { ...source, flags: flags.flatMap(({ words }) => words) };
}

/** Whether the environment lets its builders read there at least. */
function isGranted(setup: BuildSetup, destination: Destination, repository: string): boolean {
  return isWritten(setup, destination, repository) || isIn(setup.cache, repository);
}

/** Whether the environment lets its builders push layers there. */
function isWritten(setup: BuildSetup, destination: Destination, repository: string): boolean {
  const { registry, cache } = setup;
  const own = registry.createsRepositoriesOnPush ? [{ registry: registry.caches ?? registry }] : [];
  return (
    repositories(setup, destination).includes(repository) ||
    isIn([...own, ...cache.filter((entry) => entry.export)], repository)
  );
}

/** Whether it is in one of these places. */
function isIn(
  entries: readonly { readonly registry?: { readonly host: string; readonly namespace: string } | undefined }[],
  repository: string,
): boolean {
  return entries.some(
    ({ registry }) => registry !== undefined && repository.startsWith(`${repositoryIn(registry, "")}/`),
  );
}

/** Repositories of the environment whose tags move, as those of layers do when they are made anew. */
function repositories(setup: BuildSetup, destination: Destination): string[] {
  const { registry, images } = setup;
  const provisioned = images.flatMap((image) => [image.repository, image.cacheRepository]);
  const own = [
    destination.cacheRepository,
    destination.repository,
    ...provisioned.map((one) => one && `${registry.host}/${one}`),
  ];
  return [...new Set(own.filter((one) => one !== null))].filter((one) => !isFixed(setup, one));
}

/** Whether no tag of a layer moves there. Which exceptions there are is not known here; they are for other tags than checksums. */
function isFixed({ registry, images }: BuildSetup, repository: string): boolean {
  if (registry.caches !== undefined && isIn([{ registry }], repository)) return true;
  const image = images.find((one) => `${registry.host}/${one.repository}` === repository);
  return image?.tagMutability.startsWith("IMMUTABLE") ?? false;
}

function notGranted(setup: BuildSetup, destination: Destination, repository: string, source: FlagSource): PergolaError {
  const { environment } = setup;
  const granted = repositories(setup, destination);
  const why = isFixed(setup, repository)
    ? `is where no tag moves in the environment ${environment}: a layer could be written there only once.`
    : `names a repository that is none of the environment ${environment}'s: nothing lets its builders push there.`;
  return new PergolaError({
    code: "repository-not-provisioned",
    message: `The extra flag --cache-repo=${repository} of ${source.of} ${why}`,
    hint: granted.length > 0 ? `Leave it out, or name one of these: ${granted.join(", ")}.` : "Leave it out.",
    path: source.path,
    file: source.file,
  });
}

function noRepository(setup: BuildSetup, destination: Destination, source: FlagSource): PergolaError {
  return new PergolaError({
    code: "repository-not-provisioned",
    message: `The extra flag --cache of ${source.of} asks for a cache, but the environment ${setup.environment} has no cache repository for image ${destination.name}.`,
    hint: `Name one of the environment's with --cache-repo, or provision it in stacks/Pulumi.${setup.environment}.yaml.`,
    path: source.path,
    file: source.file,
  });
}
