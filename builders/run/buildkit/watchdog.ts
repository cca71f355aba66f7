/** Notices that buildkitd is gone, or hangs, while a build runs: buildctl itself would wait without end. */
import { PergolaError } from "../../errors.ts";
import { isNotFound } from "../kube/errors.ts";
import type { Limits } from "../pods/limits.ts";
import { containerStatus, endReason } from "../pods/state.ts";
import { type Bridge, Hung } from "./bridge.ts";
import type { Builder } from "./builder.ts";

/** How long a lost connection's reason may take to arrive by the watch of the pod. */
const REASON_MILLISECONDS = 3000;
const TICK_MILLISECONDS = 500;

/** A running build: where it runs, what it is reached by, and `signal`, which ends the watching. */
export interface Watched {
  readonly builder: Builder;
  readonly container: string;
  readonly bridge: Bridge;
  readonly limits: Limits;
  readonly signal: AbortSignal;
}

/** Resolves with why the builder is lost; never when `signal` comes first. Never rejects. */
export function watchBuilder({ builder, container, bridge, limits, signal }: Watched): Promise<Error | string> {
  return new Promise((resolve) => {
    bridge.broken.then((why) => {
      if (!signal.aborted) resolve(why);
    });
    // Ticks and not times are counted: a laptop that slept, or a busy machine, is no silence of the daemon's. Nor is a slow
    // link, over which the answer to the daemon's own question waits behind the context; but what is taken at once is no
    // sign of the daemon's, as buildctl says something every few seconds too.
    let [received, taken] = [bridge.received, bridge.taken];
    let silent = 0;
    const timer = setInterval(() => {
      const carrying = bridge.taken !== taken && bridge.waiting > 0;
      silent = bridge.received === received && !carrying ? silent + 1 : 0;
      [received, taken] = [bridge.received, bridge.taken];
      if (received > 0 && silent * TICK_MILLISECONDS >= limits.silence * 1000) {
        resolve(new Hung(`not a byte came from buildkitd for ${limits.silence} s`));
      }
    }, TICK_MILLISECONDS);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    (async () => {
      const restarts = containerStatus(builder.pod, container)?.restartCount ?? 0;
      while (!signal.aborted) {
        const reason = podReason(builder, container, restarts);
        if (reason) return resolve(reason);
        await builder.pods.next(5000);
      }
    })().catch((error: Error) => {
      if (!signal.aborted) resolve(error);
    });
  });
}

/** Why the pod of the build no longer serves it, as a phrase after "pod NAME"; null while it does. */
function podReason(builder: Builder, container: string, restarts: number): string | null {
  const { name, uid } = builder.pod.metadata;
  const pod = builder.pods.pods.get(name);
  if (!pod || pod.metadata.uid !== uid) {
    const last = builder.pods.gone.get(name);
    return (last && endReason(last, container)?.phrase) || "was deleted";
  }
  const status = containerStatus(pod, container);
  if (status?.state?.terminated) return endReason(pod, container)?.phrase ?? "ended";
  if ((status?.restartCount ?? 0) > restarts) {
    const last = status?.lastState?.terminated;
    if (last?.reason === "OOMKilled")
      return (
        endReason(
          { ...pod, status: { containerStatuses: [{ name: container, state: { terminated: last } }] } },
          container,
        )?.phrase ?? ""
      );
    return `restarted buildkitd (it ended with exit code ${last?.exitCode ?? "unknown"}${last?.reason ? `, ${last.reason}` : ""})`;
  }
  // A pod that is being deleted lets its processes go on for the grace period; the build may still finish.
  return null;
}

/** The error for a lost builder: the pod's own reason when there is one, else what the connection said. */
export async function builderLost({
  builder,
  container,
  why,
}: {
  builder: Builder;
  container: string;
  why: Error | string;
}): Promise<PergolaError> {
  if (why instanceof PergolaError && !isNotFound(why)) return why;
  const { name, namespace } = builder.pod.metadata;
  const restarts = containerStatus(builder.pod, container)?.restartCount ?? 0;
  const until = Date.now() + (why instanceof Hung ? 0 : REASON_MILLISECONDS);
  let reason = podReason(builder, container, restarts);
  while (!reason && Date.now() < until) {
    await builder.pods.next(200).catch(() => {});
    reason = podReason(builder, container, restarts);
  }
  const pod = builder.pods.pods.get(name);
  if (!reason && pod?.metadata.deletionTimestamp) reason = "was deleted";
  const connection = why instanceof Error ? why.message : why;
  return new PergolaError({
    code: "builder-gone",
    message: reason
      ? `Pod ${name} in namespace ${namespace}, which ran the build, ${reason}.`
      : `The connection to buildkitd in pod ${name} (namespace ${namespace}) broke: ${connection}`,
    hint: "Build again: finished steps are in the builder's cache unless its pod was replaced.",
  });
}
