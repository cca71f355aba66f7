import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cacheLifecycle,
  imageLifecycle,
  LIFECYCLE_LIMITS,
  type LifecyclePolicy,
  type LifecycleWishes,
  lifecycleProblem,
  lifecycleText,
  type OwnRule,
} from "../../../../../infra/documents/aws/ecrLifecycle.ts";
import { matchesTag } from "../../../../../infra/documents/aws/ecrTags.ts";

interface Image {
  readonly tags: readonly string[];
  /** days since it was pushed */
  readonly age: number;
}

/**
 * The images that a policy expires, by the rules that ECR documents (user guide, "Automate the cleanup of images by using lifecycle
 * policies in Amazon ECR"): a rule marks what it selects and is too old or beyond its count; and no image that matches the tags of a
 * rule is marked by one after it.
 */
function expired(policy: LifecyclePolicy, images: readonly Image[]): Image[] {
  const gone: Image[] = [];
  const settled = new Set<Image>();
  for (const { selection } of [...policy.rules].sort((a, b) => a.rulePriority - b.rulePriority)) {
    const { tagStatus, tagPatternList = [], countType, countNumber } = selection;
    const isMeant = ({ tags }: Image) => {
      if (tagStatus === "any") return true;
      if (tagStatus === "untagged") return tags.length === 0;
      return tagPatternList.every((pattern) => tags.some((tag) => matchesTag(pattern, tag)));
    };
    const meant = images.filter(isMeant).sort((a, b) => a.age - b.age);
    const marked =
      countType === "imageCountMoreThan" ? meant.slice(countNumber) : meant.filter(({ age }) => age > countNumber);
    gone.push(...marked.filter((image) => !settled.has(image)));
    for (const image of meant) settled.add(image);
  }
  return gone;
}

const NOTHING: LifecycleWishes = { untaggedDays: null, buildCacheDays: null, keep: [], rules: [] };

describe("the lifecycle of a repository of images", () => {
  test("is none where nothing shall go", () => {
    expect(imageLifecycle(NOTHING)).toBeNull();
    expect(imageLifecycle({ ...NOTHING, keep: ["_buildcache"] })).toBeNull();
  });

  test("is this by default", () => {
    expect(imageLifecycle({ untaggedDays: 14, buildCacheDays: 30, keep: ["_buildcache"], rules: [] })).toEqual({
      rules: [
        {
          rulePriority: 1,
          description: "_buildcache stays",
          selection: {
            tagStatus: "tagged",
            tagPatternList: ["_buildcache"],
            countType: "imageCountMoreThan",
            countNumber: 1,
          },
          action: { type: "expire" },
        },
        {
          rulePriority: 2,
          description: "caches of branches go 30 days after their last build",
          selection: {
            tagStatus: "tagged",
            tagPatternList: ["_buildcache-*"],
            countType: "sinceImagePushed",
            countUnit: "days",
            countNumber: 30,
          },
          action: { type: "expire" },
        },
        {
          rulePriority: 3,
          description: "images without a tag go 14 days after they were pushed",
          selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 14 },
          action: { type: "expire" },
        },
      ],
    });
  });

  test("has own rules first, in their order, and one for any last", () => {
    const policy = imageLifecycle({
      untaggedDays: 1,
      buildCacheDays: null,
      keep: ["_buildcache"],
      rules: [
        { tags: "any", expire: { beyondCount: 100 } },
        { tags: ["pr-*"], expire: { afterDays: 7 }, description: "pull requests" },
        { tags: ["v*", "latest"], expire: { beyondCount: 5 } },
      ],
    });
    expect(policy?.rules.map(({ description }) => description)).toEqual([
      "pull requests",
      "v* latest: all but the newest 5",
      "_buildcache stays",
      "images without a tag go one day after they were pushed",
      "all images: all but the newest 100",
    ]);
    expect(policy?.rules[2]?.selection.tagPatternList).toEqual(["_buildcache"]);
  });

  test("expires caches of branches and keeps those of the environment, whatever their age", () => {
    const policy = imageLifecycle({
      untaggedDays: 14,
      buildCacheDays: 30,
      keep: ["_buildcache", "_buildcache-main"],
      rules: [{ tags: "any", expire: { afterDays: 90 } }],
    }) as LifecyclePolicy;
    const images = [
      { tags: ["_buildcache"], age: 400 },
      { tags: ["_buildcache-main"], age: 400 },
      { tags: ["_buildcache-feature"], age: 31 },
      { tags: ["_buildcache-other"], age: 30 },
      { tags: ["v-1"], age: 89 },
      { tags: ["v-2"], age: 91 },
      { tags: [], age: 15 },
      { tags: [], age: 14 },
    ];
    expect(expired(policy, images).map(({ tags, age }) => [...tags, age])).toEqual([
      ["_buildcache-feature", 31],
      [15],
      ["v-2", 91],
    ]);
  });
});

test("layers of kaniko go when it would not take them any more", () => {
  expect(cacheLifecycle(14).rules.map(({ selection }) => selection)).toEqual([
    { tagStatus: "any", countType: "sinceImagePushed", countUnit: "days", countNumber: 14 },
  ]);
});

describe("every lifecycle policy", () => {
  const days = fc.integer({ min: 1, max: 400 });
  const tag = fc.constantFrom("_buildcache", "_buildcache-main", "_buildcache-x", "v-1", "latest", "pr-7");
  const own: fc.Arbitrary<OwnRule> = fc.record({
    tags: fc.oneof(
      fc.constantFrom("untagged" as const, "any" as const),
      fc.array(fc.constantFrom("v-*", "pr-*", "*"), { minLength: 1, maxLength: 3 }),
    ),
    expire: fc.oneof(fc.record({ afterDays: days }), fc.record({ beyondCount: fc.integer({ min: 1, max: 9 }) })),
  });
  /** One rule about untagged images and one about any, as the rules of a stack file have it. */
  const rules = fc
    .array(own, { maxLength: 12 })
    .map((list) =>
      list.filter(({ tags }, at) => typeof tags !== "string" || list.findIndex((other) => other.tags === tags) === at),
    );
  const wishes: fc.Arbitrary<LifecycleWishes> = fc
    .record({
      untaggedDays: fc.option(days),
      buildCacheDays: fc.option(days),
      keep: fc.uniqueArray(tag, { maxLength: 2 }),
      rules,
    })
    .map((all) => (all.rules.some(({ tags }) => tags === "untagged") ? { ...all, untaggedDays: null } : all));
  const policies = wishes.map(imageLifecycle).filter((policy) => policy !== null);

  test("is one that ECR takes: priorities once each, any last, one rule about untagged images, patterns with tags only", () => {
    fc.assert(
      fc.property(policies, ({ rules }) => {
        expect(rules.map(({ rulePriority }) => rulePriority)).toEqual(rules.map((_, index) => index + 1));
        const kinds = rules.map(({ selection }) => selection.tagStatus);
        expect(kinds.slice(0, -1)).not.toContain("any");
        expect(kinds.filter((kind) => kind === "untagged").length).toBeLessThan(2);
        for (const { selection } of rules) {
          expect("tagPatternList" in selection).toBe(selection.tagStatus === "tagged");
          expect("countUnit" in selection).toBe(selection.countType === "sinceImagePushed");
        }
      }),
    );
  });

  test("is JSON without null, of at least as many characters as ECR asks for", () => {
    fc.assert(
      fc.property(policies, (policy) => {
        const text = lifecycleText(policy);
        expect(JSON.parse(text)).toEqual(policy);
        expect(text).not.toContain("null");
        expect(text.length).toBeGreaterThanOrEqual(LIFECYCLE_LIMITS.least);
      }),
    );
    expect(lifecycleText(cacheLifecycle(14)).length).toBeGreaterThanOrEqual(LIFECYCLE_LIMITS.least);
  });

  test("keeps the tags that shall stay, unless an own rule is about them; and all that no rule is about", () => {
    const images = fc.array(fc.record({ tags: fc.uniqueArray(tag, { maxLength: 2 }), age: fc.nat(800) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(wishes, images, (wishes, images) => {
        const policy = imageLifecycle(wishes);
        const gone = policy === null ? [] : expired(policy, unique(images));
        const patterns = wishes.rules.flatMap(({ tags }) => (typeof tags === "string" ? [] : [tags]));
        const any = wishes.rules.some(({ tags }) => tags === "any");
        const untagged = wishes.untaggedDays !== null || wishes.rules.some(({ tags }) => tags === "untagged");
        for (const { tags } of gone) {
          const own = patterns.some((list) => list.every((one) => tags.some((tag) => matchesTag(one, tag))));
          if (own) continue;
          expect(tags.some((tag) => wishes.keep.includes(tag))).toBe(false);
          const branch = wishes.buildCacheDays !== null && tags.some((tag) => tag.startsWith("_buildcache-"));
          expect(any || branch || (untagged && tags.length === 0)).toBe(true);
        }
      }),
    );
  });
});

/** A tag is on one image at a time. */
function unique(images: readonly Image[]): Image[] {
  const seen = new Set<string>();
  return images.map(({ tags, age }) => {
    const own = tags.filter((tag) => !seen.has(tag));
    for (const tag of own) seen.add(tag);
    return { tags: own, age };
  });
}

describe("a policy that ECR would refuse", () => {
  const many = (count: number, description = "x"): LifecyclePolicy =>
    imageLifecycle({
      ...NOTHING,
      rules: Array.from({ length: count }, () => ({ tags: ["v*"], expire: { afterDays: 1 }, description })),
    }) as LifecyclePolicy;

  test("has too many rules", () => {
    expect(lifecycleProblem(many(50))).toBeNull();
    expect(lifecycleProblem(many(51))).toBe(
      "has 51 rules, ECR takes at most 50; write fewer, each with more general patterns",
    );
  });

  test("is too long", () => {
    const long = many(50, "d".repeat(500));
    expect(lifecycleProblem(long)).toBe(
      `has ${lifecycleText(long).length} characters, ECR takes at most 30720; write shorter descriptions or patterns`,
    );
  });
});
