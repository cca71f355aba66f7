// Waiting for readiness, custom resources, and clusters that cannot be asked.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kubectl, live, unreachableKubeconfig } from "./cluster.ts";
import { configMap, deployment, inNamespace, namespace, ObjectStack } from "./objects.ts";

const space = "engine-waits";
let stack: ObjectStack;

beforeAll(async () => {
  stack = await ObjectStack.create();
});

afterAll(() => stack?.end());

test("a preview works before the namespace exists, and leaves nothing behind", async () => {
  const objects = [namespace(space), configMap(space, "settings", { a: "1" }), deployment(space, "web")];
  const { steps } = await stack.succeed("preview", objects);
  expect([...steps].sort()).toEqual(["create namespace", "create settings", "create web"]);
  await expect(kubectl(["get", "namespace", space])).rejects.toThrow("NotFound");
});

describe("readiness", () => {
  test("up returns when a Deployment is rolled out and its Service has an endpoint", async () => {
    const service = inNamespace(space, "web-service", "core/v1", "Service", {
      metadata: { name: "web" },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
    });
    await stack.succeed("up", [namespace(space), deployment(space, "web"), service]);
    expect(await live(space, "deployment/web")).toMatchObject({ status: { availableReplicas: 1 } });
    const { subsets } = (await live(space, "endpoints/web")) as unknown as { subsets: unknown[] };
    expect(subsets).toHaveLength(1);
  });

  test("a wait that fails says what the cluster says, keeps the state, and is taken up again by the next up", async () => {
    const broken = deployment(
      space,
      "stuck",
      { image: "pergola.local/not-there:1" },
      { customTimeouts: { create: "6s" } },
    );
    const failed = await stack.operate("up", [namespace(space), broken]);
    expect(failed.code).not.toBe(0);
    expect(failed.shown).toContain("pergola.local/not-there:1");
    expect((await stack.engine.resource("stuck"))?.initErrors).not.toHaveLength(0);

    const repaired = await stack.succeed("up", [namespace(space), deployment(space, "stuck")]);
    expect(repaired.steps).toContain("update stuck");
    expect((await stack.engine.resource("stuck"))?.initErrors ?? []).toHaveLength(0);
  });

  test("a pod that no node takes says why", async () => {
    const pending = deployment(
      space,
      "pending",
      { resources: { requests: { cpu: "500" } } },
      { customTimeouts: { create: "4s" } },
    );
    const failed = await stack.operate("up", [namespace(space), pending]);
    expect(failed.shown).toContain("Insufficient cpu");
  });

  test("is not waited for with pulumi.com/skipAwait", async () => {
    const waits = deployment(space, "skipped", { image: "pergola.local/not-there:1" });
    const skipped = {
      ...waits,
      args: {
        ...waits.args,
        metadata: { name: "skipped", namespace: space, annotations: { "pulumi.com/skipAwait": "true" } },
      },
    };
    expect((await stack.succeed("up", [namespace(space), skipped])).steps).toContain("create skipped");
  });
});

test("a custom resource is created right after its definition, and both are previewed before either is there", async () => {
  const schema = {
    type: "object",
    properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
  };
  const definition = {
    name: "definition",
    module: "apiextensions/v1",
    kind: "CustomResourceDefinition",
    args: {
      metadata: { name: "widgets.engine.pergola.dev" },
      spec: {
        group: "engine.pergola.dev",
        scope: "Namespaced",
        names: { plural: "widgets", singular: "widget", kind: "Widget" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    },
  };
  const widget = (size: number) => ({
    ...inNamespace(space, "widget", "apiextensions", "CustomResource", {
      apiVersion: "engine.pergola.dev/v1",
      kind: "Widget",
      spec: { size },
    }),
    options: { dependsOn: ["namespace", "definition"] },
  });
  const preview = await stack.succeed("preview", [namespace(space), definition, widget(1)]);
  expect(preview.steps).toEqual(expect.arrayContaining(["create definition", "create widget"]));
  await stack.succeed("up", [namespace(space), definition, widget(1)]);
  expect((await stack.succeed("up", [namespace(space), definition, widget(2)])).steps).toEqual(["update widget"]);
  expect(await live(space, "widgets.engine.pergola.dev/widget")).toMatchObject({ spec: { size: 2 } });
  await stack.succeed("up", [namespace(space)]);
});

test("a cluster that cannot be reached: the preview works and says so, up fails and says so, nothing is lost", async () => {
  await using lonely = await ObjectStack.create();
  const kubeconfig = await unreachableKubeconfig(lonely.engine.folder);
  const objects = [namespace("engine-lonely"), configMap("engine-lonely", "settings", { a: "1" })];
  const preview = await lonely.succeed("preview", objects, { kubeconfig });
  expect([...preview.steps].sort()).toEqual(["create namespace", "create settings"]);
  expect(preview.diagnostics.join()).toContain("127.0.0.1:1");
  const up = await lonely.operate("up", objects, { kubeconfig });
  expect(up.code).not.toBe(0);
  expect(up.diagnostics.join()).toContain("127.0.0.1:1");
  expect(await lonely.engine.resource("namespace")).toBeUndefined();
});
