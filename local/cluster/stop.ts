/** Stops the embedded cluster and proves that nothing of it is left. */
import { LocalError } from "../errors.ts";
import { repositoryRoot } from "../paths.ts";
import type { Progress } from "../progress.ts";
import { readHierarchies } from "./cgroups.ts";
import { withMachineLock } from "./machineLock.ts";
import { findEnvironment, refuseForeign } from "./ownership.ts";
import { endProcesses, type RemovalCheck, removeAndCheck } from "./removal.ts";
import { stateFolder } from "./stateFolder.ts";

/** What stop did and what it looked at afterwards. */
export interface StopReport {
  /** whether there was anything to stop */
  readonly found: boolean;
  readonly seconds: number;
  /** state folder that was removed */
  readonly state: string;
  readonly checks: readonly RemovalCheck[];
}

export interface StopArguments {
  /** state folder, as `stateDirectory()` gives it; ignored when the environment that runs has another one */
  readonly state: string;
  readonly progress: Pick<Progress, "phase">;
  /** default: the clone that this file is in */
  readonly clone?: string;
}

/**
 * Ends the environment of this clone, whatever state it is in, and removes its whole state folder. The report says
 * what was looked for. Refuses an environment of another clone, unless that clone is gone.
 * @throws LocalError that lists what is left, when anything is
 */
export async function stopCluster({ state, progress, clone = repositoryRoot }: StopArguments): Promise<StopReport> {
  const began = performance.now();
  return progress.phase("stop the embedded cluster", (note) =>
    withMachineLock({ clone, pid: process.pid, action: "stop" }, note, async () => {
      const hierarchies = await readHierarchies();
      const given = stateFolder(state);
      const found = await findEnvironment(given, hierarchies);
      if (found !== undefined) {
        refuseForeign(found, clone, "stop");
        note(`ending ${found.processes.length} processes`);
        await endProcesses(hierarchies, note);
      }
      const folder = found?.state ?? given;
      note("looking for what is left");
      const checks = await removeAndCheck(folder, found?.record, hierarchies);
      const seconds = (performance.now() - began) / 1000;
      const left = checks.flatMap((check) => check.left.map((line) => `${check.what}: ${line}`));
      if (left.length > 0) {
        throw new LocalError(`the embedded environment left ${left.length} things behind:\n  ${left.join("\n  ")}`);
      }
      return { found: found !== undefined, seconds, state: folder.root, checks };
    }),
  );
}

/** The report for people, a line per check. */
export function describeStop(report: StopReport): string[] {
  if (!report.found) return ["nothing to stop: no embedded environment is on this machine"];
  const lines = ({ what, compared, unrelated }: RemovalCheck): string[] => {
    if (!compared) return [`${what}: could not be compared with the time before the start`];
    if (unrelated.length === 0) return [`${what}: nothing left`];
    const shown = unrelated.slice(0, SHOWN_CHANGES).map((change) => `    ${change}`);
    return [`${what}: nothing of the environment's; ${unrelated.length} changes by other programs`, ...shown];
  };
  return [`stopped in ${report.seconds.toFixed(1)} s, ${report.state} removed`, ...report.checks.flatMap(lines)];
}

/** How many of other programs' changes are shown of each kind. */
const SHOWN_CHANGES = 3;
