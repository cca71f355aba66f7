import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BUILD_NAMESPACE, build, context, kubeconfig, kubectl, MODES, pergola, setupOf } from "./environment.ts";
import { digestOf } from "./registry.ts";

/** kubeconfig of somebody else: by default one who has nothing but the role for CI. */
async function ciKubeconfig(folder: string, as = "ci", groups: string[] = ["pergola:ci:local"]): Promise<string> {
  const config = JSON.parse(await readFile(kubeconfig, "utf8"));
  for (const { user } of config.users) Object.assign(user, { as, "as-groups": groups });
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

describe("somebody who lacks a right of the role for CI", () => {
  const namespace = BUILD_NAMESPACE["cluster-buildkit"];
  const roles: string[] = [];
  afterAll(async () => {
    for (const name of roles) await kubectl(["delete", "role,rolebinding", name, "--namespace", namespace]);
  });

  /** kubeconfig of a user with that role but for one resource. */
  async function without(resource: string, folder: string): Promise<string> {
    const name = `test-without-${resource.replace("/", "-")}`;
    const role = JSON.parse(await kubectl(["get", "role", "pergola-ci", "--namespace", namespace, "--output", "json"]));
    const rules = role.rules.filter((rule: { resources: string[] }) => !rule.resources.includes(resource));
    expect(rules.length).toBe(role.rules.length - 1);
    const rbac = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name, namespace } };
    await kubectl(["apply", "--filename", "-"], { ...rbac, kind: "Role", rules });
    await kubectl(["apply", "--filename", "-"], {
      ...{ ...rbac, kind: "RoleBinding" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "User", name, apiGroup: "rbac.authorization.k8s.io" }],
    });
    roles.push(name);
    return ciKubeconfig(folder, name, []);
  }

  it.each([
    ["pods/exec", "create", /^Not allowed to create pods\/exec pergola-buildkit-\S+ in namespace pergola-buildkit: /],
    ["pods", "list", /^Not allowed to list pods in namespace pergola-buildkit: /],
    ["deployments", "get", /^Not allowed to get deployments pergola-buildkit in namespace pergola-buildkit: /],
  ])("%s is told verb, resource and namespace, and exits 2", async (resource, verb, message) => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    // Without a cluster to compare: reading its identity is a right of its own.
    const setup = { ...(await setupOf("cluster-buildkit")), cluster: { context: null, uid: null } };
    const files = await context({ "setup.json": JSON.stringify(setup) });
    const KUBECONFIG = await without(resource, files);
    const args = [folder, "--mode", "cluster-buildkit", "--name", "test-ci", "--setup", join(files, "setup.json")];
    const { code, result } = await build(args, { KUBECONFIG });
    expect(result.images[0]?.error).toMatchObject({
      code: "forbidden",
      message: expect.stringMatching(message),
      hint: expect.stringContaining(`kubectl auth can-i ${verb} ${resource} --namespace ${namespace}`),
    });
    expect(code).toBe(2);
  });
});
