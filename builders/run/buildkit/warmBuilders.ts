/**
 * The builders that serve already: looked for once in a run, while contexts are read, and shared by its builds. Looking changes
 * nothing in the cluster; where it finds none, builds bring about their own.
 */
import type { BuilderPlan } from "../../plan/plan.ts";
import type { Kube } from "../kube/kube.ts";
import type { Pod } from "../kube/objects.ts";
import { PodWatch } from "../pods/podWatch.ts";
import { containerStatus } from "../pods/state.ts";
import { type Builder, isPlanned, labelSelectorOf, podOf, templateHash } from "./builder.ts";

/** Milliseconds for which a pod that its Deployment calls ready may be missing from the list of pods. */
const LIST_MILLISECONDS = 2000;

export class WarmBuilders {
  readonly #kube: Kube;
  readonly #stop = new AbortController();
  /** by namespace and specification */
  readonly #looked = new Map<string, Promise<Builder | null>>();
  /** those that serve no more */
  readonly #left: Builder[] = [];

  constructor(kube: Kube) {
    this.#kube = kube;
  }

  /**
   * The builder, while its pod serves; null when there is none to be had at once. Never rejects: what is wrong is told by who
   * brings the builder about.
   */
  async find(plan: BuilderPlan): Promise<Builder | null> {
    const key = JSON.stringify([plan.namespace, plan.builder.specHash]);
    const looked = this.#looked.get(key) ?? this.#look(plan).catch(() => null);
    this.#looked.set(key, looked);
    const found = await looked;
    if (found === null) return null;
    const pod = servingPod(found, plan.builder.container);
    // Its state of now: what happened to it before a build is nothing that happens to the build.
    if (pod !== null) return { ...found, pod };
    this.#looked.delete(key);
    // Builds that still run there hear of its end by this watch.
    this.#left.push(found);
    return null;
  }

  /** Ends the watching. */
  async close(): Promise<void> {
    this.#stop.abort();
    const builders = [...this.#left, ...(await Promise.all(this.#looked.values()))];
    await Promise.all(builders.map((one) => one?.pods.stop()));
  }

  async #look(plan: BuilderPlan): Promise<Builder | null> {
    const { namespace, builder } = plan;
    const { signal } = this.#stop;
    const labelSelector = labelSelectorOf(plan);
    const pods = new PodWatch(this.#kube, { namespace, labelSelector });
    let found: Builder | null = null;
    try {
      const [deployment, sets] = await Promise.all([
        this.#kube.get("Deployment", namespace, builder.deployment, signal),
        this.#kube.list("ReplicaSet", { namespace, labelSelector, signal }),
      ]);
      if (!isPlanned(deployment, plan) || !deployment.status?.readyReplicas) return null;
      const hash = templateHash(deployment, sets);
      if (hash === null) return null;
      // What Kubernetes has written down as ready is in the list, which may be still on its way.
      const until = Date.now() + LIST_MILLISECONDS;
      while (pods.pods.size === 0 && Date.now() < until && !signal.aborted) await pods.next(100);
      const pod = podOf(pods, hash);
      if (pod !== null && containerStatus(pod, builder.container)?.ready) {
        found = { pod, pods, release: () => Promise.resolve() };
      }
      return found;
    } finally {
      if (found === null) await pods.stop();
    }
  }
}

/** The builder's pod as it is now; null when builds cannot be sent to it any more. */
function servingPod({ pod, pods }: Builder, container: string): Pod | null {
  const now = pods.pods.get(pod.metadata.name);
  if (pods.failed || now === undefined || now.metadata.uid !== pod.metadata.uid) return null;
  return now.metadata.deletionTimestamp === undefined && containerStatus(now, container)?.ready ? now : null;
}
