import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Value, ValueMap } from "../../../../local/pulumi/wire.ts";
import {
  at,
  containsSecret,
  containsUnknown,
  foreignEnvelope,
  fromStruct,
  isSecret,
  markLike,
  sameValue,
  secret,
  signatureKey,
  stringAt,
  toStruct,
  unknown,
  withoutNulls,
  withoutSecrets,
} from "../../../../local/pulumi/wire.ts";

const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: true }) as fc.Arbitrary<Value>;

describe("values on the wire", () => {
  test("survive the way there and back, secrets and unknown values included", () => {
    const value: ValueMap = { a: [1, "b", null, true], s: secret({ x: "y" }), u: unknown, empty: {}, none: [] };
    expect(fromStruct(toStruct(value))).toEqual(value);
  });

  test("absent members are left out, an absent message is empty", () => {
    expect(fromStruct(toStruct({ a: undefined, b: 1 }))).toEqual({ b: 1 });
    expect(fromStruct(undefined)).toEqual({});
  });
});

describe("secrets", () => {
  test("are put into one envelope, however often", () => {
    const once = secret({ inner: secret("x") });
    expect(secret(once)).toBe(once);
    expect(withoutSecrets(once)).toEqual({ inner: "x" });
    expect(containsSecret(withoutSecrets(once))).toBe(false);
  });

  test("what was secret in the pattern is secret in the value, and nothing of the value is lost", () => {
    fc.assert(
      fc.property(json, (value) => {
        const marked = markLike(value, secret("anything"));
        expect(isSecret(marked)).toBe(true);
        expect(sameValue(withoutSecrets(marked), value)).toBe(true);
      }),
    );
  });

  test("marks follow members and positions; a list of another length becomes secret as a whole", () => {
    const pattern = {
      env: [
        { name: "A", value: "plain" },
        { name: "B", value: secret("b") },
      ],
    };
    const same = {
      env: [
        { name: "A", value: "plain" },
        { name: "B", value: "c" },
      ],
      more: 1,
    };
    expect(markLike(same, pattern)).toEqual({
      env: [
        { name: "A", value: "plain" },
        { name: "B", value: secret("c") },
      ],
      more: 1,
    });
    expect(isSecret(at({ x: 1 }, "x") as Value)).toBe(false);
    const longer = markLike({ env: [...same.env, { name: "C" }] }, pattern) as ValueMap;
    expect(isSecret(longer.env)).toBe(true);
  });
});

test("an unknown value is found anywhere, also inside a secret", () => {
  expect(containsUnknown({ a: [{ b: secret({ c: unknown }) }] })).toBe(true);
  expect(containsUnknown({ a: ["known"] })).toBe(false);
});

test("an asset is found by its path", () => {
  const asset = { [signatureKey]: "c44067f5952c0a294b673a41bacd8c17", text: "x" };
  expect(foreignEnvelope({ data: { file: secret({ deep: asset }) } })).toBe("data.file.deep");
  expect(foreignEnvelope({ data: secret("x") })).toBeUndefined();
});

test("null members go, null list elements and empty objects stay", () => {
  expect(withoutNulls({ a: null, b: { c: null }, d: [null, { e: null }] })).toEqual({ b: {}, d: [null, {}] });
});

test("equality knows no order of members, and tells lists, maps and texts apart", () => {
  expect(sameValue({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
  expect(sameValue([1, 2], [2, 1])).toBe(false);
  expect(sameValue({}, [])).toBe(false);
  expect(sameValue("1", 1)).toBe(false);
  fc.assert(fc.property(json, (value) => sameValue(value, structuredClone(value) as Value)));
});

test("paths lead through secrets; a value that is not known yet is no string", () => {
  const object = { metadata: secret({ name: "one", uid: unknown }) };
  expect(stringAt(object, "metadata", "name")).toBe("one");
  expect(stringAt(object, "metadata", "uid")).toBeUndefined();
  expect(at(object, "spec", "replicas")).toBeUndefined();
});
