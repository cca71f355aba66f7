// What only our own language host and provider say and refuse; the other engine tests hold for Pulumi's own parts too.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyAs, kubectl, unreachableKubeconfig } from "./cluster.ts";
import { EngineStack } from "./engine.ts";
import { configMap, deployment, inNamespace, namespace, ObjectStack } from "./objects.ts";
import { smallProgram } from "./smallProgram.ts";

const space = "engine-own";
let stack: ObjectStack;

beforeAll(async () => {
  stack = await ObjectStack.create({ provider: { enableConfigMapMutable: true } });
  await stack.succeed("up", [namespace(space)]);
});

afterAll(() => stack?.end());

const shown = async (...request: Parameters<ObjectStack["operate"]>) => {
  const result = await stack.operate(...request);
  expect(result.code, result.shown).not.toBe(0);
  return result.shown;
};

describe("the Kubernetes provider", () => {
  test("names manager, field and ways out of a conflict", async () => {
    await stack.succeed("up", [namespace(space), configMap(space, "settings", { a: "1" })]);
    const metadata = { name: "settings", namespace: space };
    await applyAs("operator", { apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "9" } }, "--force-conflicts");
    const text = await shown("up", [namespace(space), configMap(space, "settings", { a: "2" })]);
    expect(text).toContain(
      `ConfigMap ${space}/settings: conflict with manager "operator" on .data.a. Nothing was forced.`,
    );
    expect(text).toContain('have "operator" give them up');
  });

  test("refuses an object of others already in the preview", async () => {
    await kubectl(["create", "configmap", "theirs", "-n", space, "--from-literal=a=1"]);
    const text = await shown("preview", [namespace(space), configMap(space, "theirs", {})]);
    expect(text).toContain(`ConfigMap ${space}/theirs already exists in cluster`);
  });

  test("says that an object is gone, and what to run: preview and up alike", async () => {
    const account = (team: string) =>
      inNamespace(space, "builder", "core/v1", "ServiceAccount", { metadata: { annotations: { team } } });
    await stack.succeed("up", [namespace(space), account("one")]);
    await kubectl(["delete", "serviceaccount", "builder", "-n", space]);
    for (const operation of ["preview", "up"] as const) {
      const text = await shown(operation, [namespace(space), account("two")]);
      expect(text).toContain(`ServiceAccount ${space}/builder is gone from the cluster; run pulumi refresh`);
    }
    await stack.succeed("refresh", [namespace(space), account("two")]);
    expect((await stack.succeed("up", [namespace(space), account("two")])).steps).toContain("create builder");
  });

  test("says what was waited for, for how long, and what the pod says", async () => {
    const broken = deployment(
      space,
      "stuck",
      { image: "pergola.local/not-there:1" },
      { customTimeouts: { create: "5s" } },
    );
    const text = await shown("up", [namespace(space), broken]);
    expect(text).toContain(`Deployment ${space}/stuck is not ready: 0 of 1 replicas available after 5 s`);
    expect(text).toMatch(/Pod engine-own\/stuck-.*: .*(ErrImagePull|ImagePullBackOff)/);
  });

  test("says which cluster cannot be reached, and what a preview is worth then", async () => {
    const kubeconfig = await unreachableKubeconfig(stack.engine.folder);
    await using lonely = await ObjectStack.create({ kubeconfig });
    const said = 'cluster "nowhere" (https://127.0.0.1:1) cannot be reached: connect ECONNREFUSED 127.0.0.1:1';
    const { diagnostics } = await lonely.succeed("preview", [
      namespace("engine-lonely"),
      configMap("engine-lonely", "settings", {}),
    ]);
    expect(diagnostics).toEqual([`${said}; this preview shows what the program says, which no API server has checked`]);
    expect((await lonely.operate("up", [namespace("engine-lonely")])).diagnostics).toContain(said);
  });

  test("refuses patches of other people's objects, and settings that it does not do, with the reason", async () => {
    const patch = inNamespace(space, "patch", "core/v1", "ServiceAccountPatch", { metadata: { name: "default" } });
    expect(await shown("preview", [namespace(space), patch])).toContain(
      "does not patch objects of others, since two owners",
    );
    const provider = { renderYamlToDirectory: "/nowhere", enableServerSideApply: false };
    const text = await shown("preview", [namespace(space)], { provider });
    expect(text).toContain("does not take renderYamlToDirectory");
    expect(text).toContain("leave enableServerSideApply out");
  });
});

describe("the language host", () => {
  test.each([
    ["nodejs", "Write runtime: {name: nodejs, options: {typescript: false}}"],
    [
      "{ name: nodejs, options: { typescript: false, loader: tsx } }",
      "runtime.options.loader is not known to Pergola's Node language host",
    ],
  ])("refuses runtime %s by name", async (runtime, message) => {
    await using program = await smallProgram("", runtime);
    await using small = await EngineStack.create({ program: program.folder });
    expect((await small.operate("preview")).shown).toContain(message);
  });

  test("is named by pulumi about, and says what to run instead of pulumi install", async () => {
    await using program = await smallProgram("");
    await using small = await EngineStack.create({ program: program.folder });
    expect(await small.run(["about"])).toContain("Pergola's own (local/pulumi/languageHost.ts)");
    await expect(small.run(["install"])).rejects.toThrow("installs nothing; run npm ci in");
  });
});
