/** Every repository of ECR that a stack makes, with its documents: pure, so that all of it is checked before anything is made. */
import { type BuilderRole, builderRoles } from "../access/builderRoles.ts";
import type { StackConfig } from "../config.ts";
import { cacheLifecycle, imageLifecycle, type LifecyclePolicy, UNTAGGED_DAYS } from "../documents/aws/ecrLifecycle.ts";
import { type Principals, type RepositoryPolicy, repositoryPolicy } from "../documents/aws/ecrRepositoryPolicy.ts";
import { parseArn, partitionOf } from "../documents/aws/partition.ts";
import { layerDays } from "../documents/kanikoFlags.ts";
import type { EcrCacheRegistryConfig } from "../sections/cache.ts";
import type { EcrLifecycleConfig, EcrRegistryConfig, EncryptionConfig } from "../sections/ecrRegistry.ts";
import { isSamePlace, type SeparateCaches, separateCaches } from "./cacheRegistries.ts";
import {
  type CacheRepository,
  cacheRepositories,
  type ImageRepository,
  imageRepositories,
  MUTABILITY,
} from "./ecrRepositories.ts";

/** A repository that is made or taken over. */
export interface PlannedRepository {
  readonly name: string;
  readonly tagMutability: "MUTABLE" | "IMMUTABLE" | "IMMUTABLE_WITH_EXCLUSION";
  /** filters of tags that may be moved; none where all or no tags may */
  readonly mutableTags: readonly string[];
  readonly scanOnPush: boolean;
  readonly encryption: EncryptionConfig;
  readonly lifecycle: LifecyclePolicy | null;
  readonly policy: RepositoryPolicy | null;
  readonly protect: boolean;
  readonly forceDelete: boolean;
  readonly import: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** The repositories of one registry. */
export interface PlannedRegistry {
  /** beginning of the names of its resources */
  readonly name: string;
  readonly place: Pick<EcrRegistryConfig, "account" | "region" | "assumeRole">;
  readonly repositories: readonly PlannedRepository[];
}

type Parts = Pick<StackConfig, "registry" | "access" | "cluster" | "builder" | "cache">;

const NOBODY: Principals = { accounts: [], organizations: [], roles: [] };

/**
 * The registry of the images, and the separate ones of caches that have repositories to make; none for a registry of another kind.
 * @param stack name of the stack, which is part of the names of roles
 */
export function plannedRegistries(config: Parts, stack: string): PlannedRegistry[] {
  const { registry, cache, builder } = config;
  if (registry.kind !== "ecr") return [];
  const roles = rolesOf(config, stack);
  const layers = cacheLifecycle(layerDays(builder.modes.kaniko?.extraFlags ?? []));
  const keep = cache.flatMap((entry) => (entry.registry === undefined ? [entry.tag] : []));
  const caches = cacheRepositories(registry).filter(({ existing }) => !existing);
  const repositories = imageRepositories(registry).flatMap((image) => [
    ...(image.existing ? [] : [imageRepository(image, registry, keep, roles)]),
    // Each cache after the first of its images.
    ...caches.flatMap((one) => (one.of[0]?.name === image.name ? [cacheRepository(one, registry, roles, layers)] : [])),
  ]);
  const separate = separateCaches(config).filter(({ place }) => !place.existing);
  return [
    { name: "registry", place: registry, repositories },
    ...separate.map((caches) => ({
      name: nameOf(caches.place),
      place: caches.place,
      repositories: separateRepositories(caches, registry, cache, roles, layers),
    })),
  ];
}

/** A role of builders, and the images that it is for: all of them where there is no list. */
interface PushingRole {
  readonly arn: string;
  readonly repositories: BuilderRole["repositories"] | null;
}

function rolesOf(config: Parts, stack: string): PushingRole[] {
  if (config.access.kind === "existing") return [{ arn: config.access.role, repositories: null }];
  return builderRoles(config, stack);
}

/** ARNs of roles for some of these images that are in another account than the repository: those its policy has to name. */
function foreigners(roles: readonly PushingRole[], images: readonly string[], account: string): string[] {
  return roles
    .filter(({ arn }) => parseArn(arn)?.account !== account)
    .filter(({ repositories }) => repositories === null || images.some((image) => repositories.includes(image)))
    .map(({ arn }) => arn);
}

function imageRepository(
  image: ImageRepository,
  registry: EcrRegistryConfig,
  keep: readonly string[],
  roles: readonly PushingRole[],
): PlannedRepository {
  const { name, scanOnPush, encryption, lifecycle, pull, push, protect, forceDelete, tags } = image;
  return {
    ...{ name, scanOnPush, encryption, protect, forceDelete, tags },
    import: image.import,
    tagMutability: MUTABILITY[image.tagMutability],
    mutableTags: image.tagMutability === "immutableWithExclusion" ? image.mutableTags : [],
    lifecycle: imageLifecycle({ ...lifecycle, untaggedDays: untaggedDaysOf(lifecycle), keep }),
    policy: repositoryPolicy({
      ...{ partition: partitionOf(registry.region), pull, push },
      builders: foreigners(roles, [name], registry.account),
    }),
  };
}

/** What caches have in common: no tag of theirs is for good, and nothing in them is ever run. */
const CACHE = { tagMutability: "MUTABLE", mutableTags: [], scanOnPush: false, protect: false, import: false } as const;

function cacheRepository(
  { name, of }: CacheRepository,
  registry: EcrRegistryConfig,
  roles: readonly PushingRole[],
  layers: LifecyclePolicy,
): PlannedRepository {
  const images = of.map((image) => image.name);
  const all = (one: keyof Principals) => of.flatMap(({ push }) => push[one]);
  const push = { accounts: all("accounts"), organizations: all("organizations"), roles: all("roles") };
  return {
    ...CACHE,
    name,
    encryption: of[0]?.encryption ?? registry.encryption,
    forceDelete: of.every(({ forceDelete }) => forceDelete),
    tags: of.length === 1 && of[0] !== undefined ? of[0].tags : registry.tags,
    lifecycle: layers,
    policy: repositoryPolicy({
      ...{ partition: partitionOf(registry.region), pull: NOBODY, push },
      builders: foreigners(roles, images, registry.account),
    }),
  };
}

function separateRepositories(
  { place, writable, repositories }: SeparateCaches,
  registry: EcrRegistryConfig,
  cache: Parts["cache"],
  roles: readonly PushingRole[],
  layers: LifecyclePolicy,
): PlannedRepository[] {
  const { buildCacheDays } = registry.lifecycle;
  const keep = cache.flatMap((entry) =>
    entry.registry !== undefined && isSamePlace(entry.registry, place) ? [entry.tag] : [],
  );
  return repositories.map(({ name, of, holds }) => ({
    ...CACHE,
    name,
    encryption: place.encryption,
    forceDelete: registry.forceDelete,
    tags: registry.tags,
    lifecycle:
      holds === "kaniko" ? layers : imageLifecycle({ untaggedDays: UNTAGGED_DAYS, buildCacheDays, keep, rules: [] }),
    policy: repositoryPolicy({
      ...{ partition: partitionOf(place.region), pull: NOBODY, push: NOBODY },
      builders: foreigners(roles, [of], place.account),
      buildersOnlyPull: !writable,
    }),
  }));
}

function nameOf({ account, region, namespace }: EcrCacheRegistryConfig): string {
  return ["caches", account, region, ...(namespace === "" ? [] : [namespace])].join("-");
}

/** Own rules may be about untagged images, and ECR takes one such rule. */
function untaggedDaysOf({ untaggedDays, rules }: EcrLifecycleConfig): number | null {
  if (untaggedDays !== undefined) return untaggedDays;
  return rules.some(({ tags }) => tags === "untagged") ? null : UNTAGGED_DAYS;
}
