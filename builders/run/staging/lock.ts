/** A lock file that says who holds it, so that one left by a process that was killed is known for what it is. */
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** tells a process from a later one with the same number; null where /proc does not say */
  readonly started: string | null;
}

/** Milliseconds after which a take-over that did not end is one of a process that was killed in it. */
const TAKE_OVER = 60_000;

/** Takes the lock; null when somebody who lives has it, or is about to take over one that was left. */
export function takeLock(file: string): { release(): void } | null {
  const me: Holder = { host: hostname(), pid: process.pid, started: startOf(process.pid) };
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify(me), { mode: 0o600 });
  try {
    for (;;) {
      try {
        // A link appears with its content, which a file that is opened and then written does not.
        linkSync(own, file);
        return { release: () => rmSync(file, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      if (isHeld(file) || !removeLeft(file, own)) return null;
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Removes a lock that was left. One process at a time: of two that saw the same old lock, the second would otherwise remove
 * the new one of the first. False when another process is at it.
 */
function removeLeft(file: string, own: string): boolean {
  const turn = `${file}.turn`;
  const since = statSync(turn, { throwIfNoEntry: false })?.mtimeMs;
  if (since !== undefined && since < Date.now() - TAKE_OVER) rmSync(turn, { force: true });
  try {
    linkSync(own, turn);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  try {
    // Looked at again, as somebody may have had a turn since.
    if (!isHeld(file)) rmSync(file, { force: true });
    return true;
  } finally {
    rmSync(turn, { force: true });
  }
}

function isHeld(file: string): boolean {
  let holder: Holder;
  try {
    holder = JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return false;
  }
  // Of a process on another machine, or in another container, nothing can be told from here.
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return holder.started === null || startOf(holder.pid) === holder.started;
}

/** When a process started, in ticks since boot: field 22 of /proc/PID/stat, counted behind the name in brackets. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
