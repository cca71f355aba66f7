import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ciRole, ciRoleBinding } from "../../infra/documents/ciRole.ts";
import { type BuildSetup, buildSetup } from "../../infra/setup.ts";
import { build, context, eventually, kubectl, MODES, pergola } from "./environment.ts";
import {
  apply,
  freshSetup,
  HOME,
  makeAdmin,
  makeHome,
  makeNamespace,
  objectsIn,
  PATTERN,
  SECRET,
  setupFile,
  somebody,
  versions,
  writePullSecret,
} from "./freshEnvironment.ts";
import { digestOf } from "./registry.ts";

const namespaceOf = (suffix: string): string => PATTERN.replace("*", suffix);
const ENFORCE = "pod-security.kubernetes.io/enforce";
const NAMESPACES = ["buildkit", "kaniko", "two", "strict", "lent", "refused"].map(namespaceOf);
/** What the runner makes; a builder's Deployment and ConfigMap come on top in cluster-buildkit. */
const MADE = [
  "ConfigMap/pergola-setup",
  "NetworkPolicy/pergola-deny-ingress",
  "NetworkPolicy/pergola-egress",
  "Role/pergola-ci",
  "RoleBinding/pergola-ci",
  `Secret/${SECRET}`,
  "ServiceAccount/garden-in-cluster-builder",
];
const BUILDER = ["ConfigMap/pergola-buildkit", "Deployment/pergola-buildkit"];

let setup: BuildSetup;
let file: string;
let secret: string;

beforeAll(async () => {
  setup = await freshSetup();
  file = await setupFile(setup);
  await makeHome(setup);
  secret = await writePullSecret("one");
  for (const name of NAMESPACES) {
    const level = name === namespaceOf("kaniko") ? "baseline" : name === namespaceOf("strict") ? "restricted" : null;
    await makeNamespace(name, level === null ? {} : { [ENFORCE]: level });
  }
}, 60_000);
afterAll(async () => {
  await kubectl(["delete", "namespace", HOME, ...NAMESPACES, "--wait=false", "--ignore-not-found"]);
  await kubectl(["delete", "clusterrolebinding", "test-fresh", "--ignore-not-found"]);
}, 60_000);

/** One small build; `--setup` only where the namespace cannot say anything yet. */
async function buildIn(
  namespace: string,
  mode: string,
  more: readonly string[] = [],
  env: Record<string, string> = {},
) {
  const folder = await context({ Dockerfile: "FROM busybox:1.36\nCOPY a /a\nRUN true\n", a: `${Math.random()}` });
  const args = [folder, "--mode", mode, "--name", "test-fresh", "--namespace", namespace, ...more];
  const { code, result, stderr } = await build(args, env);
  return { code, image: result.images[0], stderr };
}

describe("a namespace that was made after up and matches", () => {
  it.each(MODES)("builds in %s, with everything that a namespace of the stack has for it", async (mode) => {
    const namespace = namespaceOf(mode === "kaniko" ? "kaniko" : "buildkit");
    const { code, image, stderr } = await buildIn(namespace, mode, ["--setup", file]);
    expect(image?.error).toBeNull();
    expect(code).toBe(0);
    expect(image?.digest).toBe(await digestOf(image!.reference));
    expect(stderr).toContain(`making in namespace ${namespace}: Secret ${SECRET}, ServiceAccount garden-in-cluster`);
    expect(stderr).not.toContain(secret);

    const objects = await objectsIn(namespace);
    expect([...objects.keys()].sort()).toEqual([...MADE, ...(mode === "kaniko" ? [] : BUILDER)].sort());
    expect(objects.get(`Secret/${SECRET}`)).toMatchObject({
      type: "kubernetes.io/dockerconfigjson",
      data: { ".dockerconfigjson": secret },
    });
    expect(objects.get("Role/pergola-ci")!.rules).toEqual(ciRole([SECRET], false).rules);
    expect(objects.get("RoleBinding/pergola-ci")).toMatchObject({ ...ciRoleBinding("pergola:ci:local") });
    const labels = { "app.kubernetes.io/component": "builder", "app.kubernetes.io/managed-by": "pergola" };
    for (const name of ["deny-ingress", "egress"]) {
      const { spec } = objects.get(`NetworkPolicy/pergola-${name}`)!;
      expect(spec).toMatchObject({ podSelector: { matchLabels: labels } });
    }
    const copy = JSON.parse(objects.get("ConfigMap/pergola-setup")!.data["setup.json"]);
    expect(buildSetup.parse(copy)).toEqual({ ...setup, cluster: { ...setup.cluster, context: null } });
    expect(JSON.stringify(copy)).not.toContain("not in the setup");
  });

  it.each(MODES)("is not written to by the next builds in %s, which need no more than the CI role", async (mode) => {
    const namespace = namespaceOf(mode === "kaniko" ? "kaniko" : "buildkit");
    const before = versions(await objectsIn(namespace));
    for (const env of [{}, await somebody("ci")]) {
      // Without --setup: the namespace leads to the environment.
      const { code, image, stderr } = await buildIn(namespace, mode, [], env);
      expect(image?.error).toBeNull();
      expect(code).toBe(0);
      expect(stderr).not.toMatch(/making|updating|cannot be updated/);
    }
    expect(versions(await objectsIn(namespace))).toEqual(before);
  });

  it("takes two first builds at once", async () => {
    const builds = [1, 2].map(() => buildIn(namespaceOf("two"), "cluster-buildkit", ["--setup", file]));
    for (const { code, image } of await Promise.all(builds)) {
      expect(image?.error).toBeNull();
      expect(code).toBe(0);
    }
    expect([...(await objectsIn(namespaceOf("two"))).keys()].sort()).toEqual([...MADE, ...BUILDER].sort());
  });

  it("lets its administrator run the first build, once the secret to copy may be read", async () => {
    const namespace = namespaceOf("lent");
    await makeAdmin("lent", namespace);
    const group = "rbac.authorization.k8s.io";
    await apply({
      ...{ apiVersion: `${group}/v1`, kind: "ClusterRoleBinding", metadata: { name: "test-fresh" } },
      roleRef: { apiGroup: group, kind: "ClusterRole", name: "pergola-local-ci" },
      subjects: [{ apiGroup: group, kind: "User", name: "lent" }],
    });
    const without = await buildIn(namespace, "kaniko", ["--setup", file], await somebody("lent", []));
    expect(without.code).toBe(2);
    expect(without.image?.error).toMatchObject({
      code: "forbidden",
      message: expect.stringContaining(`Not allowed to get secrets ${SECRET} in namespace ${HOME}: `),
      hint: expect.stringContaining(
        `role admin in it is enough for that, beside reading the secret ${SECRET} in ${HOME}.`,
      ),
    });
    expect([...(await objectsIn(namespace)).keys()]).toEqual([]);
    const { code, image } = await buildIn(namespace, "kaniko", ["--setup", file], await somebody("lent"));
    expect(image?.error).toBeNull();
    expect(code).toBe(0);
  });

  it("keeps its builders, and nobody else's pods, to what the policies allow (enforced)", async () => {
    const namespace = namespaceOf("buildkit");
    const loop = "while true; do echo hello | /busybox/nc -l -p 8080; done";
    const container = { name: "a", image: "pergola.local/kaniko:1.25.5", command: ["/busybox/sh", "-c"] };
    const spec = { terminationGracePeriodSeconds: 0, nodeSelector: { "kubernetes.io/hostname": "apps" } };
    const pod = (name: string, command: string) =>
      apply({
        ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace } },
        spec: { ...spec, containers: [{ ...container, args: [command] }] },
      });
    await pod("server", loop);
    await pod("client", "sleep 600");
    const ready = "wait pod/server pod/client --for=condition=Ready --timeout=60s";
    await kubectl([...ready.split(" "), "--namespace", namespace]);
    const address = await kubectl(["get", "pod", "server", "-n", namespace, "-o", "jsonpath={.status.podIP}"]);
    const ask = ["exec", "client", "--namespace", namespace, "--", "/busybox/nc", "-w", "3", address, "8080"];
    expect(await eventually("the server's answer", async () => (await kubectl(ask)) || undefined)).toBe("hello");

    // The registry answers the same program, so that silence of the server means something.
    const [host, port] = setup.registry.host.split(":");
    const Dockerfile = [
      "FROM busybox:1.36",
      "ARG NONCE",
      `RUN printf 'GET /v2/ HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${host} ${port} | grep "200 OK"`,
      `RUN ! nc -w 3 ${address} 8080 < /dev/null | grep hello`,
    ].join("\n");
    const folder = await context({ Dockerfile });
    const args = [folder, "--mode", "cluster-buildkit", "--name", "test-fresh", "--namespace", namespace];
    const { result } = await build([...args, "--build-arg", `NONCE=${Math.random()}`]);
    expect(result.images[0]?.error).toBeNull();
  });
});

describe("what changes in the environment", () => {
  const namespace = namespaceOf("kaniko");

  it("a new password of the pull secret is copied by the next build, and nothing else written", async () => {
    const before = versions(await objectsIn(namespace));
    secret = await writePullSecret("two");
    const { code, stderr } = await buildIn(namespace, "kaniko");
    expect(code).toBe(0);
    expect(stderr).toContain(`updating in namespace ${namespace}: Secret ${SECRET}\n`);
    const after = await objectsIn(namespace);
    expect(after.get(`Secret/${SECRET}`)!.data[".dockerconfigjson"]).toBe(secret);
    const { [`Secret/${SECRET}`]: old, ...others } = before;
    expect(versions(after)).toMatchObject(others);
    expect(versions(after)[`Secret/${SECRET}`]).not.toBe(old);
  });

  it("other objects are a warning for those who may only build, and are changed or removed for those who may", async () => {
    const changed = await setupFile(await freshSetup((it) => (it["pergola:cluster"].guardrails.networkPolicy = false)));
    const before = versions(await objectsIn(namespace));
    const denied = await buildIn(namespace, "kaniko", ["--setup", changed], await somebody("ci"));
    expect(denied.code).toBe(0);
    expect(denied.image?.warnings.join()).toMatch(/cannot be updated: Not allowed to patch serviceaccounts /);
    expect(versions(await objectsIn(namespace))).toEqual(before);

    const { code, image } = await buildIn(namespace, "kaniko", ["--setup", changed]);
    expect(image?.warnings).toEqual([]);
    expect(code).toBe(0);
    const left = MADE.filter((key) => !key.startsWith("NetworkPolicy/"));
    expect([...(await objectsIn(namespace)).keys()].sort()).toEqual(left);
  });
});

describe("a namespace is refused", () => {
  it("that matches no pattern, with the namespaces and the patterns", async () => {
    const done = await pergola([
      "build",
      await context({ Dockerfile: "FROM scratch\n" }),
      "--setup",
      file,
      "-n",
      "shop",
    ]);
    expect(done.exitCode).toBe(2);
    expect(done.stderr).toContain("Namespace shop is not provisioned for the mode cluster-buildkit of the environment");
    expect(done.stderr).toContain(`Provisioned: ${HOME}; others have to match ${PATTERN}.`);
  });

  it("that is not there, with the command that makes it", async () => {
    const { code, image } = await buildIn(namespaceOf("nowhere"), "kaniko", ["--setup", file]);
    expect(code).toBe(2);
    expect(image?.error).toMatchObject({
      code: "namespace-not-provisioned",
      message: expect.stringMatching(/^There is no namespace test-fresh-team-nowhere in the cluster of context /),
      hint: expect.stringContaining("kubectl create namespace test-fresh-team-nowhere --context "),
    });
  });

  it.each(MODES)("whose Pod Security level is too strict for %s, before any pod", async (mode) => {
    const namespace = namespaceOf("strict");
    const { code, image } = await buildIn(namespace, mode, ["--setup", file]);
    expect(code).toBe(2);
    expect(image?.error).toMatchObject({
      code: "namespace-not-provisioned",
      message: expect.stringContaining(`Namespace ${namespace} has the label ${ENFORCE}=restricted, but the builders`),
    });
    expect([...(await objectsIn(namespace)).keys()]).toEqual([]);
  });

  it("that had no first build to somebody with the CI role only, saying what it takes", async () => {
    const namespace = namespaceOf("refused");
    const { code, image } = await buildIn(namespace, "kaniko", ["--setup", file], await somebody("ci"));
    expect(code).toBe(2);
    expect(image?.error).toMatchObject({
      code: "forbidden",
      message: expect.stringMatching(/^Not allowed to get \w+ [\w-]+ in namespace test-fresh-team-refused: /),
      hint: expect.stringContaining("The first build in a namespace makes what later ones need."),
    });
    expect([...(await objectsIn(namespace)).keys()]).toEqual([]);
  });

  it("that another environment has made its own", async () => {
    const other = await setupFile({ ...setup, environment: "other" });
    const { code, image } = await buildIn(namespaceOf("two"), "kaniko", ["--setup", other]);
    expect(code).toBe(2);
    expect(image?.error?.message).toContain(
      "belongs to the environment test-fresh (ConfigMap pergola-setup), not to other.",
    );
  });
});
