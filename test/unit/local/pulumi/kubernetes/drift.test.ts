import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { importedInputs, pickInputs } from "../../../../../local/pulumi/kubernetes/drift.ts";
import { sameQuantity } from "../../../../../local/pulumi/kubernetes/quantity.ts";
import type { ValueMap } from "../../../../../local/pulumi/wire.ts";
import { secret } from "../../../../../local/pulumi/wire.ts";

describe("what a refresh reports as inputs", () => {
  const picked = (inputs: ValueMap, live: ValueMap) => pickInputs(inputs, live);

  test("is what the program named, with the live values", () => {
    const inputs = { metadata: { name: "one", labels: { a: "1", b: "2" } }, spec: { replicas: 1 } };
    const live = {
      metadata: { name: "one", uid: "u", labels: { a: "9", c: "3" } },
      spec: { replicas: 3, strategy: "x" },
      status: {},
    };
    expect(picked(inputs, live)).toEqual({ metadata: { name: "one", labels: { a: "9" } }, spec: { replicas: 3 } });
  });

  test("elements of a list are found by their name; extra ones are others'", () => {
    const inputs = {
      containers: [
        { name: "main", image: "a" },
        { name: "gone", image: "b" },
      ],
    };
    const live = {
      containers: [
        { name: "sidecar", image: "s" },
        { name: "main", image: "z", terminationMessagePath: "/dev" },
      ],
    };
    expect(picked(inputs, live)).toEqual({ containers: [{ name: "main", image: "z" }] });
  });

  test("elements without a name are compared by position; a list of another length is all live", () => {
    expect(picked({ rules: [{ verbs: ["get"] }] }, { rules: [{ verbs: ["list"], apiGroups: [""] }] })).toEqual({
      rules: [{ verbs: ["list"] }],
    });
    expect(picked({ args: ["a"] }, { args: ["a", "b"] })).toEqual({ args: ["a", "b"] });
  });

  test("amounts keep the program's way of writing while they are the same amount", () => {
    const inputs = { spec: { hard: { "limits.cpu": "2000m", memory: "1024Mi", pods: "5" } } };
    expect(picked(inputs, { spec: { hard: { "limits.cpu": "2", memory: "1Gi", pods: "6" } } })).toEqual({
      spec: { hard: { "limits.cpu": "2000m", memory: "1024Mi", pods: "6" } },
    });
    expect(picked({ metadata: { labels: { v: "1000m" } } }, { metadata: { labels: { v: "1" } } })).toEqual({
      metadata: { labels: { v: "1" } },
    });
  });

  test("empty objects that the API server drops are no drift; fields that it lost are", () => {
    expect(picked({ spec: { emptyDir: {}, args: [], name: "x" } }, { spec: {} })).toEqual({
      spec: { emptyDir: {}, args: [] },
    });
  });

  test("a Secret's clear text is read back from its data, and stays secret", () => {
    const live = { kind: "Secret", data: { a: Buffer.from("new").toString("base64"), other: "eA==" } };
    expect(picked({ kind: "Secret", stringData: secret({ a: "old", gone: "x" }) }, live)).toEqual({
      kind: "Secret",
      stringData: secret({ a: "new" }),
    });
  });

  test("without drift it is the inputs themselves, whatever others added", () => {
    const object = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,5}$/),
      fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string())),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(object, object, (inputs, others) => {
        expect(picked({ spec: inputs }, { spec: { ...others, ...inputs }, status: others })).toEqual({ spec: inputs });
      }),
    );
  });
});

test("an import takes the whole object, less what the API server adds; a Secret's content is secret, also in kubectl's copy", () => {
  const copy = "kubectl.kubernetes.io/last-applied-configuration";
  const live = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "one",
      uid: "u",
      managedFields: [],
      labels: { a: "1" },
      annotations: { [copy]: '{"stringData":{"a":"x"}}', team: "one" },
    },
    data: { a: "eA==" },
    status: {},
  };
  expect(importedInputs(live)).toEqual({
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "one",
      labels: { a: "1" },
      annotations: { [copy]: secret('{"stringData":{"a":"x"}}'), team: "one" },
    },
    data: secret({ a: "eA==" }),
  });
});

describe("amounts", () => {
  test.each([
    ["1000m", "1", true],
    ["1", 1, true],
    ["0.5", "500m", true],
    ["1024Mi", "1Gi", true],
    ["1G", "1Gi", false],
    ["1e3", "1k", true],
    ["1.5Gi", "1536Mi", true],
    ["2", "3", false],
    ["one", "one", false],
    ["", "0", false],
  ])("%j and %j: %j", (one, other, same) => {
    expect(sameQuantity(one, other)).toBe(same);
  });

  test("n units are 1000 n of the next smaller one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        (count) => sameQuantity(`${count}`, `${count * 1000}m`) && sameQuantity(`${count}Gi`, `${count * 1024}Mi`),
      ),
    );
  });
});
