/** Whose environment runs on this machine: found from its processes, so that a lost state folder hides nothing. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { LocalError } from "../errors.ts";
import { type Hierarchy, listCgroups, listProcesses } from "./cgroups.ts";
import { type EnvironmentRecord, readRecord } from "./record.ts";
import { type StateFolder, stateFolder } from "./stateFolder.ts";

/** An environment on this machine, whole or in parts. */
export interface FoundEnvironment {
  /** undefined when nothing that still runs says where its state is */
  readonly state: StateFolder | undefined;
  readonly record: EnvironmentRecord | undefined;
  /** processes in the environment's cgroups */
  readonly processes: readonly number[];
}

/**
 * Looks for processes and cgroups of an environment, then for the given state folder's record.
 * Undefined: the machine has neither.
 */
export async function findEnvironment(
  state: StateFolder,
  hierarchies: readonly Hierarchy[],
): Promise<FoundEnvironment | undefined> {
  const processes = await listProcesses(hierarchies);
  for (const pid of processes) {
    const running = stateOfInit(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
    if (running !== undefined) return { state: running, record: await readRecord(running), processes };
  }
  const record = await readRecord(state);
  if (record !== undefined) return { state, record, processes };
  const cgroups = await listCgroups(hierarchies);
  return cgroups.length > 0 ? { state: undefined, record: undefined, processes } : undefined;
}

/** The state folder that a `node-init init STATE/MEMBER/specification.json` works in. */
export function stateOfInit(commandLine: string): StateFolder | undefined {
  const [program, action, specification] = commandLine.split("\0");
  if (program !== "node-init" || action !== "init" || specification === undefined) return undefined;
  return stateFolder(dirname(dirname(specification)));
}

/**
 * Refuses to touch an environment of another clone, unless that clone is gone.
 * @throws LocalError that names the clone, since when it runs, and what to do
 */
export function refuseForeign(found: FoundEnvironment, clone: string, action: "start" | "stop"): void {
  const { record } = found;
  if (record === undefined || record.clone === clone) return;
  if (!existsSync(record.clone)) {
    if (action === "stop") return;
    throw new LocalError(`an embedded environment of a clone that is gone (${record.clone}) is on this machine`, {
      hint: "run npm stop here first: it may remove that one",
    });
  }
  throw new LocalError(
    `the embedded environment on this machine belongs to another clone: ${record.clone} (since ${record.startedAt})`,
    { hint: `there is one per machine: run npm stop in ${record.clone} first` },
  );
}

/**
 * Refuses to start beside an environment of this clone that has another state folder.
 * @throws LocalError that names both folders
 */
export function refuseOtherState(found: FoundEnvironment, state: StateFolder): void {
  if (found.state === undefined || found.state.root === state.root) return;
  throw new LocalError(
    `the embedded environment on this machine has its state in ${found.state.root}, and this start was given ${state.root}`,
    { hint: `set PERGOLA_STATE=${found.state.root}, or run npm stop first` },
  );
}
