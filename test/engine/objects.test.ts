// What happens to objects: creation, change in place, replacement, drift, adoption, deletion.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kubectl, live } from "./cluster.ts";
import { configMap, inNamespace, namespace, ObjectStack, secret } from "./objects.ts";

const space = "engine-objects";
let stack: ObjectStack;

beforeAll(async () => {
  stack = await ObjectStack.create();
  await stack.succeed("up", [namespace(space)]);
});

afterAll(() => stack?.end());

const account = (annotations: Record<string, string>) =>
  inNamespace(space, "builder", "core/v1", "ServiceAccount", { metadata: { annotations } });

const quota = (hard: Record<string, string>) =>
  inNamespace(space, "limits", "core/v1", "ResourceQuota", { spec: { hard } });

describe("an object's life", () => {
  test("is created, left alone, changed in place and deleted", async () => {
    const created = await stack.succeed("up", [namespace(space), account({ team: "one" })]);
    expect(created.steps).toEqual(["create builder"]);
    const quiet = await stack.succeed("preview", [namespace(space), account({ team: "one" })], {}, [
      "--expect-no-changes",
    ]);
    expect(quiet.steps).toEqual([]);

    const changed = await stack.succeed("up", [namespace(space), account({ team: "two" })]);
    expect(changed.steps).toEqual(["update builder"]);
    expect(await live(space, "serviceaccount/builder")).toMatchObject({ metadata: { annotations: { team: "two" } } });

    const deleted = await stack.succeed("up", [namespace(space)]);
    expect(deleted.steps).toEqual(["delete builder"]);
    await expect(live(space, "serviceaccount/builder")).rejects.toThrow("NotFound");
  });

  test("a field that leaves the program leaves the object", async () => {
    await stack.succeed("up", [namespace(space), account({ keep: "a", drop: "b" })]);
    await stack.succeed("up", [namespace(space), account({ keep: "a" })]);
    const { metadata } = (await live(space, "serviceaccount/builder")) as unknown as {
      metadata: { annotations: object };
    };
    expect(metadata.annotations).toEqual({ keep: "a" });
  });

  test("a change is shown field by field before it is made", async () => {
    await stack.succeed("up", [namespace(space), account({ "pergola.dev/team": "one" })]);
    const preview = await stack.succeed("preview", [namespace(space), account({ "pergola.dev/team": "two" })]);
    const step = preview.events.find(({ resourcePreEvent }) => resourcePreEvent?.metadata.op === "update");
    expect(step?.resourcePreEvent?.metadata.detailedDiff).toEqual({
      'metadata.annotations["pergola.dev/team"]': { diffKind: "update", inputDiff: true },
    });
  });

  test("a name that the program does not give is made up and kept", async () => {
    const unnamed = { name: "unnamed", module: "core/v1", kind: "ConfigMap", args: { metadata: { namespace: space } } };
    await stack.succeed("up", [namespace(space), unnamed]);
    expect((await stack.engine.resource("unnamed"))?.id).toMatch(/^engine-objects\/unnamed-[0-9a-f]{8}$/);
    await stack.succeed("preview", [namespace(space), unnamed], {}, ["--expect-no-changes"]);
  });
});

describe("replacement", () => {
  test("a ConfigMap's content: delete first, then create, since the name is fixed", async () => {
    await stack.succeed("up", [namespace(space), configMap(space, "settings", { a: "1" })]);
    const replaced = await stack.succeed("up", [namespace(space), configMap(space, "settings", { a: "2" })]);
    expect(replaced.steps).toEqual(["delete-replaced settings", "replace settings", "create-replacement settings"]);
    expect(await live(space, "configmap/settings")).toMatchObject({ data: { a: "2" } });
  });

  test("another name: create first, then delete", async () => {
    const named = (name: string) => ({ ...configMap(space, name, {}), name: "renamed" });
    await stack.succeed("up", [namespace(space), named("before")]);
    const { steps } = await stack.succeed("up", [namespace(space), named("after")]);
    expect(steps).toEqual(["create-replacement renamed", "replace renamed", "delete-replaced renamed"]);
  });

  test("a Secret's content replaces it, with enableSecretMutable it changes in place", async () => {
    const before = await stack.succeed("up", [namespace(space), secret(space, "credentials", { password: "first" })]);
    expect(before.steps).toContain("create credentials");
    const replaced = await stack.succeed("up", [
      namespace(space),
      secret(space, "credentials", { password: "second" }),
    ]);
    expect(replaced.steps).toContain("create-replacement credentials");
    const mutable = { provider: { enableSecretMutable: true } };
    const changed = await stack.succeed(
      "up",
      [namespace(space), secret(space, "credentials", { password: "third" })],
      mutable,
    );
    expect(changed.steps).toEqual(["update credentials"]);
    expect(await live(space, "secret/credentials")).toMatchObject({
      data: { password: Buffer.from("third").toString("base64") },
    });
  });

  test("a role binding's role, which the API server lets nobody change", async () => {
    const binding = (role: string) =>
      inNamespace(space, "binding", "rbac/v1", "RoleBinding", {
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role },
        subjects: [{ kind: "ServiceAccount", name: "builder", namespace: space }],
      });
    await stack.succeed("up", [namespace(space), binding("one")]);
    const preview = await stack.succeed("preview", [namespace(space), binding("two")]);
    expect(preview.steps).toContain("replace binding");
    await stack.succeed("up", [namespace(space), binding("two")]);
    expect(await live(space, "rolebinding/binding")).toMatchObject({ roleRef: { name: "two" } });
  });
});

describe("drift", () => {
  test("a deleted object is seen by refresh and created again by up", async () => {
    const objects = [namespace(space), account({ team: "one" })];
    await stack.succeed("up", objects);
    await kubectl(["delete", "serviceaccount", "builder", "-n", space]);
    expect((await stack.succeed("refresh", objects)).steps).toContain("delete builder");
    expect((await stack.succeed("up", objects)).steps).toEqual(["create builder"]);
  });

  test("a field of ours that was removed is seen by refresh and put back", async () => {
    const objects = [namespace(space), quota({ pods: "10", "limits.cpu": "2000m" })];
    await stack.succeed("up", objects);
    await kubectl([
      "patch",
      "resourcequota",
      "limits",
      "-n",
      space,
      "--type=json",
      "-p",
      '[{"op":"remove","path":"/spec/hard/pods"}]',
    ]);
    const refreshed = await stack.succeed("refresh", objects);
    expect(refreshed.steps).toEqual(["update limits"]);
    expect((await stack.succeed("up", objects)).steps).toEqual(["update limits"]);
    expect(await live(space, "resourcequota/limits")).toMatchObject({ spec: { hard: { pods: "10" } } });
  });

  test("what others add, and amounts that the API server writes differently, are no drift", async () => {
    const objects = [namespace(space), quota({ pods: "10", "limits.cpu": "2000m" })];
    await stack.succeed("up", objects);
    await kubectl(["annotate", "--overwrite", "resourcequota", "limits", "-n", space, "owner=somebody"]);
    await stack.succeed("refresh", objects);
    await stack.succeed("preview", objects, {}, ["--expect-no-changes"]);
  });
});

describe("objects that are there already", () => {
  test("are not taken over", async () => {
    await kubectl(["create", "configmap", "theirs", "-n", space, "--from-literal=a=1"]);
    const up = await stack.operate("up", [namespace(space), configMap(space, "theirs", { a: "2" })]);
    expect(up.code).not.toBe(0);
    expect(up.shown).toContain("already exists");
    expect(await live(space, "configmap/theirs")).toMatchObject({ data: { a: "1" } });
  });

  test("can be imported, and read without being managed", async () => {
    await kubectl(["create", "configmap", "known", "-n", space, "--from-literal=a=1"]);
    const imported = configMap(space, "known", { a: "1" }, { import: `${space}/known` });
    const read = {
      name: "reader",
      module: "core/v1",
      kind: "ConfigMap",
      get: `${space}/known`,
      options: { dependsOn: ["known"] },
    };
    const { steps } = await stack.succeed("up", [namespace(space), imported, read], { outputs: ["reader.data.a"] });
    expect(steps).toEqual(expect.arrayContaining(["import known", "read reader"]));
    expect(JSON.parse(await stack.engine.run(["stack", "output", "--json"]))).toEqual({
      outputs: { "reader.data.a": "1" },
    });
  });
});
