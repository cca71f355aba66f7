import { setTimeout as delay } from "node:timers/promises";
import type { ValueMap } from "../wire.ts";
import { stringAt } from "../wire.ts";
import type { ClusterClient, ObjectName } from "./client.ts";
import { ApiError, Unreachable } from "./client.ts";
import { annotation, title } from "./kinds.ts";
import type { Surroundings } from "./readiness.ts";
import { hasReadiness, readinessOf } from "./readiness.ts";
import { reasonsFor } from "./reasons.ts";

/** How long an object may take to become ready or to go, in seconds, where the program says nothing: the official default. */
export const defaultTimeoutSeconds = 600;

/** An object exists but did not become ready. `live` is the object as it was last seen. */
export class NotReady extends Error {
  readonly live: ValueMap;
  readonly reasons: readonly string[];

  constructor(message: string, live: ValueMap, reasons: readonly string[]) {
    super(message);
    this.live = live;
    this.reasons = reasons;
  }
}

/** What a wait needs. */
export interface WaitOptions {
  /** From the resource's customTimeouts; 0 means that the program set none. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** Told what is missing, whenever that changes. */
  readonly onStatus: (detail: string) => void;
}

/** Whether an object is waited for: its kind has a rule, and it does not say `pulumi.com/skipAwait: "true"`. */
export function isAwaited(object: ValueMap): boolean {
  const [apiVersion, kind] = [stringAt(object, "apiVersion"), stringAt(object, "kind")];
  if (apiVersion === undefined || kind === undefined || !hasReadiness(apiVersion, kind)) return false;
  return annotation(object, "pulumi.com/skipAwait") !== "true";
}

/**
 * Waits until an object is ready.
 * @returns the object as it is then
 * @throws NotReady with the reasons, when it fails, is deleted meanwhile, or takes too long
 */
export async function waitReady(
  client: ClusterClient,
  name: ObjectName,
  applied: ValueMap,
  options: WaitOptions,
): Promise<ValueMap> {
  if (!isAwaited(applied)) return applied;
  const seconds = timeoutOf(applied, options.timeoutSeconds);
  const deadline = Date.now() + seconds * 1000;
  let live = applied;
  let said = "";
  for (let pause = 200; ; pause = Math.min(pause * 1.5, 1000)) {
    const seen = live;
    const readiness = readinessOf(seen, await answered(() => surroundingsOf(client, seen), deadline, options));
    if (readiness.state === "ready") return live;
    if (readiness.state === "failed") throw await notReady(client, live, readiness.reason);
    if (readiness.detail !== said) options.onStatus(readiness.detail);
    said = readiness.detail;
    if (Date.now() >= deadline) throw await notReady(client, live, `${said} after ${seconds} s`);
    await delay(pause, undefined, { signal: options.signal }).catch(() => {});
    if (options.signal.aborted) throw cutShort(live, `the wait for ${title(live)} was cancelled: ${said}`);
    const next = await answered(() => client.get(name), deadline, options);
    if (next === undefined) throw cutShort(live, `${title(live)} was deleted while it was waited for`);
    live = next;
  }
}

/**
 * Waits until an object is gone; one of the same name with another uid counts as gone.
 * @throws Error naming what holds it, when it takes too long
 */
export async function waitGone(
  client: ClusterClient,
  name: ObjectName,
  uid: string | undefined,
  options: WaitOptions,
): Promise<void> {
  const seconds = options.timeoutSeconds || defaultTimeoutSeconds;
  const deadline = Date.now() + seconds * 1000;
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 1000)) {
    const live = await answered(() => client.get(name), deadline, options);
    if (live === undefined || (uid !== undefined && stringAt(live, "metadata", "uid") !== uid)) return;
    const held = heldBy(live);
    options.onStatus(`waiting for it to go${held}`);
    if (Date.now() >= deadline) throw new Error(`${title(live)} is still there after ${seconds} s${held}`);
    await delay(pause, undefined, { signal: options.signal }).catch(() => {});
    if (options.signal.aborted)
      throw new Error(`${title(live)} is still there: the wait for its deletion was cancelled`);
  }
}

/**
 * Asks until there is an answer, or until the deadline: an API server that is restarted, or has too much to do, ends no wait
 * of ten minutes.
 */
async function answered<T>(ask: () => Promise<T>, deadline: number, options: WaitOptions): Promise<T> {
  for (let pause = 200; ; pause = Math.min(pause * 1.5, 1000)) {
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error) || Date.now() >= deadline || options.signal.aborted) throw error;
      options.onStatus(`asking again: ${(error as Error).message}`);
    }
    await delay(pause, undefined, { signal: options.signal }).catch(() => {});
  }
}

/** No connection, too many requests, or an error of the server's own. */
function isPassing(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiError && (error.code === 429 || error.code >= 500));
}

/** Finalizers, and for a namespace what is left in it. */
function heldBy(live: ValueMap): string {
  const metadata = live.metadata as { finalizers?: readonly string[] } | undefined;
  const conditions = (
    live.status as { conditions?: readonly { status: string; type: string; message: string }[] } | undefined
  )?.conditions;
  const remaining = (conditions ?? []).filter(
    ({ status, type }) => status === "True" && /Remaining|Failure/.test(type),
  );
  if (remaining.length > 0) return `: ${remaining.map(({ message }) => message).join("; ")}`;
  return metadata?.finalizers?.length ? `, held by ${metadata.finalizers.join(", ")}` : "";
}

function timeoutOf(object: ValueMap, seconds: number): number {
  const annotated = Number(annotation(object, "pulumi.com/timeoutSeconds"));
  return seconds || (annotated > 0 ? annotated : defaultTimeoutSeconds);
}

function cutShort(live: ValueMap, message: string): NotReady {
  return new NotReady(message, live, [message]);
}

async function notReady(client: ClusterClient, live: ValueMap, why: string): Promise<NotReady> {
  const reasons = [`${title(live)} is not ready: ${why}`, ...(await reasonsFor(client, live))];
  return new NotReady(reasons.join("\n  "), live, reasons);
}

async function surroundingsOf(client: ClusterClient, object: ValueMap): Promise<Surroundings> {
  const namespace = stringAt(object, "metadata", "namespace");
  if (object.kind === "Service") {
    const labelSelector = `kubernetes.io/service-name=${stringAt(object, "metadata", "name")}`;
    const type = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" };
    return { endpointSlices: await client.list(type, namespace, { labelSelector }) };
  }
  const storageClass = stringAt(object, "spec", "storageClassName");
  if (object.kind === "PersistentVolumeClaim" && storageClass) {
    const type = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" };
    return { storageClass: await client.get({ ...type, name: storageClass }) };
  }
  return {};
}
