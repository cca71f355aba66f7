import { describe, expect, test } from "vitest";
import type { CheckContext } from "../../../../../local/pulumi/kubernetes/check.ts";
import { checkInputs } from "../../../../../local/pulumi/kubernetes/check.ts";
import {
  builtInNamespaced,
  idOf,
  parseId,
  refusal,
  typeOfToken,
} from "../../../../../local/pulumi/kubernetes/kinds.ts";
import { secret, unknown } from "../../../../../local/pulumi/wire.ts";

const context: CheckContext = {
  type: { apiVersion: "v1", kind: "ConfigMap" },
  resourceName: "My settings",
  olds: undefined,
  randomSeed: new Uint8Array([1, 2, 3]),
  namespaced: true,
  defaultNamespace: "team",
};

describe("names", () => {
  test("a given name and namespace stay as they are", () => {
    const inputs = { metadata: { name: "one", namespace: "space" } };
    expect(checkInputs(inputs, context)).toEqual({ inputs, failures: [] });
  });

  test("a missing name is made from the resource's, fit for Kubernetes, and marked", () => {
    const { inputs } = checkInputs({}, context);
    expect(inputs.metadata).toMatchObject({
      name: expect.stringMatching(/^my-settings-[0-9a-f]{8}$/),
      namespace: "team",
      annotations: { "pulumi.com/autonamed": "true" },
    });
  });

  test("a made-up name is kept; another seed, another name", () => {
    const { inputs: olds } = checkInputs({}, context);
    const other = { ...context, randomSeed: new Uint8Array([9]) };
    expect(checkInputs({}, { ...other, olds }).inputs.metadata).toEqual(olds.metadata);
    expect(checkInputs({}, other).inputs.metadata).not.toEqual(olds.metadata);
  });

  test("a name that the program gave before is not kept once it gives none", () => {
    const olds = { metadata: { name: "given", namespace: "team" } };
    expect(checkInputs({}, { ...context, olds }).inputs.metadata).not.toMatchObject({ name: "given" });
  });

  test("an object without a namespace gets none; nor does one of a kind that is not known", () => {
    const inputs = { metadata: { name: "one" } };
    expect(checkInputs(inputs, { ...context, namespaced: false }).inputs).toEqual(inputs);
    expect(checkInputs(inputs, { ...context, namespaced: undefined }).inputs).toEqual(inputs);
  });

  test("while the cluster cannot say whether a kind lies in namespaces, the namespace of the last time stays", () => {
    const olds = { metadata: { name: "one", namespace: "team" } };
    const inputs = { metadata: { name: "one" } };
    expect(checkInputs(inputs, { ...context, olds, namespaced: undefined }).inputs).toEqual(olds);
  });

  test("metadata that is secret or not known yet is left as it is", () => {
    expect(checkInputs({ metadata: unknown }, context).inputs).toEqual({ metadata: unknown });
    const given = { metadata: secret({ name: "one", namespace: "space" }) };
    expect(checkInputs(given, context).inputs).toEqual(given);
  });
});

describe("what is refused", () => {
  test.each([
    [{ generateName: "a-" }, "metadata.generateName", "set metadata.name"],
    [
      { annotations: { "pulumi.com/patchForce": "true" } },
      'metadata.annotations["pulumi.com/patchForce"]',
      "never forces",
    ],
    [
      { annotations: { "pulumi.com/waitFor": "x" } },
      'metadata.annotations["pulumi.com/waitFor"]',
      "waits by kind only",
    ],
  ])("%j", (metadata, property, reason) => {
    const { failures } = checkInputs({ metadata: { name: "one", ...metadata } }, context);
    expect(failures).toEqual([{ property, reason: expect.stringContaining(reason) }]);
  });

  test("metadata that is no object", () => {
    expect(checkInputs({ metadata: "one" }, context).failures).toEqual([
      { property: "metadata", reason: "metadata must be an object" },
    ]);
  });

  test.each([
    [
      "kubernetes:core/v1:ServiceAccountPatch",
      { apiVersion: "v1", kind: "ServiceAccount" },
      "does not patch objects of others",
    ],
    ["kubernetes:core/v1:ServiceAccountPatch", {}, "does not patch objects of others"],
    ["kubernetes:core/v1:SecretList", { apiVersion: "v1", kind: "SecretList", items: [] }, "one object per resource"],
    ["kubernetes:helm.sh/v3:Release", {}, "renders no YAML files, charts or kustomizations"],
    ["kubernetes:yaml/v2:ConfigGroup", {}, "renders no YAML files, charts or kustomizations"],
    ["kubernetes:index:Thing", {}, "does not know this type"],
  ])("%s %j", (token, inputs, reason) => {
    expect(refusal(token, inputs)).toContain(reason);
  });

  test("a custom kind whose own name ends in Patch or List is an object like any other", () => {
    expect(refusal("kubernetes:a.dev/v1:DogPatch", { apiVersion: "a.dev/v1", kind: "DogPatch" })).toBeUndefined();
    expect(refusal("kubernetes:a.dev/v1:AllowList", { apiVersion: "a.dev/v1", kind: "AllowList" })).toBeUndefined();
  });
});

test.each([
  ["v1 ConfigMap", true],
  ["v1 PersistentVolume", false],
  ["apps/v1 Deployment", true],
  ["networking.k8s.io/v1 NetworkPolicy", true],
  ["rbac.authorization.k8s.io/v1 RoleBinding", true],
  ["rbac.authorization.k8s.io/v1 ClusterRole", false],
  ["storage.k8s.io/v1 VolumeAttributesClass", false],
  ["resource.k8s.io/v1 DeviceClass", false],
  ["networking.k8s.io/v1 ServiceCIDR", false],
  // Definitions add these: only the cluster knows.
  ["gateway.networking.k8s.io/v1 GatewayClass", undefined],
  ["snapshot.storage.k8s.io/v1 VolumeSnapshotClass", undefined],
  ["storage.k8s.io/v9 NotThereYet", undefined],
  ["engine.pergola.dev/v1 Widget", undefined],
])("%s lies in namespaces, as far as is known without the cluster: %s", (type, expected) => {
  const [apiVersion, kind] = type.split(" ") as [string, string];
  expect(builtInNamespaced({ apiVersion, kind })).toBe(expected);
});

test("tokens name types, ids name objects", () => {
  expect(typeOfToken("kubernetes:core/v1:Secret")).toEqual({ apiVersion: "v1", kind: "Secret" });
  expect(typeOfToken("kubernetes:rbac.authorization.k8s.io/v1:Role")).toEqual({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
  });
  expect(typeOfToken("kubernetes:yaml:ConfigFile")).toBeUndefined();
  expect(idOf({ metadata: { name: "one", namespace: "space" } })).toBe("space/one");
  expect(parseId("space/one")).toEqual({ namespace: "space", name: "one" });
  expect(parseId("one")).toEqual({ name: "one" });
});
