/** Waits until a container of a pod runs, and tells why it does not. */
import { PergolaError } from "../../errors.ts";
import type { BuildEvent } from "../../report/events.ts";
import { interrupted } from "../kube/errors.ts";
import type { Kube } from "../kube/kube.ts";
import type { KubeEvent, Pod } from "../kube/objects.ts";
import type { Limits } from "./limits.ts";
import type { PodWatch } from "./podWatch.ts";
import { containerStatus, endReason, startState } from "./state.ts";

/** Pulls of an image that fail for good, as it seems, before they are taken for that: the kubelet waits 10 s after the first. */
const PULLS = 2;

export interface WaitOptions {
  readonly kube: Kube;
  readonly namespace: string;
  readonly container: string;
  readonly pods: PodWatch;
  /** the cluster starts the container again when it ends; only its giving up (CrashLoopBackOff) is a failure */
  readonly restarts?: boolean;
  /** the pod that is waited for; null while there is none */
  find(): Pod | null;
  /** says why there is no pod yet; called at most every second; may throw a final PergolaError */
  whyNone?(): Promise<string | null>;
  readonly limits: Limits;
  emit(event: BuildEvent): void;
  readonly signal: AbortSignal;
}

/**
 * The pod, once its container runs, or has ended well.
 * After `limits.notice` the reason of a delay is emitted as a status, and again when it changes; that of a failed pull at once.
 * @throws PergolaError: pending, image-pull, builder-not-ready, timeout, interrupted
 */
export async function waitUntilRunning(options: WaitOptions): Promise<Pod> {
  const { kube, namespace, container, pods, limits, signal } = options;
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  let shown = "";
  let asked = started;
  let fromEvents: string | null = null;
  let pulls = 0;
  let reason: string | undefined;
  for (;;) {
    if (signal.aborted) throw interrupted();
    const pod = options.find();
    const state = pod ? startState(pod, container) : null;
    const before = reason;
    reason = pod ? containerStatus(pod, container)?.state?.waiting?.reason : undefined;
    if (reason === "ErrImagePull" && before !== reason) pulls++;
    if (pod && state?.state === "running") return pod;
    if (pod && state?.state === "ended" && !options.restarts) {
      const end = endReason(pod, container);
      if (!end) return pod;
      const logTail = await kube.logTail({ namespace, pod: pod.metadata.name, container }, 20);
      throw new PergolaError({
        code: "builder-not-ready",
        message: `Pod ${pod.metadata.name} ${end.phrase} before the build began.`,
        ...(logTail ? { logTail } : {}),
      });
    }
    const problem = state?.state === "starting" ? state.problem : null;
    if (pod && (problem?.final || (problem?.lasting && pulls >= PULLS))) {
      const target = { namespace, pod: pod.metadata.name, container };
      const logTail = problem.code === "builder-not-ready" ? await kube.logTail(target, 20, true) : "";
      throw new PergolaError({
        code: problem.code,
        message: problem.message,
        ...(problem.hint ? { hint: problem.hint } : {}),
        ...(logTail ? { logTail } : {}),
      });
    }
    // Volumes that cannot be mounted, sandboxes that cannot be made and refused pods show in events only.
    if (!problem && Date.now() - asked > 1000) {
      asked = Date.now();
      if (!pod) fromEvents = (await options.whyNone?.()) ?? null;
      else if (seconds() > limits.notice / 2) fromEvents = await latestWarning(kube, namespace, pod);
    }
    const why = problem?.message ?? fromEvents;
    if ((seconds() >= limits.notice || problem?.code === "image-pull") && why && why !== shown) {
      shown = why;
      options.emit({ type: "status", text: `waiting: ${why}` });
    }
    if (seconds() >= limits.start) {
      throw new PergolaError({
        code: problem?.code ?? (why ? "pending" : "timeout"),
        message: `${why ?? `${container} in namespace ${namespace} does not start and the cluster gives no reason`} (waited ${limits.start} s)`,
        ...(problem?.hint ? { hint: problem.hint } : {}),
      });
    }
    await pods.next(500);
  }
}

/** Message of the newest Warning event about a pod, null when there is none. */
async function latestWarning(kube: Kube, namespace: string, pod: Pod): Promise<string | null> {
  const fieldSelector = `involvedObject.uid=${pod.metadata.uid},type=Warning`;
  const events = await kube.list("Event", { namespace, fieldSelector }).catch((): KubeEvent[] => []);
  const time = (event: KubeEvent) => event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? "";
  const latest = events.sort((a, b) => time(b).localeCompare(time(a)))[0];
  return latest ? `pod ${pod.metadata.name}: ${latest.reason}: ${latest.message}` : null;
}
