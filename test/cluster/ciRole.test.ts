import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { BUILD_NAMESPACE, build, context, kubeconfig, kubectl, MODES, pergola } from "./environment.ts";
import { digestOf } from "./registry.ts";

/** kubeconfig of somebody who has nothing but the role for CI. */
async function ciKubeconfig(folder: string): Promise<string> {
  const config = JSON.parse(await readFile(kubeconfig, "utf8"));
  for (const { user } of config.users) Object.assign(user, { as: "ci", "as-groups": ["pergola:ci:local"] });
  const file = join(folder, "kubeconfig");
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

it.each(MODES)(
  "the role for CI is enough to build in %s, the first build of a fresh namespace included",
  async (mode) => {
    const namespace = BUILD_NAMESPACE[mode];
    const KUBECONFIG = await ciKubeconfig(await context({}));
    // What the first build makes. In kaniko's namespace there is nothing of the kind.
    const made = ["deployment/pergola-buildkit", "configmap/pergola-buildkit"];
    await kubectl(["delete", ...made, "--namespace", namespace, "--ignore-not-found"]);
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nCOPY a /a\nRUN true\n", a: `${Math.random()}` });
    const { code, result } = await build([folder, "--mode", mode, "--name", "test-ci", "--namespace", namespace], {
      KUBECONFIG,
    });
    expect(result.images[0]?.error).toBeNull();
    expect(code).toBe(0);
    expect(result.images[0]?.digest).toBe(await digestOf(result.images[0]!.reference));
  },
);

it("the role for CI is enough for status and setup, and the identity is really used", async () => {
  const KUBECONFIG = await ciKubeconfig(await context({}));
  const status = await pergola(["status", "--namespace", BUILD_NAMESPACE.kaniko, "--output", "json"], { KUBECONFIG });
  expect(JSON.parse(status.stdout).namespaces).toMatchObject([{ mode: "kaniko", serviceAccount: true }]);
  const elsewhere = await pergola(["setup", "--namespace", "kube-system", "--output", "json"], { KUBECONFIG });
  expect(elsewhere.exitCode).toBe(2);
  expect(JSON.parse(elsewhere.stdout).error).toMatchObject({
    code: "forbidden",
    message: expect.stringContaining('User "ci" cannot get resource "configmaps"'),
  });
});
