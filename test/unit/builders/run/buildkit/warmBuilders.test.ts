import { expect, it } from "vitest";
import { planBuilder } from "../../../../../builders/plan/index.ts";
import type { BuilderPlan } from "../../../../../builders/plan/plan.ts";
import { SPEC_HASH } from "../../../../../builders/plan/specHash.ts";
import { ReadyConnections } from "../../../../../builders/run/buildkit/readyConnections.ts";
import { WarmBuilders } from "../../../../../builders/run/buildkit/warmBuilders.ts";
import { Executors } from "../../../../../builders/run/index.ts";
import type { Kube } from "../../../../../builders/run/kube/kube.ts";
import type { Pod } from "../../../../../builders/run/kube/objects.ts";
import { localSetup } from "../../samples.ts";

const plan = planBuilder(localSetup(), "cluster-buildkit", {
  namespace: null,
  contextNamespace: null,
}) as BuilderPlan;
const template = { metadata: { labels: { app: "builder" } } };

const pod = (fields: object = {}): Pod =>
  ({
    metadata: { name: "builder-1", uid: "1", labels: { "pod-template-hash": "abc" }, ...fields },
    status: { containerStatuses: [{ name: plan.builder.container, ready: true, restartCount: 0 }] },
  }) as unknown as Pod;

/** A cluster whose builder serves, but for what `differs`; `change` sends an event of a pod. */
function cluster(differs: { deployment?: object | null; status?: object; pods?: Pod[]; fails?: boolean } = {}) {
  const asked: string[] = [];
  const events: { type: string; object: Pod }[] = (differs.pods ?? [pod()]).map((object) => ({
    type: "ADDED",
    object,
  }));
  let wake: () => void = () => {};
  const deployment = {
    metadata: { name: plan.builder.deployment, uid: "d", annotations: { [SPEC_HASH]: plan.builder.specHash } },
    spec: { template },
    status: { readyReplicas: 1, observedGeneration: 1, ...differs.status },
    ...differs.deployment,
  };
  const seen = { ended: false };
  const kube = {
    get: async (kind: string) => {
      asked.push(kind);
      if (differs.fails) throw new Error("no connection");
      return differs.deployment === null ? null : deployment;
    },
    list: async (kind: string) => {
      asked.push(kind);
      const labels = { ...template.metadata.labels, "pod-template-hash": "abc" };
      return [
        {
          metadata: { ownerReferences: [{ uid: "d" }], labels: { "pod-template-hash": "abc" } },
          spec: { template: { metadata: { labels } } },
        },
      ];
    },
    async *watch(_kind: string, { signal }: { signal: AbortSignal }) {
      for (;;) {
        while (events.length > 0) yield events.shift();
        if (signal.aborted) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      seen.ended = true;
    },
    close: () => {},
  } as unknown as Kube;
  const change = async (type: string, object: Pod) => {
    events.push({ type, object });
    wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { kube, asked, change, seen };
}

it("a builder that serves is looked for once in a run, and watched until the run's end", async () => {
  const { kube, asked, seen } = cluster();
  const warm = new WarmBuilders(kube);
  const [one, two] = await Promise.all([warm.find(plan), warm.find(plan)]);
  expect(one?.pod.metadata.name).toBe("builder-1");
  await one?.release();
  expect(two?.pods.failed).toBe(false);
  expect(seen.ended).toBe(false);
  expect(asked).toEqual(["Deployment", "ReplicaSet"]);
  await warm.close();
  expect(seen.ended).toBe(true);
});

it.each([
  ["there is no Deployment", { deployment: null }],
  ["it is made from another specification", { deployment: { metadata: { annotations: {} } } }],
  ["it is scaled to nothing", { deployment: { spec: { replicas: 0, template } } }],
  ["no pod is ready", { status: { readyReplicas: 0 } }],
  ["the pod is of another generation", { pods: [pod({ labels: { "pod-template-hash": "old" } })] }],
  ["the pod is being deleted", { pods: [pod({ deletionTimestamp: "2026-01-01T00:00:00Z" })] }],
  ["the cluster cannot be asked", { fails: true }],
])("there is none where %s", async (_, differs) => {
  const { kube, seen } = cluster(differs);
  const warm = new WarmBuilders(kube);
  expect(await warm.find(plan)).toBeNull();
  expect(seen.ended).toBe(true);
  await warm.close();
});

it("a builder whose pod goes, or goes down, is not used for the next build, and not forgotten by those that use it", async () => {
  const { kube, change, seen } = cluster();
  const warm = new WarmBuilders(kube);
  const used = await warm.find(plan);
  await change("DELETED", pod());
  expect(await warm.find(plan)).toBeNull();
  expect(used?.pods.gone.has("builder-1")).toBe(true);
  expect(seen.ended).toBe(false);
  await warm.close();
  expect(seen.ended).toBe(true);
});

it("what happened to a builder before a build is no event of the build", async () => {
  const { kube, change } = cluster();
  const warm = new WarmBuilders(kube);
  await warm.find(plan);
  const restarted = pod();
  Object.assign(restarted.status?.containerStatuses?.[0] as object, { restartCount: 1 });
  await change("MODIFIED", restarted);
  expect((await warm.find(plan))?.pod.status?.containerStatuses?.[0]?.restartCount).toBe(1);
  await warm.close();
});

it("nothing is looked for any more once a run is over, which may be before its cluster has answered", async () => {
  const { kube, asked } = cluster();
  const executors = new Executors(
    kube,
    new ReadyConnections({ cache: "/none", asked: [], builds: 1, concurrency: 1, shared: false }),
  );
  await executors[Symbol.asyncDispose]();
  await executors.expect(plan);
  expect(asked).toEqual([]);
});
