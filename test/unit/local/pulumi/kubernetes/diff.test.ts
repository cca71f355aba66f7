import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { writePath } from "../../../../../local/pulumi/changes.ts";
import { diffObject } from "../../../../../local/pulumi/kubernetes/diff.ts";
import type { ValueMap } from "../../../../../local/pulumi/wire.ts";
import { secret, unknown } from "../../../../../local/pulumi/wire.ts";

const fixed = { enableSecretMutable: false, enableConfigMapMutable: false };
const mutable = { enableSecretMutable: true, enableConfigMapMutable: true };

function object(apiVersion: string, kind: string, fields: ValueMap = {}): ValueMap {
  return { apiVersion, kind, metadata: { name: "one", namespace: "space" }, ...fields };
}

function diff(olds: ValueMap, news: ValueMap, settings = fixed) {
  return diffObject(olds, news, { apiVersion: String(news.apiVersion), kind: String(news.kind) }, settings);
}

const replaced = (change: ReturnType<typeof diff>) =>
  change.fields.filter(({ replaces }) => replaces).map(({ path }) => path);

describe("what replaces an object, as with the official provider", () => {
  const labels = (app: string) => ({ matchLabels: { app } });
  const containers = (image: string) => ({ containers: [{ name: "c", image }] });
  test.each<[string, string, string, ValueMap, ValueMap, string[]]>([
    [
      "a Deployment's selector",
      "apps/v1",
      "Deployment",
      { spec: { selector: labels("a") } },
      { spec: { selector: labels("b") } },
      ["spec.selector.matchLabels.app"],
    ],
    [
      "not its image",
      "apps/v1",
      "Deployment",
      { spec: { template: { spec: containers("a") } } },
      { spec: { template: { spec: containers("b") } } },
      [],
    ],
    [
      "a StatefulSet's service",
      "apps/v1",
      "StatefulSet",
      { spec: { serviceName: "a" } },
      { spec: { serviceName: "b" } },
      ["spec.serviceName"],
    ],
    [
      "a Job's template",
      "batch/v1",
      "Job",
      { spec: { template: { spec: containers("a") } } },
      { spec: { template: { spec: containers("b") } } },
      ["spec.template.spec.containers[0].image"],
    ],
    ["a Pod's image", "v1", "Pod", { spec: containers("a") }, { spec: containers("b") }, ["spec.containers[0].image"]],
    [
      "a Service's address",
      "v1",
      "Service",
      { spec: { clusterIP: "10.0.0.1" } },
      { spec: { clusterIP: "None" } },
      ["spec.clusterIP"],
    ],
    ["not its type", "v1", "Service", { spec: { type: "ClusterIP" } }, { spec: { type: "NodePort" } }, []],
    [
      "a binding's role",
      "rbac.authorization.k8s.io/v1",
      "RoleBinding",
      { roleRef: { name: "a" } },
      { roleRef: { name: "b" } },
      ["roleRef.name"],
    ],
    [
      "not a role's rules",
      "rbac.authorization.k8s.io/v1",
      "Role",
      { rules: [{ verbs: ["get"] }] },
      { rules: [{ verbs: ["list"] }] },
      [],
    ],
    [
      "a claim's class",
      "v1",
      "PersistentVolumeClaim",
      { spec: { storageClassName: "a" } },
      { spec: { storageClassName: "b" } },
      ["spec.storageClassName"],
    ],
    [
      "not a claim's size",
      "v1",
      "PersistentVolumeClaim",
      { spec: { resources: { requests: { storage: "1Gi" } } } },
      { spec: { resources: { requests: { storage: "2Gi" } } } },
      [],
    ],
    [
      "a volume's source",
      "v1",
      "PersistentVolume",
      { spec: { hostPath: { path: "/a" } } },
      { spec: { hostPath: { path: "/b" } } },
      ["spec.hostPath.path"],
    ],
    [
      "a storage class's provisioner",
      "storage.k8s.io/v1",
      "StorageClass",
      { provisioner: "a" },
      { provisioner: "b" },
      ["provisioner"],
    ],
    [
      "a quota's scopes",
      "v1",
      "ResourceQuota",
      { spec: { scopes: ["A"] } },
      { spec: { scopes: ["B"] } },
      ["spec.scopes[0]"],
    ],
    ["not its limits", "v1", "ResourceQuota", { spec: { hard: { pods: "1" } } }, { spec: { hard: { pods: "2" } } }, []],
    ["a field that comes with its whole parent", "v1", "Service", {}, { spec: { clusterIP: "None" } }, ["spec"]],
  ])("%s", (_title, apiVersion, kind, olds, news, expected) => {
    const change = diff(object(apiVersion, kind, olds), object(apiVersion, kind, news));
    expect(change.fields).not.toEqual([]);
    expect(replaced(change)).toEqual(expected);
  });

  test("name and namespace of everything, and the kind", () => {
    const olds = object("v1", "ServiceAccount");
    expect(replaced(diff(olds, { ...olds, metadata: { name: "two", namespace: "space" } }))).toEqual(["metadata.name"]);
    expect(replaced(diff(olds, { ...olds, metadata: { name: "one", namespace: "other" } }))).toEqual([
      "metadata.namespace",
    ]);
    expect(replaced(diff(olds, { ...olds, kind: "Secret" }))).toEqual(["kind"]);
  });

  test("another API group, not another version of the same", () => {
    expect(replaced(diff(object("batch/v1beta1", "CronJob"), object("batch/v1", "CronJob")))).toEqual([]);
    expect(replaced(diff(object("extensions/v1beta1", "Ingress"), object("networking.k8s.io/v1", "Ingress")))).toEqual([
      "apiVersion",
    ]);
  });

  test.each([
    ["Secret", "data"],
    ["Secret", "stringData"],
    ["ConfigMap", "data"],
    ["ConfigMap", "binaryData"],
  ])("a %s's %s, unless it may be mutated and is not immutable", (kind, member) => {
    const [olds, news] = [object("v1", kind, { [member]: { a: "1" } }), object("v1", kind, { [member]: { a: "2" } })];
    expect(replaced(diff(olds, news))).toEqual([`${member}.a`]);
    expect(replaced(diff(olds, news, mutable))).toEqual([]);
    expect(replaced(diff({ ...olds, immutable: true }, { ...news, immutable: true }, mutable))).toEqual([
      `${member}.a`,
    ]);
  });

  test("a Secret's type, always", () => {
    expect(
      replaced(diff(object("v1", "Secret", { type: "a" }), object("v1", "Secret", { type: "b" }), mutable)),
    ).toEqual(["type"]);
  });
});

describe("deletion before replacement", () => {
  const settings = (a: string, metadata: ValueMap = { name: "one", namespace: "space" }) => ({
    ...object("v1", "ConfigMap", { data: { a } }),
    metadata,
  });

  test("when the name stays", () => {
    expect(diff(settings("1"), settings("2")).deleteBeforeReplace).toBe(true);
  });

  test("not when name or namespace change, when the name was made up, or when nothing is replaced", () => {
    expect(diff(settings("1"), settings("1", { name: "two", namespace: "space" })).deleteBeforeReplace).toBe(false);
    expect(diff(settings("1"), settings("2", { name: "one", namespace: "other" })).deleteBeforeReplace).toBe(false);
    const madeUp = { name: "one", namespace: "space", annotations: { "pulumi.com/autonamed": "true" } };
    expect(diff(settings("1", madeUp), settings("2", madeUp)).deleteBeforeReplace).toBe(false);
    expect(diff(settings("1"), settings("2"), mutable).deleteBeforeReplace).toBe(false);
  });
});

describe("the fields of a change", () => {
  test("secrets are compared by value, null members are absent ones, unknown values are changes", () => {
    expect(
      diff(object("v1", "Secret", { data: secret({ a: "1" }) }), object("v1", "Secret", { data: { a: "1" } })).fields,
    ).toEqual([]);
    expect(diff(object("v1", "Secret", { immutable: null }), object("v1", "Secret")).fields).toEqual([]);
    expect(
      diff(object("v1", "ConfigMap", { data: { a: "1" } }), object("v1", "ConfigMap", { data: { a: unknown } })).fields,
    ).toHaveLength(1);
  });

  test("say what comes, goes and changes, where", () => {
    const olds = object("v1", "ServiceAccount", { list: [1, 2], gone: 1, same: { a: 1 } });
    const news = object("v1", "ServiceAccount", { list: [1, 3, 4], come: 1, same: { a: 1 } });
    expect(diff(olds, news).fields.map(({ kind, path, top }) => [kind, path, top])).toEqual([
      ["add", "come", "come"],
      ["delete", "gone", "gone"],
      ["update", "list[1]", "list"],
      ["add", "list[2]", "list"],
    ]);
  });

  test("paths are the engine's: brackets for positions and for names with dots, slashes or digits", () => {
    expect(writePath(["spec", "containers", 0, "image"])).toBe("spec.containers[0].image");
    expect(writePath(["metadata", "labels", "app.kubernetes.io/name"])).toBe(
      'metadata.labels["app.kubernetes.io/name"]',
    );
    expect(writePath(["data", "0"])).toBe('data["0"]');
  });

  test("no object differs from itself, and two differ in both directions or in none", () => {
    const any = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })) as fc.Arbitrary<ValueMap>;
    fc.assert(
      fc.property(any, any, (one, other) => {
        expect(diff(object("v1", "ConfigMap", one), object("v1", "ConfigMap", one)).fields).toEqual([]);
        const there = diff(object("v1", "ConfigMap", one), object("v1", "ConfigMap", other)).fields;
        const back = diff(object("v1", "ConfigMap", other), object("v1", "ConfigMap", one)).fields;
        expect(there.map(({ path }) => path).sort()).toEqual(back.map(({ path }) => path).sort());
      }),
    );
  });
});
