// A stack whose registry is somebody else's and asks for a login: builders push there and take private bases from there, workloads
// pull from there by Secrets of the stack, and whoever has a wrong password is told at once.
import { resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImage, withPullSecret } from "./build.ts";
import { kubectl, live, testKubeconfig } from "./cluster.ts";
import { createDockerStack, DOCKER_CONFIG, makeSurroundings, PLACES, removeSurroundings, USER } from "./dockerStack.ts";
import type { EngineResult, EngineStack } from "./engine.ts";
import { temporaryFolder } from "./programStack.ts";

const MODES = ["cluster-buildkit", "kaniko"] as const;
const NAMESPACE = { "cluster-buildkit": PLACES.buildkit, kaniko: PLACES.kaniko } as const;
const [SHOP, BLOG] = PLACES.workloads;
/** Seconds that a refused login may take, its pod and all: a retry would wait for longer. */
const AT_ONCE = 30;

let stack: EngineStack;
let created: EngineResult;
/** the registry by another host */
let otherHost: string;
/** path and tag of a private image that can run */
let base: string;

beforeAll(async () => {
  otherHost = await makeSurroundings();
  stack = await createDockerStack();
  created = await stack.operate("up", { environment: { TMPDIR: temporaryFolder(stack) } });
  expect(created.code, created.shown).toBe(0);
  const { images } = await buildImage(stack, "kaniko", "base", "FROM busybox:1.36\nCOPY Dockerfile /base\n");
  expect(images).toMatchObject([{ status: "built", error: null }]);
  base = images[0]!.reference.slice(PLACES.host.length);
});

afterAll(async () => {
  if (stack !== undefined) {
    await stack.operate("destroy");
    await stack[Symbol.asyncDispose]();
  }
  await removeSurroundings();
});

/** The docker config in a Secret. */
async function dockerConfig(namespace: string, name: string): Promise<unknown> {
  const { type, data } = (await live(namespace, `secret/${name}`)) as unknown as {
    type: string;
    data: Record<string, string>;
  };
  expect(type).toBe("kubernetes.io/dockerconfigjson");
  return JSON.parse(Buffer.from(data[".dockerconfigjson"]!, "base64").toString());
}

const entry = (username: string, password: string) => ({
  auth: Buffer.from(`${username}:${password}`).toString("base64"),
});

async function attach(...args: string[]) {
  const main = resolve(import.meta.dirname, "..", "..", "builders", "cli", "main.ts");
  const done = await execa(process.execPath, [main, "setup", "attach", ...args], {
    env: { KUBECONFIG: testKubeconfig() },
    stdin: "ignore",
    reject: false,
  });
  return { code: done.exitCode, stdout: done.stdout, stderr: done.stderr };
}

describe("the Secrets that up makes", () => {
  test("have the login of the registry for builders, and what workloads get in each of their namespaces", async () => {
    const { username, password } = USER;
    for (const namespace of [PLACES.buildkit, PLACES.kaniko]) {
      expect(await dockerConfig(namespace, "pergola-pull")).toEqual({
        auths: { [PLACES.host]: entry(username, password) },
      });
    }
    for (const namespace of PLACES.workloads) {
      expect(await dockerConfig(namespace, "pergola-images")).toEqual({
        auths: { [PLACES.onNode]: entry(username, password) },
      });
    }
    expect(await dockerConfig(SHOP, "by-login")).toEqual({ auths: { [PLACES.host]: entry(username, password) } });
  });

  test("leave the password in no file of the engine, and in nothing that it says", async () => {
    const login = `${USER.username}:${USER.password}`;
    const texts = [USER.password, login, DOCKER_CONFIG];
    const forms = texts.flatMap((text) => [text, Buffer.from(text).toString("base64")]);
    const { text } = await stack.exportState();
    const said = created.shown + JSON.stringify(created.events) + text;
    expect(forms.filter((form) => said.includes(form))).toEqual([]);
    const leaks = (await stack.allFiles()).filter(({ content }) =>
      forms.some((form) => content.toString("latin1").includes(form)),
    );
    expect(leaks.map(({ path }) => path)).toEqual([]);
  });
});

describe.each(MODES)("a build in %s", (mode) => {
  /** A build with other logins than the provisioned ones: its error, and how long it took to be told. */
  async function refused(name: string, dockerfile: string, logins: Readonly<Record<string, string>>) {
    const auths = Object.fromEntries(
      Object.entries(logins).map(([host, password]) => [host, entry(USER.username, password)]),
    );
    const metadata = { name: `logins-of-${name}`, namespace: NAMESPACE[mode] };
    const stringData = { ".dockerconfigjson": JSON.stringify({ auths }) };
    const secret = { apiVersion: "v1", kind: "Secret", type: "kubernetes.io/dockerconfigjson", metadata, stringData };
    await kubectl(["apply", "-f", "-"], JSON.stringify(secret));
    const began = performance.now();
    const { images } = await buildImage(stack, mode, name, dockerfile, withPullSecret(metadata.name));
    const seconds = (performance.now() - began) / 1000;
    expect(images[0]?.error?.message).not.toContain("not-it");
    return { error: images[0]?.error, seconds };
  }

  test("pushes with the login, and takes a private base image with it", async () => {
    const app = await buildImage(stack, mode, "app", `FROM ${PLACES.host}${base}\nCOPY Dockerfile /app\n`);
    expect(app.images).toMatchObject([{ status: "built", error: null }]);
  });

  test("with a wrong password is told at once that it may not push", async () => {
    const end = await refused("refused-push", "FROM scratch\nCOPY Dockerfile /\n", { [PLACES.host]: "not-it" });
    expect(end.error).toMatchObject({ code: "push-denied", message: expect.stringContaining(PLACES.host) });
    expect(end.seconds).toBeLessThan(AT_ONCE);
  });

  test("with a wrong password for its base image is told at once that it may not pull", async () => {
    // kaniko makes sure that it may push before anything else: so it has the right login for that.
    const host = { "cluster-buildkit": PLACES.host, kaniko: otherHost }[mode];
    const logins = { [PLACES.host]: USER.password, [host]: "not-it" };
    const end = await refused("refused-pull", `FROM ${host}${base}\nCOPY Dockerfile /\n`, logins);
    expect(end.error).toMatchObject({ code: "pull-denied", message: expect.stringContaining(host) });
    expect(end.seconds).toBeLessThan(AT_ONCE);
  });
});

describe("a pod of the service account default", () => {
  /** Runs a pod with the private image on the registry's node; what became of it: Running, or why it waits. */
  async function runPod(name: string): Promise<string> {
    const image = `${PLACES.onNode}${base}`;
    const container = { name: "run", image, imagePullPolicy: "Always", command: ["sleep", "1000"] };
    const spec = {
      nodeSelector: { "kubernetes.io/hostname": "apps" },
      terminationGracePeriodSeconds: 0,
      containers: [container],
    };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: SHOP }, spec };
    await kubectl(["create", "-f", "-"], JSON.stringify(pod));
    // Both ends are told by the container's state, so both are waited for.
    const state = "jsonpath={.status.containerStatuses[0].state}";
    const wait = (what: string) =>
      kubectl(["wait", `pod/${name}`, "-n", SHOP, `--for=jsonpath=${what}`, "--timeout=60s"]);
    await Promise.any([
      wait("{.status.containerStatuses[0].state.running}"),
      wait("{.status.containerStatuses[0].state.waiting.message}"),
    ]);
    return kubectl(["get", "pod", name, "-n", SHOP, "-o", state]);
  }

  test("cannot pull a private image, and one that is made after attach can; up leaves the entry", async () => {
    await kubectl(["patch", "serviceaccount", "default", "-n", SHOP, "-p", '{"imagePullSecrets":[{"name":"theirs"}]}']);
    expect(await runPod("before")).toMatch(/ErrImagePull|ImagePullBackOff/);
    const attached = await attach("--account", "default", "--namespace", SHOP, "--output", "json");
    expect(attached.code, attached.stderr).toBe(0);
    expect(JSON.parse(attached.stdout)).toEqual({
      ...{ version: 1, namespace: SHOP, account: "default", secret: "pergola-images" },
      ...{ attached: true, changed: true, imagePullSecrets: ["theirs", "pergola-images"] },
    });
    expect(await runPod("after")).toContain("running");
    const again = await stack.operate("up", { flags: ["--refresh", "--expect-no-changes"] });
    expect(again.code, again.shown).toBe(0);
    const account = await live(SHOP, "serviceaccount/default");
    expect(account.imagePullSecrets).toEqual([{ name: "theirs" }, { name: "pergola-images" }]);
  });

  test("of a namespace without the stack's Secret is not promised anything", async () => {
    const missing = await attach("--namespace", PLACES.registry);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain(`There is no Secret pergola-images in namespace ${PLACES.registry}`);
    expect(missing.stderr).toContain("pergola:cluster.pullSecrets");
  });
});

test("destroy takes the Secrets, and leaves the namespaces of others", async () => {
  const done = await stack.operate("destroy");
  expect(done.code, done.shown).toBe(0);
  for (const namespace of [SHOP, BLOG]) {
    const secrets = await kubectl(["get", "secrets", "-n", namespace, "-o", "name"]);
    expect(secrets).not.toMatch(/pergola-images|by-login/);
    await live(namespace, `namespace/${namespace}`);
  }
});
