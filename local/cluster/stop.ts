/** Stops the embedded cluster and proves that nothing of it is left. */
import { existsSync } from "node:fs";
import { LocalError } from "../errors.ts";
import { isStateDirectory, repositoryRoot } from "../paths.ts";
import type { Note, Progress } from "../progress.ts";
import { type Hierarchy, readHierarchies } from "./cgroups.ts";
import { refuseWithoutRoot } from "./machine.ts";
import { withMachineLock } from "./machineLock.ts";
import { findEnvironment, refuseForeign } from "./ownership.ts";
import { endProcesses, type RemovalCheck, removeAndCheck } from "./removal.ts";
import { type StateFolder, stateFolder } from "./stateFolder.ts";

/** What stop did and what it looked at afterwards. */
export interface StopReport {
  /** whether there was anything to stop */
  readonly found: boolean;
  readonly seconds: number;
  /** the environment's state folder */
  readonly state: string;
  /** whether it was removed: false when it was not there, or bears no mark of the environment and was not touched */
  readonly stateRemoved: boolean;
  readonly checks: readonly RemovalCheck[];
}

export interface StopArguments {
  /** state folder, as `stateDirectory()` gives it; ignored when the environment that runs has another one */
  readonly state: string;
  readonly progress: Pick<Progress, "phase" | "say">;
  /** default: the clone that this file is in */
  readonly clone?: string;
}

/**
 * Ends the environment of this clone, whatever state it is in, and removes its whole state folder; a folder without the
 * environment's mark stays as it is. The report says what was looked for. Refuses an environment of another clone, unless that clone is gone.
 * @throws LocalError that lists what is left, when anything is
 */
export async function stopCluster({ state, progress, clone = repositoryRoot }: StopArguments): Promise<StopReport> {
  const holder = { clone, pid: process.pid, action: "stop" };
  return progress.phase("stop the embedded cluster", (note) =>
    withMachineLock(
      holder,
      (text) => progress.say(text),
      async () => takeDown(stateFolder(state), clone, await readHierarchies(), note),
    ),
  );
}

/** What {@link stopCluster} does, with the environment that is in these cgroup hierarchies. The caller holds the lock. */
export async function takeDown(
  given: StateFolder,
  clone: string,
  hierarchies: readonly Hierarchy[],
  note: Note,
): Promise<StopReport> {
  const began = performance.now();
  const found = await findEnvironment(given, hierarchies);
  if (found !== undefined) {
    refuseForeign(found, clone, "stop");
    refuseWithoutRoot("stop");
    note(`ending ${found.processes.length} processes`);
    await endProcesses(hierarchies, note);
  }
  const folder = found?.state ?? given;
  // What processes or a record point to is ours; a folder that was only named may be anybody's.
  const ours = found?.state !== undefined || isStateDirectory(folder.root);
  const stateRemoved = ours && existsSync(folder.root);
  note("looking for what is left");
  const checks = await removeAndCheck(folder, { ours, record: found?.record }, hierarchies);
  const seconds = (performance.now() - began) / 1000;
  const left = checks.flatMap((check) => check.left.map((line) => `${check.what}: ${line}`));
  if (left.length > 0) {
    throw new LocalError(`the embedded environment left ${left.length} things behind:\n  ${left.join("\n  ")}`);
  }
  return { found: found !== undefined, seconds, state: folder.root, stateRemoved, checks };
}

/** The report for people, a line per check. */
export function describeStop(report: StopReport): string[] {
  const state = report.stateRemoved ? `, ${report.state} removed` : "";
  if (!report.found) return [`nothing to stop: no embedded environment is on this machine${state}`];
  const lines = ({ what, compared, unrelated }: RemovalCheck): string[] => {
    if (!compared) return [`${what}: could not be compared with the time before the start`];
    if (unrelated.length === 0) return [`${what}: nothing left`];
    const shown = unrelated.slice(0, SHOWN_CHANGES).map((change) => `    ${change}`);
    return [`${what}: nothing of the environment's; ${unrelated.length} changes by other programs`, ...shown];
  };
  return [`stopped in ${report.seconds.toFixed(1)} s${state}`, ...report.checks.flatMap(lines)];
}

/** How many of other programs' changes are shown of each kind. */
const SHOWN_CHANGES = 3;
