/** A lock file that says who holds it, so that one left by a process that was killed is known for what it is. */
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** tells a process from a later one with the same number; null where /proc does not say */
  readonly started: string | null;
}

/** Takes the lock; null when somebody who lives has it. */
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
      if (isHeld(file)) return null;
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
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
