/** Loopback ports of this machine that lead into the cluster's network namespace. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { LocalError } from "../errors.ts";
import { cgroupDirectories, type Hierarchy } from "./cgroups.ts";
import type { StateFolder } from "./stateFolder.ts";

export interface ForwarderArguments {
  readonly nodeInit: string;
  readonly hierarchies: readonly Hierarchy[];
  readonly state: StateFolder;
  /** names the log file, in the control plane's log folder */
  readonly name: string;
  /** PID 1 of the member whose network is dialled in; the forwarder ends with it */
  readonly member: number;
  /** `host:port` inside */
  readonly to: string;
}

/**
 * Starts a forwarder on a free port of 127.0.0.1 and returns `127.0.0.1:PORT`. It outlives this process, is in the
 * environment's cgroups, and ends by itself when the member ends.
 */
export function startForwarder(given: ForwarderArguments): Promise<string> {
  const log = `${given.state.member("ctl").logs}/forward-${given.name}.log`;
  const groups = cgroupDirectories(given.hierarchies, "forwarders").flatMap((directory) => ["--cgroup", directory]);
  const network = ["--network", `/proc/${given.member}/ns/net`, "--to", given.to, "--while", String(given.member)];
  const output = openSync(log, "a", 0o600);
  const child = spawn(given.nodeInit, ["forward", ...groups, "--listen", "127.0.0.1:0", ...network], {
    detached: true,
    stdio: ["ignore", "pipe", output],
    env: {},
    cwd: "/",
  });
  closeSync(output);
  return new Promise<string>((resolve, reject) => {
    let text = "";
    const fail = (why: string) => reject(new LocalError(`the forwarder to ${given.to} did not start: ${why}`, { log }));
    child.on("error", (error) => fail(error.message));
    child.on("exit", (code, signal) => fail(`it ended with ${signal ?? `exit status ${code}`}`));
    child.stdout?.on("data", (chunk) => {
      text += chunk;
      if (!text.includes("\n")) return;
      child.removeAllListeners("exit");
      child.stdout?.destroy();
      child.unref();
      resolve(text.trim());
    });
  });
}
