/** Takes an environment off the machine, and looks whether anything of it is left. */
import { existsSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalError } from "../errors.ts";
import { removeStateDirectory } from "../paths.ts";
import { cgroupDirectories, type Hierarchy, listProcesses, removeCgroups } from "./cgroups.ts";
import { isAlive } from "./health.ts";
import { MEMBERS } from "./layout.ts";
import type { EnvironmentRecord } from "./record.ts";
import { compareSnapshots, environmentMarks, takeSnapshot } from "./snapshot.ts";
import type { StateFolder } from "./stateFolder.ts";

/** Seconds that the control plane gets to end in order before everything is killed. */
const ORDERLY_SECONDS = 6;
/** Seconds that the kernel gets to free killed processes and their cgroups. */
const REMOVAL_SECONDS = 20;

/**
 * Ends every process in the environment's cgroups and removes the cgroups. Members get SIGTERM first, upon which the
 * control plane ends in order; then the rest is killed. Nothing outside of the cgroups is ever signalled.
 * @throws LocalError that names what could not be removed
 */
export async function endProcesses(hierarchies: readonly Hierarchy[], note: (text: string) => void): Promise<void> {
  const inits = await memberInits(hierarchies);
  for (const pid of inits) signal(pid, "SIGTERM");
  await poll(ORDERLY_SECONDS, async () => (await Promise.all(inits.map(isAlive))).every((alive) => !alive));
  const removed = await poll(REMOVAL_SECONDS, async () => {
    for (const pid of await listProcesses(hierarchies)) signal(pid, "SIGKILL");
    return (await removeCgroups(hierarchies)).length === 0;
  });
  if (removed) {
    // Ended processes keep their entry until the machine's PID 1 has collected them, some only after a moment.
    await poll(REMOVAL_SECONDS, async () => inits.every((pid) => !existsSync(`/proc/${pid}`)));
    return;
  }
  const processes = await listProcesses(hierarchies);
  const cgroups = await removeCgroups(hierarchies);
  if (cgroups.length === 0) return;
  note(`still there: ${cgroups.join(", ")}`);
  throw new LocalError(
    `the embedded environment could not be removed within ${REMOVAL_SECONDS} s: processes ${processes.join(", ") || "none"}, cgroups ${cgroups.join(", ")}`,
    {
      hint: "a process that waits for a device cannot be killed: look at its state in /proc/PID/stack, then stop again",
    },
  );
}

/** PID 1 of each member: the first process in the member's own cgroup that is PID 1 of its namespace. */
async function memberInits(hierarchies: readonly Hierarchy[]): Promise<number[]> {
  const found = new Set<number>();
  for (const directory of MEMBERS.flatMap((member) => cgroupDirectories(hierarchies, member))) {
    for (const folder of [directory, join(directory, "init")]) {
      const text = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
      for (const pid of text.split("\n").filter(Boolean)) {
        const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
        if (command.startsWith("node-init\0init\0")) found.add(Number(pid));
      }
    }
  }
  return [...found];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // ESRCH: it ended in between, which is what is wanted.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return;
    throw new LocalError(`process ${pid} of the embedded environment may not be ended by user ${process.getuid?.()}`, {
      hint: "run this as root, as the start was",
      cause: error,
    });
  }
}

async function poll(seconds: number, done: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await done())) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** One thing that was looked for after a removal. */
export interface RemovalCheck {
  /** "processes", "mounts", "routes" and so on */
  readonly what: string;
  /** what the environment left behind: empty, or stop has failed */
  readonly left: readonly string[];
  /** changes of the same time, `+ line` and `- line`, that bear no mark of the environment: as a rule another program's */
  readonly unrelated: readonly string[];
  /** false where the machine did not tell, or nothing was written down before the start */
  readonly compared: boolean;
}

/**
 * Removes the state folder when it is the environment's, then looks for processes, namespaces, cgroups and files of the
 * environment, and compares the machine with the time before its start. To be called when {@link endProcesses} is done.
 */
export async function removeAndCheck(
  state: StateFolder,
  options: { readonly ours: boolean; readonly record: EnvironmentRecord | undefined },
  hierarchies: readonly Hierarchy[],
): Promise<RemovalCheck[]> {
  const { ours, record } = options;
  const ended = await uptime();
  if (ours) await removeStateDirectory(state.root);
  const namespaces = new Set(Object.values(record?.members ?? {}).flatMap((member) => member.namespaces));
  const found = await searchProcesses(state, namespaces, ended);
  const exact = (what: string, left: readonly string[]): RemovalCheck => ({
    what,
    left,
    unrelated: [],
    compared: true,
  });
  const remaining = (await listProcesses(hierarchies)).map((pid) => `process ${pid} in the environment's cgroup`);
  const checks = [
    exact("processes", [...remaining, ...found.processes]),
    { ...exact("namespaces", found.namespaces), compared: record !== undefined },
    exact("files", ours ? (await readdir(state.root).catch(() => [])).map((name) => join(state.root, name)) : []),
  ];
  if (record === undefined) return checks;
  const programs = { ...record.programs, environment: record.environment };
  const differences = compareSnapshots(record.before, await takeSnapshot(programs), environmentMarks(state.root));
  return [...checks, ...differences.map(({ kind, ...difference }) => ({ what: kind, ...difference }))];
}

/**
 * Processes anywhere on the machine that name the state folder or are in one of the namespaces. The kernel gives a
 * namespace's number to another one soon after it is gone, so only processes count that began before `ended`.
 */
async function searchProcesses(state: StateFolder, namespaces: ReadonlySet<string>, ended: number) {
  const processes: string[] = [];
  const kept = new Set<string>();
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  for (const pid of pids) {
    if (!(await isAlive(Number(pid))) || (await startOf(pid)) > ended) continue;
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ").trim();
    if (command.startsWith("node-init ") && command.includes(`${state.root}/`))
      processes.push(`process ${pid}: ${command}`);
    for (const name of await readdir(`/proc/${pid}/ns`).catch(() => [])) {
      const namespace = await readlink(`/proc/${pid}/ns/${name}`).catch(() => "");
      if (namespaces.has(namespace)) kept.add(`${namespace} of process ${pid}: ${command}`);
    }
  }
  return { processes, namespaces: [...kept] };
}

/** Seconds since the machine started. */
async function uptime(): Promise<number> {
  return Number((await readFile("/proc/uptime", "utf8")).split(" ")[0]);
}

/** When a process began, in seconds since the machine started (field 22 of proc(5)'s stat, in hundredths everywhere). */
async function startOf(pid: string): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]) / 100;
}
