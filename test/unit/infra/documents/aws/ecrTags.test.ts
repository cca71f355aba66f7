import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesTag, tagFilterProblem, tagPatternProblem } from "../../../../../infra/documents/aws/ecrTags.ts";

describe("a pattern of tags", () => {
  test.each([
    ["_buildcache*", "_buildcache", true],
    ["_buildcache*", "_buildcache-main", true],
    ["_buildcache*", "x_buildcache", false],
    ["_buildcache", "_buildcache", true],
    ["_buildcache", "_buildcache-main", false],
    ["*", "anything", true],
    ["v*-rc*", "v1-rc2", true],
    ["v*-rc*", "v1-beta", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*b", "ab", false],
    ["a*b*b", "abb", true],
    ["*.*", "1.2", true],
    ["a.c", "abc", false],
  ])("%s means %s: %s", (pattern, tag, meant) => expect(matchesTag(pattern, tag)).toBe(meant));

  test("means what a regular expression of it means", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "-", "*"), maxLength: 8 });
    const tag = fc.string({ unit: fc.constantFrom("a", "b", ".", "-"), maxLength: 12 });
    fc.assert(
      fc.property(text, tag, (pattern, tag) => {
        const parts = pattern.split("*").map((part) => part.replaceAll(".", "\\."));
        expect(matchesTag(pattern, tag)).toBe(new RegExp(`^${parts.join(".*")}$`).test(tag));
      }),
    );
  });
});

test.each([
  ["_buildcache*", null],
  ["*a*", null],
  ["*a*b*", "has 3 *, ECR takes at most 2"],
  ["", "is no filter of tags: at most 128 letters, digits, . _ - and *"],
  ["a b", "is no filter of tags: at most 128 letters, digits, . _ - and *"],
  ["a".repeat(129), "is no filter of tags: at most 128 letters, digits, . _ - and *"],
])("the filter %j: %s", (filter, problem) => expect(tagFilterProblem(filter)).toBe(problem));

test.each([
  ["v*", null],
  ["*test*1*2*3", null],
  ["test*1*2*3*4*5", "has 5 *, ECR takes at most 4"],
  ["v:1", "is no pattern of tags: at most 128 letters, digits, . _ - and *"],
])("the pattern %j: %s", (pattern, problem) => expect(tagPatternProblem(pattern)).toBe(problem));
