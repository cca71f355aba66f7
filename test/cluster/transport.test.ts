import { existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { BuildResult } from "../../builders/report/result.ts";
import { endlessBuild } from "./endlessBuild.ts";
import { BUILD_NAMESPACE, build, context, eventually, kubectl, pergola, pods } from "./environment.ts";
import { digestOf } from "./registry.ts";
import { startUpgradeProxy, type UpgradeProxy } from "./upgradeProxy.ts";

const NAMESPACE = BUILD_NAMESPACE["cluster-buildkit"];
const SLOWER = /takes no WebSocket \(HTTP (\d+) .*\): pods are reached by kubectl exec, which is slower\./g;

let bin: string;
let proxy: UpgradeProxy | undefined;
beforeAll(async () => {
  bin = await context({});
  await symlink(process.env.PERGOLA_TEST_KUBERNETES!, join(bin, "kubectl"));
});
afterEach(() => proxy?.close());

const withKubectl = () => ({ PATH: `${bin}${delimiter}${process.env.PATH}` });

/** A PATH that leads to what a build needs, and to nothing else. */
async function withoutKubectl(): Promise<string> {
  const folder = await context({});
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const name of ["buildctl", "tar"]) {
    const from = folders.find((place) => existsSync(join(place, name)));
    await symlink(join(from!, name), join(folder, name));
  }
  return folder;
}

const project = () => context({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: `${Math.random()}` });

describe.each([400, 502])("a proxy that answers %i to WebSockets", (status) => {
  it("is gone around by kubectl, and one line says so", async () => {
    const config = join(await context({}), "config");
    proxy = await startUpgradeProxy(config, status);
    const args = [await project(), "--mode", "cluster-buildkit", "--name", `test-upgrade-${status}`];
    const { code, result, stderr } = await build(args, { KUBECONFIG: config, ...withKubectl() });
    expect({ code, error: result.images[0]?.error }).toEqual({ code: 0, error: null });
    expect(await digestOf(result.images[0]!.reference)).toBe(result.images[0]?.digest);
    expect([...stderr.matchAll(SLOWER)].map(([, said]) => said)).toEqual([`${status}`]);
  });

  it("and no kubectl on the PATH: the error names both ways", async () => {
    const config = join(await context({}), "config");
    proxy = await startUpgradeProxy(config, status);
    const env = { KUBECONFIG: config, PATH: await withoutKubectl() };
    const { code, result } = await build(
      [await project(), "--mode", "cluster-buildkit", "--name", "test-upgrade"],
      env,
    );
    expect(code).toBe(75);
    expect(result.images[0]?.error).toMatchObject({ code: "cluster-unreachable" });
    expect(result.images[0]?.error?.message).toContain(`takes no WebSocket: it answered HTTP ${status} `);
    expect(result.images[0]?.error?.hint).toMatch(/WebSockets, or put kubectl on the PATH/);
    expect(proxy.refused()).toBeGreaterThan(0);
  });
});

describe("a build by --transport kubectl", () => {
  const start = (args: readonly string[]) => pergola([...args, "--transport", "kubectl"], withKubectl());

  it("is ended by Ctrl-C with exit code 130, and leaves no running step", async () => {
    const { child } = await endlessBuild("cluster-buildkit", "test-kubectl-interrupted", start);
    child.kill("SIGINT");
    expect((await child).exitCode).toBe(130);
    const [pod] = await pods(NAMESPACE);
    await eventually("the step's process to be gone", async () => {
      const list = await kubectl(["exec", pod!.metadata.name, "--namespace", NAMESPACE, "--", "ps", "-o", "args"]);
      return list.includes("sleep 100000") ? undefined : true;
    });
  });

  it("says that its pod is gone when somebody deletes it, and exits 75", async () => {
    const { child } = await endlessBuild("cluster-buildkit", "test-kubectl-killed", start);
    const [pod] = await pods(NAMESPACE);
    const name = pod!.metadata.name;
    await kubectl(["delete", "pod", name, "--namespace", NAMESPACE, "--grace-period", "0", "--force"]);
    const done = await child;
    expect((JSON.parse(done.stdout) as BuildResult).images[0]?.error).toMatchObject({
      code: "builder-gone",
      message: expect.stringContaining(name),
    });
    expect(done.exitCode).toBe(75);
  });
});
