// Each place of the registry changed once: what Kubernetes does not let change in place is made anew by one `up`, and the
// registry runs again.
import { afterAll, beforeAll, expect, test } from "vitest";
import { kubectl } from "./cluster.ts";
import type { EngineStack } from "./engine.ts";
import { createLocalStack, PLACES } from "./localStack.ts";

const SECRETS = { registryPassword: "registry-password", hubPassword: "hub-password" };
const OTHER_NAMESPACE = `${PLACES.registryNamespace}-two`;

let stack: EngineStack;

beforeAll(async () => {
  stack = await createLocalStack(SECRETS);
  const created = await stack.operate("up");
  expect(created.code, created.shown).toBe(0);
});

afterAll(async () => {
  await kubectl(["label", "node", "apps", "kubernetes.io/hostname=apps", "--overwrite"]);
  if (stack === undefined) return;
  const destroyed = await stack.operate("destroy");
  await stack[Symbol.asyncDispose]();
  expect(destroyed.code, destroyed.shown).toBe(0);
});

interface Pod {
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly conditions?: { readonly type: string; readonly status: string }[] };
}

async function pods(namespace: string): Promise<Pod[]> {
  return JSON.parse(await kubectl(["get", "pods", "-n", namespace, "-o", "json"])).items;
}

const ready = (pod: Pod) => pod.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True");

/** Changes one line of the stack file and runs `up`, which has to work at once; another run has nothing to do. */
async function change(path: string, value: string): Promise<void> {
  await stack.run(["config", "set", "--path", `pergola:registry.${path}`, value, "--stack", stack.name]);
  const changed = await stack.operate("up");
  expect(changed.code, changed.shown).toBe(0);
  const again = await stack.operate("up", { flags: ["--expect-no-changes"] });
  expect(again.code, again.shown).toBe(0);
}

/** One registry runs, on one volume. */
async function expectOne(namespace: string, node: string): Promise<void> {
  const found = await pods(namespace);
  expect(found.map((pod) => [pod.spec.nodeName, ready(pod)])).toEqual([[node, true]]);
  const volumes = (await kubectl(["get", "persistentvolumes", "-o", "name"])).split("\n");
  expect(volumes.filter((name) => name.includes(`/pergola-${PLACES.stack}-registry`))).toHaveLength(1);
}

test("the folder", async () => {
  await change("storage.path", "/var/lib/pergola-engine-registry-two");
  await expectOne(PLACES.registryNamespace, "apps");
});

test("the size", async () => {
  await change("storage.size", "11Gi");
  await expectOne(PLACES.registryNamespace, "apps");
});

test("the namespace", async () => {
  await change("clusterNamespace", OTHER_NAMESPACE);
  await expectOne(OTHER_NAMESPACE, "apps");
  await expect(kubectl(["get", "namespace", PLACES.registryNamespace])).rejects.toThrow("NotFound");
});

test("the node", async () => {
  // The other node is kept for builders; so the same one gets another name for a while, which running pods do not mind.
  await kubectl(["label", "node", "apps", "kubernetes.io/hostname=apps-two", "--overwrite"]);
  await change("storage.node", "apps-two");
  await expectOne(OTHER_NAMESPACE, "apps");
});
