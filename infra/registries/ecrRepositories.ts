/**
 * The repositories of a registry of kind `ecr`: pure, as the registry, the roles and the BuildSetup all go by them.
 *
 * What builders' roles are about: `builderRights(config, images)` gives the exact ARNs that builders of these images (all of them
 * without `images`) push to, and those that they only pull from: images, kaniko's caches, and separate registries of BuildKit's
 * caches (cacheRegistries.ts). Whoever may push to a repository may pull from it, too.
 */
import type { StackConfig } from "../config.ts";
import { ecrHost, partitionOf } from "../documents/aws/partition.ts";
import type { EcrRegistryConfig, EcrRepositoryConfig } from "../sections/ecrRegistry.ts";
import type { BuildSetup } from "../setup.ts";
import { separateCaches } from "./cacheRegistries.ts";

/** An account's registry in a region. */
export type EcrPlace = Pick<EcrRegistryConfig, "account" | "region">;

/** ARNs of repositories, without wildcards, each once, in the order of the stack file; none is in both lists. */
export interface BuilderRights {
  readonly push: string[];
  readonly pull: string[];
}

/** Filters of tags that may be moved where a stack file has none: what the caches of BuildKit are kept under. */
export const MUTABLE_TAGS: readonly string[] = ["_buildcache*"];

/** The mutability of tags as ECR names it. */
export const MUTABILITY = {
  mutable: "MUTABLE",
  immutable: "IMMUTABLE",
  immutableWithExclusion: "IMMUTABLE_WITH_EXCLUSION",
} as const;

/** What an entry says, with what holds for all repositories where it says nothing. */
export interface ImageRepository
  extends Required<Pick<EcrRepositoryConfig, "name" | "existing" | "import">>,
    Pick<
      EcrRegistryConfig,
      "tagMutability" | "scanOnPush" | "encryption" | "lifecycle" | "pull" | "push" | "protect" | "forceDelete" | "tags"
    > {
  readonly mutableTags: readonly string[];
  /** repository of kaniko's cache; null for none */
  readonly cacheRepository: string | null;
  /** that repository is there, and stays as it is */
  readonly cacheExists: boolean;
}

/** The image repositories, in the order of the file. */
export function imageRepositories(config: EcrRegistryConfig): ImageRepository[] {
  const { tagMutability, mutableTags = MUTABLE_TAGS, scanOnPush, encryption, lifecycle, pull, push, protect } = config;
  const all = { tagMutability, mutableTags, scanOnPush, encryption, lifecycle, pull, push, protect };
  return config.repositories.map((entry) => {
    const { cache, tags, ...said } = entryOf(entry);
    return {
      ...{ existing: false, import: false, forceDelete: config.forceDelete },
      ...all,
      ...said,
      tags: { ...config.tags, ...tags },
      cacheRepository: cache === false ? null : (cache?.repository ?? `${said.name}/cache`),
      cacheExists: cache !== false && cache?.existing === true,
    };
  });
}

/** What the BuildSetup says of the image repositories. */
export function setupImages(config: EcrRegistryConfig): BuildSetup["images"] {
  return imageRepositories(config).map((image) => ({
    name: image.name,
    repository: image.name,
    cacheRepository: image.cacheRepository,
    tagMutability: MUTABILITY[image.tagMutability],
  }));
}

/** An entry of `repositories` in its long form, with only what it says. */
export function entryOf(
  entry: EcrRegistryConfig["repositories"][number],
): Partial<EcrRepositoryConfig> & { name: string } {
  return typeof entry === "string" ? { name: entry } : entry;
}

/** A repository of kaniko's cache, with the image repositories that it is for. */
export interface CacheRepository {
  readonly name: string;
  readonly existing: boolean;
  readonly of: readonly ImageRepository[];
}

/** The cache repositories, each once. */
export function cacheRepositories(config: EcrRegistryConfig): CacheRepository[] {
  const found = new Map<string, ImageRepository[]>();
  for (const image of imageRepositories(config)) {
    if (image.cacheRepository === null) continue;
    found.set(image.cacheRepository, [...(found.get(image.cacheRepository) ?? []), image]);
  }
  return [...found].map(([name, of]) => ({ name, existing: of.some(({ cacheExists }) => cacheExists), of }));
}

/**
 * What builders may push to and pull from; nothing where the registry is of another kind.
 * @param images names of image repositories, all by default; names that the registry does not have give no right
 */
export function builderRights(
  config: Pick<StackConfig, "registry" | "cache" | "builder">,
  images?: readonly string[],
): BuilderRights {
  const { registry } = config;
  if (registry.kind !== "ecr") return { push: [], pull: [] };
  const meant = imageRepositories(registry).filter(({ name }) => images?.includes(name) ?? true);
  const caches = separateCaches(config).flatMap(({ place, writable, repositories }) =>
    repositories
      .filter(({ of }) => meant.some(({ name }) => name === of))
      .map(({ name }) => ({ arn: repositoryArn(place, name), writable })),
  );
  const push = new Set([
    ...meant.flatMap(({ name, cacheRepository }) =>
      [name, cacheRepository].flatMap((one) => (one === null ? [] : [repositoryArn(registry, one)])),
    ),
    ...caches.flatMap(({ arn, writable }) => (writable ? [arn] : [])),
  ]);
  const pull = new Set(caches.map(({ arn }) => arn).filter((arn) => !push.has(arn)));
  return { push: [...push], pull: [...pull] };
}

/** Host of the registry. */
export function ecrHostOf({ account, region }: EcrPlace): string {
  return ecrHost(account, region);
}

/** ARN of a repository. */
export function repositoryArn({ account, region }: EcrPlace, name: string): string {
  return `arn:${partitionOf(region)}:ecr:${region}:${account}:repository/${name}`;
}
