/** Carries out a kaniko plan: a pod of its own, the context sent into it, its log read, and the pod removed whatever happens. */
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type ErrorData, PergolaError } from "../../errors.ts";
import type { KanikoPlan } from "../../plan/plan.ts";
import type { BuildEvent } from "../../report/events.ts";
import type { Outcome } from "../../report/result.ts";
import { interrupted } from "../kube/errors.ts";
import type { Kube } from "../kube/kube.ts";
import type { Pod } from "../kube/objects.ts";
import type { Limits } from "../pods/limits.ts";
import { PodWatch } from "../pods/podWatch.ts";
import { containerStatus, endReason, limitOf, memoryLimit } from "../pods/state.ts";
import { waitUntilRunning } from "../pods/waiting.ts";
import { isTagTaken, keptDigest } from "../takenTag.ts";
import { EndingReader, type Success } from "./ending.ts";
import { executorProblem } from "./executor.ts";
import { removeLeftovers } from "./leftovers.ts";
import { EARLY_MILLISECONDS } from "./livingCommand.ts";
import { KanikoLog } from "./log.ts";
import { heldByRegistry } from "./lookup.ts";
import { letBegin, packContext, sendContext } from "./transfer.ts";
import { MORE_DISK, verdict } from "./verdict.ts";

export interface ExecutorIo {
  readonly kube: Kube;
  emit(event: BuildEvent): void;
  readonly signal: AbortSignal;
  readonly limits: Limits;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** The kubelet tells the state of a container so much later at most. */
const STATE_MILLISECONDS = 2000;

/** Time that the rest of the log may take once the container has ended. */
const LOG_MILLISECONDS = 10_000;

/** Builds and pushes. @throws PergolaError */
export async function runKaniko(plan: KanikoPlan, io: ExecutorIo): Promise<Outcome> {
  const { kube, signal, namespace } = { ...io, namespace: plan.namespace };
  const { name } = plan.pod.metadata;
  const leftovers = removeLeftovers(kube, namespace).catch(() => {});
  const pods = new PodWatch(kube, { namespace, fieldSelector: `metadata.name=${name}` });
  const over = new AbortController();
  let created = false;
  let packed: Readable | null = null;
  try {
    await kube.create<Pod>(plan.pod, signal);
    created = true;
    packed = packContext(plan);
    const find = () => pods.pods.get(name) ?? null;
    const wait = { ...io, namespace, pods, find, signal: AbortSignal.any([signal, over.signal]) };
    const running = waitUntilRunning({ ...wait, container: plan.container }).catch((error: unknown) => {
      const pod = find();
      const problem = pod && executorProblem(pod, plan.container);
      throw problem ? new PergolaError(problem, { cause: error }) : error;
    });
    const known = Promise.race([running, pause(EARLY_MILLISECONDS + STATE_MILLISECONDS, over.signal)]);
    known.catch(() => {});
    const ending = new EndingReader();
    const begin = async (sending: Promise<number>) => {
      const bytes = await sending;
      await letBegin(plan, ending.word, io);
      return bytes;
    };
    const bytesSent = await orPodReason(plan, pods, known, begin(sendContext(plan, packed, io, running)));
    const log = new KanikoLog(io.emit, plan.files.Dockerfile);
    const end = await untilEnded(plan, pods, log, ending, io);
    return await outcome(plan, end, log, bytesSent, io);
  } finally {
    over.abort();
    packed?.destroy();
    await removePod(plan, pods, created, io);
    await pods.stop();
    await leftovers;
  }
}

/**
 * Follows the log until the main container has ended.
 * @returns what the container says where it ended well; else its pod, whose status has the cause
 */
async function untilEnded(
  plan: KanikoPlan,
  pods: PodWatch,
  log: KanikoLog,
  ending: EndingReader,
  io: ExecutorIo,
): Promise<Pod | Success> {
  const { name, namespace } = { name: plan.pod.metadata.name, namespace: plan.namespace };
  const stop = new AbortController();
  const ended = new AbortController();
  const target = { namespace, pod: name, container: plan.container };
  const reading = (async () => {
    for await (const line of io.kube.logs(target, stop.signal, ended.signal)) {
      const own = ending.read(line);
      if (own !== null) log.line(own);
    }
  })().catch((error: unknown) => error);
  try {
    for (;;) {
      if (io.signal.aborted) throw interrupted();
      const pod = pods.pods.get(name) ?? pods.gone.get(name);
      const over =
        pod &&
        (containerStatus(pod, plan.container)?.state?.terminated ||
          pod.status?.phase === "Failed" ||
          pods.gone.has(name));
      if (over) {
        ended.abort();
        const timer = setTimeout(() => stop.abort(), LOG_MILLISECONDS);
        await reading;
        clearTimeout(timer);
        log.end(containerStatus(pod, plan.container)?.state?.terminated?.exitCode === 0);
        return pod;
      }
      const success = await Promise.race([pods.next(500), ending.succeeded]);
      if (success) {
        log.end(true);
        return success;
      }
    }
  } finally {
    stop.abort();
    await reading;
  }
}

/** The result of a pod that has ended, or the error that it ended with. */
async function outcome(
  plan: KanikoPlan,
  end: Pod | Success,
  log: KanikoLog,
  bytesSent: number,
  io: ExecutorIo,
): Promise<Outcome> {
  const status = "digest" in end ? null : containerStatus(end, plan.container)?.state?.terminated;
  // kaniko writes the digest of every push into that file, those of cache layers too: its log tells them apart.
  const repository = (plan.references[0] ?? "").replace(/:[^:/]*$/, "");
  const said = "digest" in end ? end.digest : (status?.message?.trim() ?? "");
  const digest = log.pushed(repository) ?? (DIGEST.test(said) ? said : null);
  const done = {
    steps: log.steps,
    cachedSteps: plan.cacheRepository === null ? 0 : log.cachedSteps,
    firstUncachedStep: log.firstUncachedStep,
    bytesSent,
    loaded: null,
    warnings: log.warnings,
  };
  if (!("digest" in end) && status?.exitCode !== 0) {
    const text = log.errorText;
    if (!isTagTaken(text)) throw new PergolaError(failure(plan, end, log));
    const lookUp = (reference: string) => heldByRegistry(plan, reference, io);
    return {
      digest: await keptDigest({ plan, text, built: digest, lookUp, incomplete: false, emit: io.emit }),
      ...done,
    };
  }
  if (digest === null) {
    throw new PergolaError({
      code: "internal",
      message: `kaniko succeeded but named no image digest (it said ${JSON.stringify(said)}).`,
    });
  }
  for (const reference of plan.references) io.emit({ type: "pushed", reference, digest });
  return { digest, ...done };
}

/** What made the pod's container fail. */
function failure(plan: KanikoPlan, pod: Pod, log: KanikoLog): ErrorData {
  return (
    executorProblem(pod, plan.container) ??
    verdict({
      end: endReason(pod, plan.container),
      exitCode: containerStatus(pod, plan.container)?.state?.terminated?.exitCode ?? null,
      errorText: log.errorText,
      mirrorErrors: log.mirrorErrors,
      tail: log.tail,
      step: log.current,
      dockerfile: plan.context.dockerfile,
      pod: plan.pod.metadata.name,
      namespace: plan.namespace,
      reference: plan.references[0] ?? plan.name,
      memoryLimit: memoryLimit(pod, plan.container),
      diskLimit: limitOf(pod, plan.container, "ephemeral-storage"),
    })
  );
}

/** Resolves after this time, or when it is not waited for any more. */
const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  delay(milliseconds, undefined, { signal }).catch(() => {});

/**
 * A pod that does not start or dies under a transfer says why; the connection only says that it broke.
 * @param known settles when it is known whether the container runs, or nobody will say it; rejects with why it does not
 */
async function orPodReason<T>(plan: KanikoPlan, pods: PodWatch, known: Promise<unknown>, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof PergolaError) || !["transfer-failed", "builder-not-ready"].includes(error.data.code))
      throw error;
    // A container is reached before its state is told, and so is its end: it may be said to run long after.
    const until = Date.now() + STATE_MILLISECONDS + 500;
    const waited = new AbortController();
    await Promise.race([known, pause(STATE_MILLISECONDS, waited.signal)]).finally(() => waited.abort());
    const { name, namespace } = plan.pod.metadata;
    const state = () => pods.pods.get(name) ?? pods.gone.get(name) ?? null;
    const ended = () => {
      const pod = state();
      return pod && endReason(pod, plan.container);
    };
    while (!ended() && !pods.gone.has(name) && Date.now() < until) await pods.next(until - Date.now());
    const [pod, end] = [state(), ended()];
    const problem = pod && executorProblem(pod, plan.container);
    if (problem) throw new PergolaError(problem, { cause: error });
    const phrase = end?.phrase ?? (pods.gone.has(name) ? "was deleted" : null);
    if (!phrase) throw error;
    const message = `Pod ${name} in namespace ${namespace} ${phrase} while the build context was sent.`;
    if (end?.outOfDisk) throw new PergolaError({ code: "build-failed", message, hint: MORE_DISK }, { cause: error });
    throw new PergolaError({ code: "builder-gone", message }, { cause: error });
  }
}

/**
 * Deletes the pod at once and waits until it is gone. Never throws; a failure is a warning, unless the creation failed
 * already (its answer may have been lost, so the attempt is made).
 */
export async function removePod(
  plan: Pick<KanikoPlan, "pod" | "namespace" | "deadlineSeconds">,
  pods: PodWatch,
  created: boolean,
  { kube, limits, emit }: ExecutorIo,
): Promise<void> {
  const { name, namespace = plan.namespace } = plan.pod.metadata;
  const failed = (why: string) =>
    created &&
    emit({
      type: "warning",
      text: `pod ${name} in namespace ${namespace} is not removed (${why}); the cluster ends it after ${plan.deadlineSeconds} s`,
    });
  try {
    if (!(await kube.delete("Pod", namespace, name, { graceSeconds: 0 }))) return;
    const until = Date.now() + limits.removal * 1000;
    while (pods.pods.has(name) || !pods.gone.has(name)) {
      if (Date.now() > until) {
        failed(`it still exists after ${limits.removal} s`);
        return;
      }
      await pods.next(200);
      if (!pods.gone.has(name) && (await kube.get("Pod", namespace, name)) === null) return;
    }
  } catch (error) {
    failed((error as Error).message);
  }
}
