/**
 * Lifecycle policies of ECR: which images go by themselves.
 *
 * How ECR reads them (ECR user guide, "Automate the cleanup of images by using lifecycle policies in Amazon ECR"): all rules are
 * evaluated at once and then applied by priority, the lowest number first. What matches the tags of a rule cannot be expired by a
 * rule after it, whether the rule itself expires it or not. One rule may be about untagged images; one about `any` comes last.
 * Several patterns in one rule mean images that have a tag for each. Images that an image index refers to stay while it does.
 */

/** Days that an image without a tag stays, unless the stack file says otherwise. Why: docs/decisions/0017. */
export const UNTAGGED_DAYS = 14;

/** Tags of the caches of branches: they go when nobody writes them any more. */
export const BRANCH_CACHE_TAGS = "_buildcache-*";

/** ECR service quotas, and the API reference of PutLifecyclePolicy: rules, and characters of the text. */
export const LIFECYCLE_LIMITS = { rules: 50, least: 100, most: 30_720 } as const;

/** Which images a rule is about, and when it takes them. */
export interface LifecycleSelection {
  readonly tagStatus: "tagged" | "untagged" | "any";
  readonly tagPatternList?: readonly string[];
  readonly countType: "sinceImagePushed" | "imageCountMoreThan";
  readonly countUnit?: "days";
  readonly countNumber: number;
}

export interface LifecyclePolicy {
  readonly rules: readonly {
    readonly rulePriority: number;
    readonly description: string;
    readonly selection: LifecycleSelection;
    readonly action: { readonly type: "expire" };
  }[];
}

/** A rule as a stack file has it. */
export interface OwnRule {
  readonly description?: string | undefined;
  /** patterns, all of which an image has a tag for; images without a tag; or all images */
  readonly tags: "untagged" | "any" | readonly string[];
  readonly expire: { readonly afterDays: number } | { readonly beyondCount: number };
}

/** What shall go, and what shall stay. */
export interface LifecycleWishes {
  /** null: images without a tag stay */
  readonly untaggedDays: number | null;
  /** null: caches of branches stay */
  readonly buildCacheDays: number | null;
  /** tags that stay whatever their age, unless an own rule is about them */
  readonly keep: readonly string[];
  readonly rules: readonly OwnRule[];
}

/** A rule before it has its place. */
type Rule = Omit<LifecyclePolicy["rules"][number], "rulePriority" | "action">;

/**
 * The policy of a repository of images, or of BuildKit's caches: own rules first, `any` last, each priority once, from 1 without
 * gaps. Null where nothing shall go.
 */
export function imageLifecycle({
  untaggedDays,
  buildCacheDays,
  keep,
  rules: own,
}: LifecycleWishes): LifecyclePolicy | null {
  const last = own.filter((rule) => rule.tags === "any");
  const after = (days: number) => ({ countType: "sinceImagePushed", countUnit: "days", countNumber: days }) as const;
  const rules: Rule[] = own.filter((rule) => rule.tags !== "any").map(ownRule);
  if (last.length > 0 || buildCacheDays !== null) {
    // One image has a tag at a time, so this expires nothing, and keeps the image from the rules that follow.
    for (const tag of keep) {
      rules.push({
        description: `${tag} stays`,
        selection: { tagStatus: "tagged", tagPatternList: [tag], countType: "imageCountMoreThan", countNumber: 1 },
      });
    }
  }
  if (buildCacheDays !== null) {
    rules.push({
      description: `caches of branches go ${inDays(buildCacheDays)} after their last build`,
      selection: { tagStatus: "tagged", tagPatternList: [BRANCH_CACHE_TAGS], ...after(buildCacheDays) },
    });
  }
  if (untaggedDays !== null) {
    rules.push({
      description: `images without a tag go ${inDays(untaggedDays)} after they were pushed`,
      selection: { tagStatus: "untagged", ...after(untaggedDays) },
    });
  }
  return policyOf([...rules, ...last.map(ownRule)]);
}

/**
 * The policy of a repository of kaniko's cache: everything goes when kaniko would not take it any more.
 * @param days that it takes a layer (layerDays in documents/kanikoFlags.ts)
 */
export function cacheLifecycle(days: number): LifecyclePolicy {
  const rule: Rule = {
    description: `kaniko takes no layer that is older than ${inDays(days)}`,
    selection: { tagStatus: "any", countType: "sinceImagePushed", countUnit: "days", countNumber: days },
  };
  return policyOf([rule]) as LifecyclePolicy;
}

/** The text that ECR gets: rules by priority, as ECR gives them back in that order. */
export function lifecycleText(policy: LifecyclePolicy): string {
  return JSON.stringify(policy);
}

/** What is wrong with a policy as a whole, as the end of a sentence that begins with it; null when nothing is. */
export function lifecycleProblem(policy: LifecyclePolicy): string | null {
  const { rules, most } = LIFECYCLE_LIMITS;
  if (policy.rules.length > rules) {
    return `has ${policy.rules.length} rules, ECR takes at most ${rules}; write fewer, each with more general patterns`;
  }
  const { length } = lifecycleText(policy);
  if (length > most)
    return `has ${length} characters, ECR takes at most ${most}; write shorter descriptions or patterns`;
  return null;
}

function policyOf(rules: readonly Rule[]): LifecyclePolicy | null {
  if (rules.length === 0) return null;
  return {
    rules: rules.map((rule, index) => ({ rulePriority: index + 1, ...rule, action: { type: "expire" } })),
  };
}

function ownRule({ description, tags, expire }: OwnRule): Rule {
  const chosen =
    typeof tags === "string" ? { tagStatus: tags } : { tagStatus: "tagged" as const, tagPatternList: [...tags] };
  const what =
    typeof tags === "string" ? { untagged: "images without a tag", any: "all images" }[tags] : tags.join(" ");
  if ("afterDays" in expire) {
    const { afterDays } = expire;
    return {
      description: description ?? `${what}: ${inDays(afterDays)} after they were pushed`,
      selection: { ...chosen, countType: "sinceImagePushed", countUnit: "days", countNumber: afterDays },
    };
  }
  return {
    description: description ?? `${what}: all but the newest ${expire.beyondCount}`,
    selection: { ...chosen, countType: "imageCountMoreThan", countNumber: expire.beyondCount },
  };
}

function inDays(days: number): string {
  return days === 1 ? "one day" : `${days} days`;
}
