import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cachePolicies,
  cleanupPolicies,
  type OwnPolicy,
  secondsOf,
} from "../../../../../infra/documents/gcp/cleanupPolicies.ts";

const condition = { tagState: "any", tagPrefixes: [], packageNamePrefixes: [] } as const;

describe("policies of a stack file", () => {
  test.each<[string, OwnPolicy, object]>([
    [
      "an age, in seconds",
      { action: "delete", condition: { ...condition, olderThan: "30d" } },
      { action: "DELETE", condition: { tagState: "ANY", olderThan: "2592000s" } },
    ],
    [
      "all that a condition may name",
      {
        action: "keep",
        condition: {
          tagState: "tagged",
          tagPrefixes: ["v-"],
          packageNamePrefixes: ["api"],
          olderThan: "1h",
          newerThan: "2m",
        },
      },
      {
        action: "KEEP",
        condition: {
          ...{ tagState: "TAGGED", tagPrefixes: ["v-"], packageNamePrefixes: ["api"] },
          ...{ olderThan: "3600s", newerThan: "120s" },
        },
      },
    ],
    [
      "the most recent of all",
      { action: "keep", mostRecentVersions: { keepCount: 3, packageNamePrefixes: [] } },
      { action: "KEEP", mostRecentVersions: { keepCount: 3 } },
    ],
    [
      "the most recent of some",
      { action: "keep", mostRecentVersions: { keepCount: 3, packageNamePrefixes: ["api"] } },
      { action: "KEEP", mostRecentVersions: { keepCount: 3, packageNamePrefixes: ["api"] } },
    ],
  ])("with %s", (_, policy, expected) => {
    expect(cleanupPolicies({ one: policy })).toEqual([{ id: "one", ...expected }]);
  });

  test("keep their order and their ids", () => {
    const policy: OwnPolicy = { action: "delete", condition: { ...condition, tagState: "untagged" } };
    expect(cleanupPolicies({ b: policy, a: policy }).map(({ id }) => id)).toEqual(["b", "a"]);
  });
});

test("a time in any unit is the same number of seconds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), (days) => {
      const all = [`${days}d`, `${days * 24}h`, `${days * 24 * 60}m`, `${days * 24 * 60 * 60}s`].map(secondsOf);
      expect(new Set(all)).toEqual(new Set([days * 86_400]));
    }),
  );
});

describe("the policies of caches", () => {
  test("of kaniko alone take a layer when kaniko takes it no longer: after the two weeks of --cache-ttl=336h", () => {
    expect(cachePolicies({ buildkit: false, layerDays: 14 })).toEqual([
      { id: "old", action: "DELETE", condition: { tagState: "ANY", olderThan: `${336 * 60 * 60}s` } },
    ]);
  });

  test("of BuildKit take what nobody wrote for a month, but for the last cache of each image", () => {
    expect(cachePolicies({ buildkit: true, layerDays: 14 })).toEqual([
      { id: "old", action: "DELETE", condition: { tagState: "ANY", olderThan: "2592000s" } },
      { id: "newest", action: "KEEP", mostRecentVersions: { keepCount: 1 } },
    ]);
  });
});
