/** Waits for the cluster's conditions, and says what a component said last when one does not come. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalError } from "../errors.ts";
import type { ApiClient } from "./apiClient.ts";
import { DNS_DEPLOYMENT } from "./dns.ts";
import { MEMBERS, type Member, NODES } from "./layout.ts";
import type { NodeStatus } from "./specification.ts";
import type { MemberFolder, StateFolder } from "./stateFolder.ts";

/** Seconds that a cluster may take to be ready on a busy machine; it takes about ten on an idle one. */
const PATIENCE_SECONDS = 180;
const POLL_MILLISECONDS = 100;
/** Seconds that a cluster whose members live gets to be well again: the kubelet reports every 10, nodes expire after 40. */
const RECOVERY_SECONDS = 45;
/** Lines of a component's log that an error shows. */
const TAIL_LINES = 15;

/** What is waited for: undefined when it is the case, else what is missing. */
export type Check = () => Promise<string | undefined>;

/**
 * Polls until a check has nothing to say.
 * @throws LocalError with the last thing that was missing; whatever the check throws
 */
export async function waitUntil(
  title: string,
  check: Check,
  signal: AbortSignal,
  seconds = PATIENCE_SECONDS,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const missing = await check();
    if (missing === undefined) return;
    signal.throwIfAborted();
    if (performance.now() > deadline) throw new LocalError(`${title}: not within ${seconds} s: ${missing}`);
    await sleep(POLL_MILLISECONDS, undefined, { signal });
  }
}

/** State of a process that the machine knows by this PID; a zombie has ended. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) [ZX] /.test(stat);
}

/** Undefined until the member has written its first status. */
export async function readStatus(folder: MemberFolder): Promise<NodeStatus | undefined> {
  try {
    return JSON.parse(await readFile(folder.status, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * A check that a member has done all its steps.
 * @throws LocalError as soon as it has failed or ended, with the last lines of the log that explains it
 */
export function memberReady(name: Member, pid: number, state: StateFolder): Check {
  const folder = state.member(name);
  return async () => {
    // In this order: a member that ends has written why before.
    const alive = await isAlive(pid);
    const status = await readStatus(folder);
    if (status?.phase === "ready" && alive) return undefined;
    if (status?.phase === "failed" || !alive) {
      const log = status?.process === undefined ? folder.initLog : join(folder.logs, `${status.process}.log`);
      const why = status?.error ?? `it ended during "${status?.step ?? "its start"}"`;
      throw new LocalError(`${name}: ${status?.step ?? "start"}: ${why}${await quoteTail(log)}`, { log });
    }
    return `${name}: ${status?.step ?? "starting"}`;
  };
}

/** The last lines of a log for an error message, or that there are none. */
export async function quoteTail(log: string): Promise<string> {
  const text = await readFile(log, "utf8").catch(() => "");
  const lines = text.trimEnd().split("\n").slice(-TAIL_LINES);
  return text.trim() === "" ? "" : `\n${lines.map((line) => `    ${line.slice(0, 400)}`).join("\n")}`;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

/** A check that the API server knows the node and calls it Ready. */
export function nodeReady(api: ApiClient, name: string): Check {
  return async () => {
    const node = (await api.read(`/api/v1/nodes/${name}`)) as { status?: { conditions?: Condition[] } } | undefined;
    const ready = node?.status?.conditions?.find((condition) => condition.type === "Ready");
    return ready?.status === "True" ? undefined : `node ${name}: ${ready?.message ?? "not registered"}`;
  };
}

/** A check that pods are accepted in `default`: a node that is Ready does not imply that. */
export function podsAccepted(api: ApiClient): Check {
  return async () =>
    (await api.read("/api/v1/namespaces/default/serviceaccounts/default")) === undefined
      ? "no default service account in namespace default"
      : undefined;
}

/** A check that CoreDNS answers its readiness probe. */
export function dnsReady(api: ApiClient): Check {
  return async () => {
    const deployment = (await api.read(DNS_DEPLOYMENT)) as
      | { status?: { availableReplicas?: number; conditions?: Condition[] } }
      | undefined;
    if ((deployment?.status?.availableReplicas ?? 0) > 0) return undefined;
    return `CoreDNS: ${deployment?.status?.conditions?.at(-1)?.message ?? "no pod yet"}`;
  };
}

/** What is wrong with a cluster that should be running; empty when nothing is. */
export async function problemsOf(api: ApiClient, pids: Readonly<Partial<Record<Member, number>>>): Promise<string[]> {
  const members = MEMBERS.map(async (name) => {
    const pid = pids[name];
    return pid !== undefined && (await isAlive(pid)) ? undefined : `${name} is not running`;
  });
  const gone = (await Promise.all(members)).filter((problem) => problem !== undefined);
  if (gone.length > 0) return gone;
  const answer = await api.send("GET", "/readyz").catch((error: Error) => ({ status: 0, text: error.message }));
  if (answer.status !== 200) return [`the API server is not ready: ${answer.text}`];
  const checks = [...NODES.map((name) => nodeReady(api, name)), podsAccepted(api), dnsReady(api)];
  return (await Promise.all(checks.map((check) => check()))).filter((problem) => problem !== undefined);
}

/**
 * Looks until nothing is wrong, the members are gone, or time is up; returns what was wrong last. One look that fails (a
 * slow API server, a node that is NotReady for a moment) is no reason to give a cluster up, with all that is in it.
 * @param tell hears once what is waited for
 */
export async function lastingProblems(
  look: () => Promise<string[]>,
  membersLive: () => Promise<boolean>,
  tell: (text: string) => void,
  seconds = RECOVERY_SECONDS,
): Promise<string[]> {
  const deadline = performance.now() + seconds * 1000;
  for (let first = true; ; first = false) {
    const problems = await look();
    if (problems.length === 0 || !(await membersLive()) || performance.now() > deadline) return problems;
    if (first) tell(`the cluster runs, but ${problems.join("; ")}: waiting up to ${seconds} s for it to recover`);
    await sleep(POLL_MILLISECONDS);
  }
}
