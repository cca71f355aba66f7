/**
 * Clean-up policies of Artifact Registry: which versions of images go by themselves.
 *
 * How they are read ("Configure cleanup policies" and the reference of CleanupPolicyCondition): all that a condition names has to
 * be so, of several prefixes one; ages count from the upload; what a policy keeps, no other deletes; the most recent versions are
 * counted for each package, that is for each name of an image. A part of an image index cannot be deleted while the index is
 * there (the registry answers GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE; GoogleCloudPlatform/gcr-cleaner issue 118).
 */

/** "Cleanup policy overview": policies of one repository. */
export const MOST_POLICIES = 10;

/** Days that a cache of BuildKit stays which nobody writes any more: as long as in ECR, where `buildCacheDays` says so. */
const BUILDKIT_DAYS = 30;

/** A policy as a stack file has it. */
export type OwnPolicy =
  | {
      readonly action: "delete" | "keep";
      readonly condition: {
        readonly tagState: "tagged" | "untagged" | "any";
        readonly tagPrefixes: readonly string[];
        readonly packageNamePrefixes: readonly string[];
        readonly olderThan?: string | undefined;
        readonly newerThan?: string | undefined;
      };
    }
  | {
      readonly action: "keep";
      readonly mostRecentVersions: { readonly keepCount: number; readonly packageNamePrefixes: readonly string[] };
    };

/** A policy as the provider takes it. Times are in seconds, as the API gives them back: so they differ only where they do. */
export interface CleanupPolicy {
  readonly id: string;
  readonly action: "DELETE" | "KEEP";
  readonly condition?: {
    readonly tagState: "TAGGED" | "UNTAGGED" | "ANY";
    readonly tagPrefixes?: string[];
    readonly packageNamePrefixes?: string[];
    readonly olderThan?: string;
    readonly newerThan?: string;
  };
  readonly mostRecentVersions?: { readonly keepCount: number; readonly packageNamePrefixes?: string[] };
}

/** Policies by id as a repository has them. */
export function cleanupPolicies(policies: Readonly<Record<string, OwnPolicy>>): CleanupPolicy[] {
  return Object.entries(policies).map(([id, policy]) => ({ id, ...policyOf(policy) }));
}

/**
 * The policies of a repository that only holds caches: nothing in it is ever run, and what is missing is built again. Ages count
 * from the upload, and kaniko counts from when a layer was built, so none goes that it would still take. The caches of pergola:cache
 * are not kept by their tags, as in ECR: a policy names the beginning of a tag, and with `_buildcache` every branch's would stay.
 * @param holds whose caches, of BuildKit's the last one of each image stays, so that what is seldom built begins warm, too; and days
 * that kaniko takes a layer (layerDays in documents/kanikoFlags.ts)
 */
export function cachePolicies(holds: { readonly buildkit: boolean; readonly layerDays: number }): CleanupPolicy[] {
  const days = holds.buildkit ? Math.max(BUILDKIT_DAYS, holds.layerDays) : holds.layerDays;
  const old: CleanupPolicy = {
    id: "old",
    action: "DELETE",
    condition: { tagState: "ANY", olderThan: inSeconds(`${days}d`) },
  };
  return holds.buildkit ? [old, { id: "newest", action: "KEEP", mostRecentVersions: { keepCount: 1 } }] : [old];
}

/** Seconds of a time such as 30d or 12h. */
export function secondsOf(time: string): number {
  const unit = { d: 86_400, h: 3_600, m: 60, s: 1 }[time.at(-1) as "d" | "h" | "m" | "s"];
  return Number(time.slice(0, -1)) * unit;
}

function policyOf(policy: OwnPolicy): Omit<CleanupPolicy, "id"> {
  const action = policy.action === "keep" ? "KEEP" : "DELETE";
  if ("mostRecentVersions" in policy) {
    const { keepCount, packageNamePrefixes } = policy.mostRecentVersions;
    return { action, mostRecentVersions: { keepCount, ...listed({ packageNamePrefixes }) } };
  }
  const { tagState, tagPrefixes, packageNamePrefixes, olderThan, newerThan } = policy.condition;
  return {
    action,
    condition: {
      tagState: TAG_STATES[tagState],
      ...listed({ tagPrefixes, packageNamePrefixes }),
      ...(olderThan === undefined ? {} : { olderThan: inSeconds(olderThan) }),
      ...(newerThan === undefined ? {} : { newerThan: inSeconds(newerThan) }),
    },
  };
}

const TAG_STATES = { tagged: "TAGGED", untagged: "UNTAGGED", any: "ANY" } as const;

/** The lists that have entries. */
function listed<Key extends string>(lists: Readonly<Record<Key, readonly string[]>>): { [K in Key]?: string[] } {
  const there = Object.entries<readonly string[]>(lists).filter(([, list]) => list.length > 0);
  return Object.fromEntries(there) as { [K in Key]?: string[] };
}

function inSeconds(time: string): string {
  return `${secondsOf(time)}s`;
}
