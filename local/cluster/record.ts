/** What is written down about an environment for later commands: whose it is, and what stop has to check. */
import { readFileSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import type { Member } from "./layout.ts";
import type { Snapshot } from "./snapshot.ts";
import { type StateFolder, stateFolder } from "./stateFolder.ts";

/** Content of {@link StateFolder.record}. */
export interface EnvironmentRecord {
  readonly version: 1;
  readonly phase: "starting" | "running";
  /** the clone that started it */
  readonly clone: string;
  /** process that started it; gone when `phase` is "running" */
  readonly pid: number;
  /** ISO 8601 */
  readonly startedAt: string;
  /** programs that a later stop needs, so that it needs no toolchain */
  readonly programs: { readonly ip: string; readonly nft: string };
  readonly environment: Readonly<Record<string, string>>;
  /** the machine before anything was made */
  readonly before: Snapshot;
  readonly members: Readonly<Partial<Record<Member, RunningMember>>>;
  /** `host:port` on loopback */
  readonly endpoints: { readonly api: string; readonly registry: string } | null;
  readonly enforcesPolicies: boolean;
  /** archives that are imported, by node */
  readonly images: Readonly<Record<"apps" | "builder", readonly string[]>>;
}

/** PID 1 of a member as the machine sees it, and its namespaces (`net:[4026532281]`). */
export interface RunningMember {
  readonly pid: number;
  readonly namespaces: readonly string[];
}

export async function writeRecord(state: StateFolder, record: EnvironmentRecord): Promise<void> {
  await writeFile(`${state.record}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(`${state.record}.new`, state.record);
}

/** Undefined when there is none, or none that this version can read. */
export async function readRecord(state: StateFolder): Promise<EnvironmentRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(state.record, "utf8")) as EnvironmentRecord;
    return record.version === 1 ? record : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether this process made, or is making, the environment in a state folder; false when there is none. At once, because
 * a process that gets a signal has to know.
 */
export function madeHere(state: string): boolean {
  try {
    const { pid } = JSON.parse(readFileSync(stateFolder(state).record, "utf8")) as EnvironmentRecord;
    return pid === process.pid;
  } catch {
    return false;
  }
}
