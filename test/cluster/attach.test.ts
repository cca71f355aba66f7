// One entry of a service account's pull secrets, among writers who change the same account.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { kubectl, pergola } from "./environment.ts";
import { somebody } from "./freshEnvironment.ts";

const NAMESPACE = "test-attach";
const SECRET = "pergola-images";

const apply = (object: object) => kubectl(["apply", "--filename", "-"], object);
const secret = (name: string, type: string, data: object) =>
  apply({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: NAMESPACE }, type, stringData: data });

beforeAll(async () => {
  await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  const config = JSON.stringify({ auths: { "r.example": { auth: "dTpw" } } });
  await secret(SECRET, "kubernetes.io/dockerconfigjson", { ".dockerconfigjson": config });
  await secret("plain", "Opaque", { a: "b" });
}, 60_000);

afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

/** A new account for each test, with what others have put into it. */
let account: string;
beforeEach(async () => {
  account = `a-${randomBytes(4).toString("hex")}`;
  await kubectl(["create", "serviceaccount", account, "--namespace", NAMESPACE]);
});

const theirs = (...names: string[]) => {
  const patch = JSON.stringify({ imagePullSecrets: names.map((name) => ({ name })) });
  return kubectl(["patch", "serviceaccount", account, "-n", NAMESPACE, "--type=merge", "-p", patch]);
};

async function live(): Promise<{ names: string[]; version: string }> {
  const read = await kubectl(["get", "serviceaccount", account, "-n", NAMESPACE, "-o", "json"]);
  const { imagePullSecrets = [], metadata } = JSON.parse(read);
  return { names: imagePullSecrets.map(({ name }: { name: string }) => name), version: metadata.resourceVersion };
}

async function attach(args: readonly string[] = [], env: Record<string, string> = {}) {
  const done = await pergola(["setup", "attach", "--account", account, "--namespace", NAMESPACE, ...args], env);
  return { code: done.exitCode, stdout: done.stdout, stderr: done.stderr };
}

describe("attach", () => {
  it("adds the entry to an account without any, and detach takes it away", async () => {
    expect(await attach()).toMatchObject({ code: 0, stdout: expect.stringContaining("made from now on pull by") });
    expect((await live()).names).toEqual([SECRET]);
    const { code, stdout } = await attach(["--detach", "--output", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ...{ version: 1, namespace: NAMESPACE, account, secret: SECRET },
      ...{ attached: false, changed: true, imagePullSecrets: [] },
    });
    expect((await live()).names).toEqual([]);
  });

  it("says that it is there already, or not there, writes nothing and exits with 0", async () => {
    await theirs("first", SECRET);
    const before = await live();
    expect(await attach()).toMatchObject({ code: 0, stdout: expect.stringMatching(/already pulls .* by first\.$/) });
    expect(await live()).toEqual(before);
    expect(await attach(["--detach", "--secret", "other"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("does not pull by Secret other; nothing was changed"),
    });
    expect(await live()).toEqual(before);
  });

  it("leaves what others put there before and between runs", async () => {
    await theirs("first");
    await attach();
    await theirs("first", SECRET, "between");
    await attach();
    expect((await live()).names).toEqual(["first", SECRET, "between"]);
    await attach(["--detach"]);
    expect((await live()).names).toEqual(["first", "between"]);
  });

  it("loses no entry of its own and none of others while several write at the same time", async () => {
    const names = ["one", "two", "three"];
    for (const name of names) await secret(name, "kubernetes.io/dockerconfigjson", { ".dockerconfigjson": "{}" });
    let over = false;
    // Another controller, which changes the account by annotations as fast as it can.
    const writer = (async () => {
      for (let count = 0; !over; count++) {
        await kubectl(["annotate", "serviceaccount", account, "-n", NAMESPACE, "--overwrite", `count=${count}`]);
      }
    })();
    const add = (entry: string) => {
      const patch = JSON.stringify([{ op: "add", path: "/imagePullSecrets/-", value: { name: entry } }]);
      return kubectl(["patch", "serviceaccount", account, "-n", NAMESPACE, "--type=json", "-p", patch]);
    };
    await theirs("first");
    const runs = [...names.map((name) => attach(["--secret", name])), add("theirs-1"), add("theirs-2")];
    const ends = await Promise.all(runs).finally(() => {
      over = true;
    });
    await writer;
    expect(ends.slice(0, 3)).toMatchObject(
      names.map(() => ({ code: 0, stderr: expect.not.stringContaining("pergola:") })),
    );
    expect((await live()).names.toSorted()).toEqual(["first", ...names, "theirs-1", "theirs-2"].toSorted());
    const detached = await Promise.all(names.map((name) => attach(["--secret", name, "--detach"])));
    expect(detached.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect((await live()).names.toSorted()).toEqual(["first", "theirs-1", "theirs-2"]);
  });
});

describe("attach refuses, and says what to do", () => {
  it.each<[string, string[], number, RegExp, RegExp]>([
    [
      "an account that is not there",
      ["--account", "nobody"],
      2,
      /There is no service account nobody in namespace test-attach/,
      /kubectl create serviceaccount nobody --namespace test-attach/,
    ],
    [
      "a Secret that is not there",
      ["--secret", "missing"],
      2,
      /There is no Secret missing in namespace test-attach/,
      /pergola:cluster\.pullSecrets/,
    ],
    [
      "a Secret of another type",
      ["--secret", "plain"],
      2,
      /plain .* is of type Opaque, which nobody pulls by/,
      /--secret/,
    ],
    [
      "the account of builders",
      ["--account", "garden-in-cluster-builder"],
      2,
      /is that of builders, which Garden writes anew/,
      /pergola:cluster\.pullSecret/,
    ],
  ])("%s", async (_, args, code, message, hint) => {
    const done = await attach(args);
    expect(done.code).toBe(code);
    expect(done.stderr).toMatch(message);
    expect(done.stderr).toMatch(hint);
    expect((await live()).names).toEqual([]);
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      "nothing",
      [],
      /Not allowed to get secrets pergola-images in namespace test-attach[\s\S]*kubectl auth can-i get secrets/,
    ],
    [
      "to read alone",
      ["secrets", "serviceaccounts"],
      /Not allowed to patch serviceaccounts a-\w+ in namespace test-attach[\s\S]*kubectl auth can-i patch serviceaccounts/,
    ],
  ])("somebody who may %s", async (what, resources, message) => {
    const user = `test-${what.split(" ").at(-1)}`;
    if (resources.length > 0) {
      const group = "rbac.authorization.k8s.io";
      const metadata = { name: user, namespace: NAMESPACE };
      await apply({
        ...{ apiVersion: `${group}/v1`, kind: "Role", metadata },
        rules: [{ apiGroups: [""], resources, verbs: ["get"] }],
      });
      await apply({
        ...{ apiVersion: `${group}/v1`, kind: "RoleBinding", metadata },
        roleRef: { apiGroup: group, kind: "Role", name: user },
        subjects: [{ apiGroup: group, kind: "User", name: user }],
      });
    }
    const done = await attach([], await somebody(user, []));
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(message);
    expect((await live()).names).toEqual([]);
  });
});
