/** What this machine is like, read from it; and whether it suits. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { LocalError } from "../errors.ts";
import { cgroupMountPoints, parseHierarchies, readHierarchies } from "./cgroups.ts";
import { parseMemoryTotal } from "./layout.ts";
import type { Machine } from "./memberSpecifications.ts";
import { QUEUE_PROBE } from "./policyEnforcer.ts";
import type { ClusterTools } from "./tools.ts";

/**
 * Looks whether this machine and this user can run the cluster at all. Needs no toolchain, so that it can be asked
 * before one is built.
 * @throws LocalError that names what is lacking
 */
export async function refuseUnfitMachine(): Promise<void> {
  if (process.platform !== "linux") {
    throw new LocalError(`the embedded cluster needs Linux, this is ${process.platform}`, { exitCode: 2 });
  }
  refuseWithoutRoot("start");
  if ((await readHierarchies()).length === 0) {
    throw new LocalError("no cgroup hierarchy is mounted on this machine", { hint: "mount one at /sys/fs/cgroup" });
  }
}

/** @throws LocalError unless this process is root's */
export function refuseWithoutRoot(action: "start" | "stop"): void {
  const user = process.getuid?.();
  if (user === 0) return;
  const why = action === "start" ? "to make namespaces and mounts" : "to end root's processes";
  throw new LocalError(`the embedded cluster needs root ${why}, this is user ${user}`, {
    hint: "run it as root",
    exitCode: 2,
  });
}

/** What a machine that suits is like. */
export async function readMachine(tools: ClusterTools): Promise<Machine> {
  const [mountinfo, meminfo] = await Promise.all([
    readFile("/proc/self/mountinfo", "utf8"),
    readFile("/proc/meminfo", "utf8"),
  ]);
  const resources = { milliCpu: cpus().length * 1000, memoryKi: parseMemoryTotal(meminfo) };
  const hierarchies = parseHierarchies(mountinfo);
  return {
    resources,
    hierarchies,
    cgroupMountPoints: cgroupMountPoints(mountinfo),
    nftablesQueue: tools.networkPolicies !== undefined && (await accepts(tools, QUEUE_PROBE)),
  };
}

/** Whether the kernel accepts a rule set, tried in a network namespace that vanishes with the trial. */
function accepts(tools: ClusterTools, rules: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn("unshare", ["--net", tools.nft, "-f", "-"], {
      env: tools.environment,
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
    child.stdin.on("error", () => {});
    child.stdin.end(rules);
  });
}
