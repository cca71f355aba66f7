// Who owns what: conflicts with other managers, secrets in the state and in messages, kinds that are refused.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyAs, kubectl, live } from "./cluster.ts";
import { configMap, deployment, inNamespace, namespace, ObjectStack, secret } from "./objects.ts";

const space = "engine-ownership";
const canary = "canary-7f3a-parrot";
let stack: ObjectStack;

beforeAll(async () => {
  stack = await ObjectStack.create({ provider: { enableConfigMapMutable: true } });
  await stack.succeed("up", [namespace(space)]);
});

afterAll(() => stack?.end());

describe("a field that another manager holds", () => {
  test("is not taken from it: preview and up fail and name the manager", async () => {
    const settings = (a: string) => configMap(space, "settings", { a });
    await stack.succeed("up", [namespace(space), settings("1")]);
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: space },
      data: { a: "9" },
    };
    await applyAs("operator", object, "--force-conflicts");
    for (const operation of ["preview", "up"] as const) {
      const result = await stack.operate(operation, [namespace(space), settings("2")]);
      expect(result.code).not.toBe(0);
      expect(result.shown).toContain('"operator"');
    }
    expect(await live(space, "configmap/settings")).toMatchObject({ data: { a: "9" } });
  });

  test("may be shared as long as both want the same", async () => {
    await stack.succeed("up", [namespace(space), configMap(space, "shared", { a: "1" })]);
    await applyAs("operator", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "shared", namespace: space },
      data: { a: "1", b: "2" },
    });
    await stack.succeed("refresh", [namespace(space), configMap(space, "shared", { a: "1" })]);
    await stack.succeed("up", [namespace(space), configMap(space, "shared", { a: "1", c: "3" })]);
    expect(await live(space, "configmap/shared")).toMatchObject({ data: { a: "1", b: "2", c: "3" } });
  });

  test("keeps its manager when the resource is renamed in the program", async () => {
    const before = configMap(space, "kept", { a: "1" });
    await stack.succeed("up", [namespace(space), before]);
    const after = { ...configMap(space, "kept", { a: "2" }, { aliases: ["kept"] }), name: "renamed" };
    expect((await stack.succeed("up", [namespace(space), after])).steps).toEqual(["update renamed"]);
    expect(await live(space, "configmap/kept")).toMatchObject({ data: { a: "2" } });
  });

  test("an account that another program writes back without our annotation stays quiet, and is repaired after a refresh", async () => {
    const account = inNamespace(space, "builder", "core/v1", "ServiceAccount", {
      metadata: { annotations: { "pergola.dev/role": "push" } },
    });
    await stack.succeed("up", [namespace(space), account]);
    const seen = await kubectl(["get", "serviceaccount", "builder", "-n", space, "-o", "json"]);
    const put = JSON.parse(seen);
    put.metadata.annotations = { "garden.io/version": "1" };
    delete put.metadata.managedFields;
    await kubectl(["replace", "-f", "-"], JSON.stringify(put));
    await stack.succeed("preview", [namespace(space), account], {}, ["--expect-no-changes"]);
    await stack.succeed("refresh", [namespace(space), account]);
    expect((await stack.succeed("up", [namespace(space), account])).steps).toEqual(["update builder"]);
    expect(await live(space, "serviceaccount/builder")).toMatchObject({
      metadata: { annotations: { "garden.io/version": "1", "pergola.dev/role": "push" } },
    });
  });
});

describe("secrets", () => {
  test("are ciphertext in the state and in every file of the backend, and read back quietly", async () => {
    const objects = [
      namespace(space),
      secret(space, "credentials", { password: canary }),
      deployment(space, "reader", { env: [{ name: "TOKEN", value: { $secret: canary } }] }, {}),
    ];
    await stack.succeed("up", objects);
    expect(await live(space, "secret/credentials")).toMatchObject({
      data: { password: Buffer.from(canary).toString("base64") },
    });
    await stack.succeed("refresh", objects);
    const preview = await stack.succeed("preview", objects, {}, ["--expect-no-changes"]);
    expect(preview.shown).not.toContain(canary);

    const forms = [canary, Buffer.from(canary).toString("base64")];
    const files = await stack.engine.allFiles();
    expect(files.some(({ path }) => path.includes("/backend/.pulumi/history/"))).toBe(true);
    for (const { path, content } of files) {
      for (const form of forms) expect(content.includes(form), `${path} contains the secret`).toBe(false);
    }
    expect((await stack.engine.exportState()).text).not.toContain(canary);
  });

  test("of an imported Secret are ciphertext too, also in kubectl's copy of it", async () => {
    const theirs = { apiVersion: "v1", kind: "Secret", metadata: { name: "theirs", namespace: space } };
    await kubectl(["apply", "-f", "-"], JSON.stringify({ ...theirs, stringData: { password: canary } }));
    const provider = (await stack.engine.resource("cluster"))?.urn;
    const flags = ["--provider", `cluster=${provider}`, "--protect=false", "--generate-code=false"];
    await stack.succeed("import", [], {}, ["kubernetes:core/v1:Secret", "theirs", `${space}/theirs`, ...flags]);
    const imported = JSON.stringify((await stack.engine.resource("theirs"))?.inputs);
    expect(imported).toContain("last-applied-configuration");
    expect(imported).not.toContain(canary);
  });

  test("are hidden where the API server quotes a value that it refuses", async () => {
    const wrong = inNamespace(space, "wrong", "core/v1", "ServiceAccount", {
      metadata: { labels: { token: { $secret: `${canary}!!` } } },
    });
    const result = await stack.operate("up", [namespace(space), wrong]);
    expect(result.code).not.toBe(0);
    expect(result.shown).not.toContain(canary);
  });
});

describe("what the API server refuses", () => {
  test("an unknown field fails the preview", async () => {
    const result = await stack.operate("preview", [namespace(space), deployment(space, "wrong", { immage: "none" })]);
    expect(result.code).not.toBe(0);
    expect(result.shown).toContain("immage: field not declared in schema");
  });
});
