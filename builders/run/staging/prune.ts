/** Removes staged copies that nobody has used for long, and those of processes that were killed. */
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { takeLock } from "./lock.ts";

/** Milliseconds after which a copy that was not used is given up: as much is sent again as if it had never been. */
const KEPT = 30 * 24 * 3600 * 1000;

/** Milliseconds between two looks: with hundreds of copies a look takes longer than bringing one up to date. */
const BETWEEN = 24 * 3600 * 1000;

/** A copy that a process made for itself alone bears its number. */
const OWN = /^[0-9a-f]+\.(\d+)-[0-9a-f]+$/;

/** {@link pruneStages}, once a day; `folder` bears the time of the last look in a file beside it. */
export function pruneDaily(folder: string, now: number = Date.now()): void {
  const looked = `${folder}.looked-through`;
  if (now - (statSync(looked, { throwIfNoEntry: false })?.mtimeMs ?? 0) < BETWEEN) return;
  pruneStages(folder, now);
  try {
    writeFileSync(looked, "", { mode: 0o600 });
  } catch {
    // A cache that is not there yet, or full: whoever writes into it says so.
  }
}

/** Looks through `folder` (`contexts/` of the cache); what somebody uses stays. */
export function pruneStages(folder: string, now: number = Date.now()): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) {
    const stage = path.join(folder, name);
    const owner = OWN.exec(name)?.[1];
    const used = statSync(stage, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (owner !== undefined) {
      if (!isAlive(Number(owner)) || used < now - KEPT) rmSync(stage, { recursive: true, force: true });
      continue;
    }
    if (used >= now - KEPT) continue;
    // Removed under the lock, which goes with it.
    if (takeLock(path.join(stage, "lock")) !== null) rmSync(stage, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
