import { createHash } from "node:crypto";
import { chmod, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILD_NAMESPACE, build, context, eventually, kubectl, pergola, pods, setupOf } from "./environment.ts";
import { REGISTRY_POD_PORT, runRegistry } from "./registryPod.ts";

const MODE = "cluster-buildkit";
/** A PATH without buildctl. */
const BARE = { PATH: "/usr/bin:/bin" };

describe("a machine without buildctl", () => {
  it("gets the builder's own once, whole, and builds with it", async () => {
    const cache = await context({});
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: `${Math.random()}` });
    const args = [folder, "--mode", MODE, "--name", "test-buildctl"];
    const first = await build(args, { ...BARE, PERGOLA_CACHE: cache });
    expect(first.result.images[0]?.error).toBeNull();
    expect(first.stderr).toContain("buildctl is not on the PATH; copying that of pod pergola-buildkit-");

    const [place] = await readdir(join(cache, "buildctl"));
    const file = join(cache, "buildctl", place as string, "buildctl");
    expect((await stat(file)).mode & 0o777).toBe(0o755);
    const [pod] = await pods(BUILD_NAMESPACE[MODE]);
    const said = await kubectl([
      ...["exec", "--namespace", BUILD_NAMESPACE[MODE], pod!.metadata.name, "--container", "buildkitd", "--"],
      ...["sh", "-c", "sha256sum < $(command -v buildctl)"],
    ]);
    expect(
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex"),
    ).toBe(said.split(" ")[0]);

    const second = await build(args, { ...BARE, PERGOLA_CACHE: cache });
    expect(second.code).toBe(0);
    expect(second.stderr).not.toContain("copying");
    expect(await readdir(join(cache, "buildctl"))).toEqual([place]);
  });
});

/** A registry in the cluster that lets only `user` in. */
const NAMESPACE = "test-identity";
const PASSWORD = "correct horse";
/** bcrypt of it */
const HTPASSWD = "user:$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n";
const SECRET = "test-identity";
const POLICY = "test-identity";
let host: string;

const basic = (password: string) => ({ auth: Buffer.from(`user:${password}`).toString("base64") });

beforeAll(async () => {
  await kubectl(["apply", "--filename", "-"], { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  // The environment lets its builders reach nothing but its own registry. First, as it takes a moment until it holds.
  await kubectl(["apply", "--filename", "-"], {
    ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
    metadata: { name: POLICY, namespace: BUILD_NAMESPACE[MODE] },
    spec: {
      podSelector: {},
      policyTypes: ["Egress"],
      egress: [
        {
          ports: [{ port: REGISTRY_POD_PORT, protocol: "TCP" }],
          to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": NAMESPACE } } }],
        },
      ],
    },
  });
  const auth = { htpasswd: { realm: "test", path: "/etc/registry/htpasswd" } };
  await runRegistry(NAMESPACE, { auth }, { htpasswd: HTPASSWD });
  const address = await eventually("the registry's address", async () => {
    const said = await kubectl(["get", "pod", "registry", "--namespace", NAMESPACE, "-o", "jsonpath={.status.podIP}"]);
    return said === "" ? undefined : said;
  });
  host = `${address}:${REGISTRY_POD_PORT}`;
}, 90_000);
afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
  for (const object of [`secret/${SECRET}`, `networkpolicy/${POLICY}`])
    await kubectl(["delete", object, "--namespace", BUILD_NAMESPACE[MODE], "--ignore-not-found"]);
  // The builder goes back to the environment's own setup.
  const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
  await build([folder, "--mode", MODE, "--name", "test-restored"]);
}, 90_000);

/** Builds an image of its own and pushes it to the registry that asks for a login. */
async function push(args: readonly string[], env: Record<string, string>, pullSecrets: readonly object[] = []) {
  const setup = (await setupOf(MODE)) as { registry: object };
  const registry = { ...setup.registry, host };
  const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: `${Math.random()}` });
  const files = await context({ "setup.json": JSON.stringify({ ...setup, registry, pullSecrets, cache: [] }) });
  const limits = ["--timeout", "60", "--setup", join(files, "setup.json")];
  const all = [folder, "--mode", MODE, "--name", "test-login", ...limits, ...args];
  const { result, stderr } = await build(all, env);
  return { image: result.images[0]!, stderr };
}

/** Names, sizes and times of what is in a docker config directory. */
async function state(directory: string): Promise<unknown[]> {
  const names = (await readdir(directory)).sort();
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs, ctimeMs } = await stat(join(directory, name));
      return [name, size, mtimeMs, ctimeMs];
    }),
  );
}

describe("--auth client", () => {
  it.each(["an entry", "a helper"])(
    "pushes with %s of the user's docker config and never writes there",
    async (how) => {
      const tools = await context({
        "docker-credential-fake": `#!/bin/sh\necho '${JSON.stringify({ Username: "user", Secret: PASSWORD })}'\n`,
      });
      await chmod(join(tools, "docker-credential-fake"), 0o755);
      const config = how === "an entry" ? { auths: { [host]: basic(PASSWORD) } } : { credHelpers: { [host]: "fake" } };
      const directory = await context({ "config.json": JSON.stringify(config) });
      const before = await state(directory);
      const { image, stderr } = await push(["--auth", "client"], {
        DOCKER_CONFIG: directory,
        PATH: `${tools}:${process.env.PATH}`,
      });
      expect(image.error).toBeNull();
      expect(image).toMatchObject({ status: "built", digest: expect.stringMatching(/^sha256:/) });
      expect(stderr).not.toContain(PASSWORD);
      expect(await state(directory)).toEqual(before);
    },
  );

  it("names the config of a login that is refused, and the helper that fails", async () => {
    const wrong = await context({ "config.json": JSON.stringify({ auths: { [host]: basic("wrong horse") } }) });
    const refused = await push(["--auth", "client"], { DOCKER_CONFIG: wrong });
    expect(refused.image.error).toMatchObject({
      code: "push-denied",
      hint: expect.stringContaining(`${wrong}/config.json (--auth client)`),
    });
    const lacking = await context({ "config.json": JSON.stringify({ credHelpers: { [host]: "nosuch" } }) });
    const failed = await push(["--auth", "client"], { DOCKER_CONFIG: lacking });
    expect(failed.image.error).toMatchObject({
      code: "credential-helper",
      message: expect.stringContaining(`no program docker-credential-nosuch on this machine`),
    });
  });

  it("is not used unless asked for, nor is the keychain that docker's clients find by themselves", async () => {
    const directory = await context({ "config.json": JSON.stringify({ auths: { [host]: basic(PASSWORD) } }) });
    const answer = `#!/bin/sh\necho '${JSON.stringify({ Username: "user", Secret: PASSWORD })}'\n`;
    const programs = ["pass", "docker-credential-pass", "docker-credential-secretservice"];
    const tools = await context(Object.fromEntries(programs.map((name) => [name, answer])));
    for (const name of programs) await chmod(join(tools, name), 0o755);
    const { image } = await push([], { DOCKER_CONFIG: directory, PATH: `${tools}:${process.env.PATH}` });
    expect(image.error).toMatchObject({ code: "push-denied" });
  });

  it("is refused by name in kaniko, and shown in the plan of BuildKit", async () => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const args = ["build", folder, "--dry-run", "--auth", "client"];
    const kaniko = await pergola([...args, "--mode", "kaniko"]);
    expect(kaniko.exitCode).toBe(2);
    expect(kaniko.stderr).toContain("mode kaniko, which cannot use --auth client");
    const plan = await pergola([...args, "--mode", MODE], { DOCKER_CONFIG: "/somewhere/docker" });
    expect(plan.stdout).toContain("auth:\n  from: client\n  dockerConfig: /somewhere/docker\n");
  });
});

describe("the builder's own credentials", () => {
  const secrets = [{ namespace: BUILD_NAMESPACE[MODE], name: SECRET, hosts: [] }];
  const provide = (config: object) =>
    kubectl(["apply", "--filename", "-"], {
      ...{ apiVersion: "v1", kind: "Secret", type: "kubernetes.io/dockerconfigjson" },
      metadata: { name: SECRET, namespace: BUILD_NAMESPACE[MODE] },
      data: { ".dockerconfigjson": Buffer.from(JSON.stringify(config)).toString("base64") },
    });

  it("come out of the pod's docker config, and a helper that its image lacks is named", async () => {
    await provide({ auths: { [host]: basic(PASSWORD) }, credHelpers: { "other.example": "nosuch" } });
    const { image, stderr } = await push([], {}, secrets);
    expect(image.error).toBeNull();
    expect(stderr).not.toContain(PASSWORD);

    await provide({ credHelpers: { [host]: "nosuch" } });
    const [pod] = (await pods(BUILD_NAMESPACE[MODE])).filter(({ status }) => status.phase === "Running");
    await kubectl(["delete", "pod", pod!.metadata.name, "--namespace", BUILD_NAMESPACE[MODE], "--grace-period", "0"]);
    const failed = await push([], {}, secrets);
    expect(failed.image.error).toMatchObject({
      code: "credential-helper",
      message: expect.stringMatching(/there is no program docker-credential-nosuch in pod pergola-buildkit-/),
    });
  });
});
