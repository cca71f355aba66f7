/** Pods that a runner could not remove because it was killed. */
import { BUILD_LABEL, builderLabels, RUNNER_ANNOTATION } from "../../plan/labels.ts";
import type { Kube } from "../kube/kube.ts";
import type { Pod } from "../kube/objects.ts";
import { hasEnded } from "../runner.ts";

/** A runner removes its pod as soon as it has read the end of the log; beyond this nobody will come. */
const ABANDONED_SECONDS = 300;

/**
 * Removes kaniko pods of the namespace whose runner is gone for certain, or that ended long ago. Those that a killed runner of
 * another machine left running are ended by the cluster, by their deadline, and then removed.
 */
export async function removeLeftovers(kube: Kube, namespace: string): Promise<void> {
  const labels = Object.entries(builderLabels("kaniko")).map(([key, value]) => `${key}=${value}`);
  const pods = await kube.list("Pod", { namespace, labelSelector: [...labels, BUILD_LABEL].join(",") });
  await Promise.all(
    pods
      .filter((pod) => isAbandoned(pod, Date.now()))
      .map(({ metadata }) => kube.delete("Pod", namespace, metadata.name, { graceSeconds: 0, uid: metadata.uid })),
  );
}

/** Whether nobody waits for a pod any more: its runner has ended, or it has, longer ago than any runner waits. `now` in milliseconds. */
export function isAbandoned(pod: Pod, now: number, runnerEnded: (runner: string) => boolean = hasEnded): boolean {
  const runner = pod.metadata.annotations?.[RUNNER_ANNOTATION];
  if (runner !== undefined && runnerEnded(runner)) return true;
  if (pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed") return false;
  const statuses = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])];
  const ends = statuses.map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? "")).filter((time) => time > 0);
  const end = ends.length > 0 ? Math.max(...ends) : Date.parse(pod.metadata.creationTimestamp ?? "");
  return now - end > ABANDONED_SECONDS * 1000;
}
