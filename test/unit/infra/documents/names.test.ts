import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  LABEL_PATTERN,
  NameError,
  namespaceProblem,
  physicalName,
  stackNameProblem,
} from "../../../../infra/documents/names.ts";
import { editDistance, nearest } from "../../../../infra/documents/nearest.ts";

describe("names", () => {
  test("are the parts with hyphens", () =>
    expect(physicalName(["pergola", "local", "builder"])).toBe("pergola-local-builder"));

  test("that are too long or no label are refused with the reason", () => {
    expect(() => physicalName(["pergola", "a".repeat(60)])).toThrow(
      new NameError(`the name "pergola-${"a".repeat(60)}" has 68 characters, at most 63 are allowed`),
    );
    expect(() => physicalName(["pergola", "A"])).toThrow("is not a DNS label");
  });

  test("of any stack that is accepted are valid for every suffix in use", () => {
    const stacks = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9-]{1,70}$/));
    fc.assert(
      fc.property(stacks, fc.constantFrom("registry-0a1b2c3d", "builder", "ci"), (stack, suffix) => {
        fc.pre(stackNameProblem(stack) === null);
        const name = physicalName(["pergola", stack, suffix]);
        expect(name).toMatch(LABEL_PATTERN);
        expect(name.length).toBeLessThanOrEqual(63);
      }),
    );
  });

  test.each([
    ["shop-dev", null],
    ["kube-public", "belongs to Kubernetes (kube-*); name a namespace of its own"],
    ["default", "is where everything without a namespace lands; name a namespace of its own"],
    ["", "is empty"],
    ["-a", "is not a DNS label: lower-case letters, digits and inner hyphens only"],
  ])("the namespace %j", (name, problem) => expect(namespaceProblem(name)).toBe(problem));
});

describe("the nearest name", () => {
  test.each([
    ["regsitry", "registry"],
    ["Registry", "registry"],
    ["acess", "access"],
    ["xyz", null],
    ["", null],
  ])("to %j is %j", (found, name) => expect(nearest(found, ["registry", "access", "cache"])).toBe(name));

  test("an edit distance is symmetric, and none for equal texts only", () => {
    const text = fc.stringMatching(/^[abc]{0,6}$/);
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});
