/** Writes down and starts the cluster's members, and joins them by links. */
import { execFile, spawn } from "node:child_process";
import { mkdir, readdir, readlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { LocalError } from "../errors.ts";
import { cgroupDirectories, type Hierarchy } from "./cgroups.ts";
import type { Member, NodeName } from "./layout.ts";
import { controlNetwork, importImage, type MemberPlan } from "./memberSpecifications.ts";
import type { RunningMember } from "./record.ts";
import type { StateFolder } from "./stateFolder.ts";
import type { ClusterTools } from "./tools.ts";

const run = promisify(execFile);

/** Writes a member's files and starts its PID 1, which then does the steps on its own. */
export async function startMember(
  name: Member,
  plan: MemberPlan,
  state: StateFolder,
  hierarchies: readonly Hierarchy[],
  tools: ClusterTools,
): Promise<RunningMember> {
  const folder = state.member(name);
  for (const directory of [folder.logs, folder.temporary, `${folder.var}/lib`, `${folder.var}/log`]) {
    await mkdir(directory, { recursive: true });
  }
  for (const { path, content } of plan.files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  await writeFile(folder.specification, `${JSON.stringify(plan.specification, null, 2)}\n`);
  const cgroups = cgroupDirectories(hierarchies, name).flatMap((directory) => ["--cgroup", directory]);
  const given = ["spawn", ...cgroups, "--log", folder.initLog, folder.specification];
  const { stdout } = await run(tools.nodeInit, given, { env: {} }).catch((error: Error & { stderr?: string }) => {
    throw new LocalError(`${name} could not be started: ${error.stderr?.trim() || error.message}`, { cause: error });
  });
  const pid = Number(stdout.trim());
  return { pid, namespaces: await namespacesOf(pid) };
}

/** `net:[4026532281]` and the like, of a process; without those that it shares with this one. */
export async function namespacesOf(pid: number): Promise<string[]> {
  const read = async (of: string) => {
    const names = (await readdir(`/proc/${of}/ns`)).filter((name) => !name.endsWith("_for_children"));
    return Promise.all(names.map((name) => readlink(`/proc/${of}/ns/${name}`)));
  };
  const [theirs, own] = await Promise.all([read(String(pid)), read("self")]);
  return theirs.filter((namespace) => !own.includes(namespace));
}

/** Makes the bridge and the links, all inside the members' network namespaces, and lets the members go on. */
export async function joinMembers(
  members: Readonly<Record<Member, RunningMember>>,
  state: StateFolder,
  tools: ClusterTools,
): Promise<void> {
  const pids: Record<NodeName, number> = { apps: members.apps.pid, builder: members.builder.pid };
  await new Promise<void>((resolve, reject) => {
    const namespace = `--net=/proc/${members.ctl.pid}/ns/net`;
    const child = spawn("nsenter", [namespace, tools.ip, "-batch", "-"], {
      env: tools.environment,
      stdio: ["pipe", "ignore", "pipe"],
    });
    let complaint = "";
    child.stderr.on("data", (chunk) => {
      complaint += chunk;
    });
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new LocalError(`the nodes' network could not be made: ${complaint.trim()}`)),
    );
    child.stdin.end(controlNetwork(pids));
  });
  await writeFile(state.networkDone, "");
}

/** Makes a linker cache that knows the unpacked packages' libraries (LD_LIBRARY_PATH of the tools' environment). */
export async function createLinkerCache(state: StateFolder, tools: ClusterTools): Promise<void> {
  const configuration = `${state.linkerCache}.conf`;
  const folders = (tools.environment.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean);
  await writeFile(configuration, `${folders.join("\n")}\n`);
  await run("ldconfig", ["-X", "-C", state.linkerCache, "-f", configuration], { env: tools.environment });
}

/** Imports an archive into the containerd of a node that runs, by the node's PID 1. */
export async function importIntoRunning(pid: number, archive: string, tools: ClusterTools): Promise<void> {
  const command = importImage(archive, tools).arguments;
  await run("nsenter", [`--mount=/proc/${pid}/ns/mnt`, ...command], { env: tools.environment });
}
