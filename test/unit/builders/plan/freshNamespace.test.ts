import { describe, expect, it } from "vitest";
import type { BuildkitPlan, KanikoPlan } from "../../../../builders/plan/plan.ts";
import type { BuildSetup, ModeName } from "../../../../infra/setup.ts";
import { buildSetup } from "../../../../infra/setup.ts";
import {
  errorOf,
  image,
  localSetup,
  type PlanOptions,
  planBuild,
  planOptions,
  type SetupInput,
  withPattern,
} from "../samples.ts";

const options: PlanOptions = { ...planOptions, namespace: "shop-preview-7", tags: ["t"], buildId: "1" };

const plan = (setup: BuildSetup, more: Partial<PlanOptions> = {}) =>
  planBuild(setup, image(), { ...options, ...more }) as BuildkitPlan | KanikoPlan;
const setupWith = (change: (input: SetupInput) => void = () => {}) =>
  localSetup((input) => {
    withPattern(input);
    change(input);
  });
const hashOf = (setup: BuildSetup) => plan(setup).freshNamespace!.record.metadata.annotations!["pergola.dev/spec-hash"];

describe("the plan of a build in a fresh namespace", () => {
  it.each(["cluster-buildkit", "kaniko"] satisfies ModeName[])("has what %s needs there", (mode) => {
    const planned = plan(setupWith(), { mode });
    expect(planned.namespace).toBe("shop-preview-7");
    const { freshNamespace } = planned;
    expect(freshNamespace).toMatchObject({
      environment: "local",
      podSecurity: mode === "kaniko" ? "baseline" : "privileged",
      pullSecret: { name: "pull", from: "pergola-buildkit" },
    });
    expect(freshNamespace!.manifests.map(({ kind }) => kind)).toEqual(["ServiceAccount", "NetworkPolicy", "Role"]);
    for (const { metadata } of [...freshNamespace!.manifests, freshNamespace!.record]) {
      expect(metadata.namespace).toBe("shop-preview-7");
    }
    // The builder itself mounts the copy.
    expect(JSON.stringify(mode === "kaniko" ? "pod" in planned && planned.pod : planned)).toContain(
      '"imagePullSecrets":[{"name":"pull"}]',
    );
  });

  it("records what was made, and carries the BuildSetup on, without the name of a context", () => {
    const setup = setupWith();
    const { record } = plan(setup).freshNamespace!;
    expect(record.metadata).toMatchObject({
      name: "pergola-setup",
      annotations: { "pergola.dev/made-here": "NetworkPolicy/pergola-egress,Secret/pull" },
    });
    expect(record.metadata.labels).toBeUndefined();
    const { "setup.json": text } = record.data as Record<string, string>;
    expect(buildSetup.parse(JSON.parse(text!))).toEqual({ ...setup, cluster: { ...setup.cluster, context: null } });
  });

  it("is the same for a BuildSetup whose keys came in another order, and another one for other content", () => {
    const turned = setupWith((input) => {
      const { objects } = input.freshNamespaces as { objects: { spec?: object }[] };
      objects[1]!.spec = { a: 2, b: 1 };
    });
    expect(plan(turned).freshNamespace!.record).toEqual(plan(setupWith()).freshNamespace!.record);
    const other = setupWith((input) => {
      const { objects } = input.freshNamespaces as { objects: { spec?: object }[] };
      objects[1]!.spec = { a: 2, b: 2 };
    });
    expect(hashOf(other)).not.toBe(hashOf(setupWith()));
    const withoutSecret = setupWith((input) => {
      input.pullSecrets = [];
    });
    expect(hashOf(withoutSecret)).not.toBe(hashOf(setupWith()));
  });

  it("does not change what was made when something else of the BuildSetup does", () => {
    const other = setupWith((input) => {
      input.cache = [];
    });
    expect(hashOf(other)).toBe(hashOf(setupWith()));
  });

  it("makes nothing in a namespace of the stack", () => {
    expect(plan(setupWith(), { namespace: "pergola-buildkit" })).not.toHaveProperty("freshNamespace");
  });

  it("cannot be made of a BuildSetup that does not say what such namespaces get", () => {
    const setup = setupWith((input) => {
      input.freshNamespaces = null;
    });
    expect(errorOf(() => plan(setup))).toMatchObject({ code: "setup-invalid", path: "freshNamespaces" });
  });
});

describe("a BuildSetup", () => {
  it.each([
    { kind: "ClusterRole", metadata: { name: "x" } },
    { kind: "Secret", metadata: { name: "x" } },
    { kind: "Role", metadata: { name: "x", namespace: "kube-system" } },
  ])("is not accepted with %j for fresh namespaces", (object) => {
    const input = () =>
      setupWith((setup) => {
        (setup.freshNamespaces as { objects: object[] }).objects = [{ apiVersion: "v1", ...object }];
      });
    expect(input).toThrow(/freshNamespaces/);
  });
});
