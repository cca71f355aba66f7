/**
 * The process that builds, as a text that another one on the same kernel can judge: whether it still runs. A runner that was
 * killed leaves its pods; a later one may remove them, but never those of a build that goes on, here or elsewhere.
 * Linux only: elsewhere nothing tells one machine from another without fail.
 */
import { readFileSync, readlinkSync } from "node:fs";

/** This process: `BOOT/PID NAMESPACE/PID/START`; null where that is not to be had. */
export function thisRunner(): string | null {
  const place = here();
  const started = startOf(process.pid);
  return place === null || started === null ? null : `${place}/${process.pid}/${started}`;
}

/** Whether that process has ended for certain. False for those of other machines and other containers. */
export function hasEnded(runner: string): boolean {
  const [boot, namespace, pid = "", start] = runner.split("/");
  if (`${boot}/${namespace}` !== here() || !/^[1-9]\d*$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    // EPERM is of somebody else's process, which /proc may hide (hidepid).
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  const now = startOf(Number(pid));
  return now !== null && now !== start;
}

/** This boot of this kernel, and the process ids that count here: containers have their own. */
function here(): string | null {
  try {
    // Where /proc is that of another pid namespace, its numbers are others.
    if (readlinkSync("/proc/self") !== String(process.pid)) return null;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0];
    return boot === "" || namespace === undefined ? null : `${boot}/${namespace}`;
  } catch {
    return null;
  }
}

/** When a process began, in ticks since the boot (proc(5), field 22 of stat); "" for one that is dead but not yet buried. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return "ZX".includes(state) ? "" : (fields[18] ?? null);
  } catch {
    return null;
  }
}
