import { describe, expect, test } from "vitest";
import { conflictsOf, describeConflicts, managerFor } from "../../../../../local/pulumi/kubernetes/apply.ts";
import { previewOfCreation, toOutputs } from "../../../../../local/pulumi/kubernetes/outputs.ts";
import { hideSecrets } from "../../../../../local/pulumi/kubernetes/redact.ts";
import { isSecret, secret, unknown } from "../../../../../local/pulumi/wire.ts";

describe("conflicts", () => {
  const cause = (manager: string, field: string) => ({
    reason: "FieldManagerConflict",
    message: `conflict with "${manager}" using apps/v1`,
    field,
  });
  const status = {
    details: {
      causes: [
        cause("kubectl", ".spec.replicas"),
        cause("kubectl", ".spec.paused"),
        cause("helm", ".metadata.labels.a"),
      ],
    },
  };

  test("name every manager with its fields, and what to do", () => {
    expect(describeConflicts("Deployment a/web", conflictsOf(status))).toBe(
      'Deployment a/web: conflict with manager "kubectl" on .spec.replicas, .spec.paused; conflict with manager "helm" on .metadata.labels.a. ' +
        'Nothing was forced. Either leave these fields out of the program, or have "kubectl" and "helm" give them up ' +
        "(apply without them, or delete the object and run pulumi up again)",
    );
  });

  test("another 409 is none", () => {
    expect(conflictsOf({ details: { causes: [{ reason: "AlreadyExists" }] } })).toEqual([]);
    expect(conflictsOf({})).toEqual([]);
  });

  test("two resources are two managers, one resource is always the same", () => {
    const urn = (name: string) => `urn:pulumi:s::p::kubernetes:core/v1:Secret::${name}`;
    expect(managerFor(urn("a"))).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
    expect(managerFor(urn("a"))).toBe(managerFor(urn("a")));
    expect(managerFor(urn("a"))).not.toBe(managerFor(urn("b")));
  });
});

describe("outputs", () => {
  test("a Secret's content is secret even where the inputs were not, and so is kubectl's copy of it", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": '{"data":{}}', other: "x" };
    const live = { kind: "Secret", metadata: { name: "s", managedFields: [{}], annotations }, data: { a: "eA==" } };
    const outputs = toOutputs(live, { kind: "Secret" }, "me");
    expect(outputs.data).toEqual(secret({ a: "eA==" }));
    expect(outputs.metadata).toEqual({
      name: "s",
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": secret('{"data":{}}'), other: "x" },
    });
  });

  test("what was secret in the inputs is secret in the outputs", () => {
    const outputs = toOutputs(
      { kind: "ConfigMap", data: { a: "1", b: "2" } },
      { data: { a: secret("1"), b: "2" } },
      "me",
    );
    expect(outputs.data).toEqual({ a: secret("1"), b: "2" });
    expect(isSecret(toOutputs({ kind: "ConfigMap", data: { a: "1" } }, { data: secret({ a: "1" }) }, "me").data)).toBe(
      true,
    );
  });

  test("a preview does not promise what the API server chooses at creation", () => {
    const dryRun = {
      kind: "Service",
      metadata: { name: "s", uid: "u", resourceVersion: "1" },
      spec: {
        clusterIP: "10.96.0.9",
        clusterIPs: ["10.96.0.9"],
        ports: [
          { port: 1, nodePort: 30001 },
          { port: 2, nodePort: 30500 },
        ],
      },
    };
    const preview = previewOfCreation(dryRun, { spec: { ports: [{ port: 1 }, { port: 2, nodePort: 30500 }] } });
    expect(preview).toMatchObject({
      metadata: { name: "s", uid: unknown, resourceVersion: unknown },
      spec: {
        clusterIP: unknown,
        clusterIPs: unknown,
        ports: [
          { port: 1, nodePort: unknown },
          { port: 2, nodePort: 30500 },
        ],
      },
    });
    expect(previewOfCreation(dryRun, { spec: { clusterIP: "10.96.0.9" } })).toMatchObject({
      spec: { clusterIP: "10.96.0.9" },
    });
  });
});

test("messages lose secret values, as they are and decoded, and nothing else", () => {
  const object = {
    data: secret({ a: Buffer.from("hunter22").toString("base64") }),
    env: [secret("pass-word")],
    plain: "visible",
  };
  const message = `Invalid value: "pass-word" near hunter22 and ${Buffer.from("hunter22").toString("base64")} in visible`;
  expect(hideSecrets(message, object)).toBe('Invalid value: "[secret]" near [secret] and [secret] in visible');
});
