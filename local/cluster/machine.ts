/** What this machine is like, read from it; and whether it suits. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { LocalError } from "../errors.ts";
import { cgroupMountPoints, parseHierarchies } from "./cgroups.ts";
import { parseMemoryTotal } from "./layout.ts";
import type { Machine } from "./memberSpecifications.ts";
import { QUEUE_PROBE } from "./policyEnforcer.ts";
import type { ClusterTools } from "./tools.ts";

/** @throws LocalError for a machine that cannot run the cluster, naming what it lacks */
export async function readMachine(tools: ClusterTools): Promise<Machine> {
  if (process.platform !== "linux") {
    throw new LocalError(`the embedded cluster needs Linux, this is ${process.platform}`, { exitCode: 2 });
  }
  if (process.getuid?.() !== 0) {
    throw new LocalError(
      `the embedded cluster needs root to make namespaces and mounts, this is user ${process.getuid?.()}`,
      {
        hint: "run it as root",
        exitCode: 2,
      },
    );
  }
  const [mountinfo, meminfo] = await Promise.all([
    readFile("/proc/self/mountinfo", "utf8"),
    readFile("/proc/meminfo", "utf8"),
  ]);
  const resources = { milliCpu: cpus().length * 1000, memoryKi: parseMemoryTotal(meminfo) };
  const hierarchies = parseHierarchies(mountinfo);
  if (hierarchies.length === 0) {
    throw new LocalError("no cgroup hierarchy is mounted on this machine", { hint: "mount one at /sys/fs/cgroup" });
  }
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
