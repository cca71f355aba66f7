import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admitsNamespace } from "../../../../builders/plan/namespacePatterns.ts";
import { matchesPattern } from "../../../../infra/setupNames.ts";
import { localSetup, withPattern } from "../samples.ts";

describe("a pattern", () => {
  it.each([
    ["team-*", "team-a", true],
    ["team-*", "team-", true],
    ["team-*", "team", false],
    ["team*", "team", true],
    ["team-*", "a-team-b", false],
    ["team-?", "team-a", true],
    ["team-?", "team-", false],
    ["team-?", "team-ab", false],
    ["*-preview", "shop-preview", true],
    ["*-preview", "shop-preview-1", false],
    ["a*b*c", "aXbXbXc", true],
    ["a*b*c", "aXbXcX", false],
    ["*", "", true],
    ["?", "", false],
    ["", "", true],
    ["a.c", "abc", false],
  ])("%j matches %j: %s", (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected);
  });

  it("matches what the regular expression of the same meaning matches", () => {
    const part = (...letters: string[]) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
    let matched = 0;
    fc.assert(
      fc.property(part("a", "b", "-", "*", "?"), part("a", "b", "-"), (pattern, name) => {
        const reference = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
        const expected = reference.test(name);
        if (expected) matched++;
        expect(matchesPattern(pattern, name)).toBe(expected);
      }),
      { numRuns: 5000 },
    );
    expect(matched).toBeGreaterThan(100);
  });

  it("of many stars takes no time on a name that does not match", () => {
    const started = performance.now();
    expect(matchesPattern(`${"*a".repeat(30)}*b`, "a".repeat(63))).toBe(false);
    // Trying all ways to match would take years.
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("a namespace", () => {
  const setup = localSetup((input) => {
    withPattern(input);
    input.builders.modes["cluster-buildkit"].namespacePatterns = ["*"];
  });
  const mode = setup.builders.modes["cluster-buildkit"]!;
  it.each([
    ["anything", true],
    ["default", false],
    ["shop-preview-registry", false],
    ["kube-system", false],
    ["kube-", false],
    ["kube", true],
    ["pergola-buildkit", false],
    ["pergola-kaniko", false],
    ["Shop", false],
    ["a/b", false],
    ["-a", false],
    ["a".repeat(64), false],
    ["", false],
  ])("%j is admitted by a pattern that matches all: %s", (name, expected) => {
    expect(admitsNamespace(setup, mode, name)).toBe(expected);
  });
});
