/** Build contexts to measure with, and the ways to build them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import type { BuildkitPlan } from "../../builders/plan/plan.ts";
import type { BuildResult, ImageResult } from "../../builders/report/result.ts";
import { openBridge } from "../../builders/run/buildkit/bridge.ts";
import { Kube } from "../../builders/run/index.ts";
import { BUILD_NAMESPACE, kubeconfig, pods } from "../cluster/access.ts";

const repository = join(import.meta.dirname, "..", "..");
/** What users run: JavaScript, made by `npm run build`. */
const RUNNER = join(repository, "dist", "builders", "cli", "main.js");

const folders: string[] = [];

/** Removes every folder that was made here. */
export async function removeProjects(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pergola-bench-"));
  folders.push(folder);
  return folder;
}

/** A project of so many files of `size` bytes that say who they are. */
export async function makeProject(files: number, size: number, seed: string): Promise<string> {
  const folder = await emptyFolder();
  await writeFile(join(folder, "Dockerfile"), "FROM scratch\nCOPY . /\n");
  for (let index = 0; index < files; index++) {
    const file = join(folder, `d${index % 100}`, `f${index}`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${seed} ${index} `.padEnd(size, "x"));
  }
  return folder;
}

const environment = { KUBECONFIG: kubeconfig };

/** Builds with the runner. @throws Error with what it said, when it fails */
export async function build(folder: string, name: string, ...args: string[]): Promise<ImageResult> {
  const common = [
    "--mode",
    "cluster-buildkit",
    "--name",
    name,
    "--tag",
    "bench",
    "--output",
    "json",
    "--progress",
    "quiet",
  ];
  const done = await execa(process.execPath, [RUNNER, "build", folder, ...common, ...args], { env: environment });
  return (JSON.parse(done.stdout) as BuildResult).images[0] as ImageResult;
}

/** A `buildctl` of the user's own on the same daemon, through the same kind of connection. */
export interface RawBuildctl {
  build(): Promise<{ bytes: number }>;
}

/** What the runner would pass to buildctl for this project, with the plain context in the daemon's one place for contexts. */
export async function rawBuildctl(folder: string, name: string): Promise<RawBuildctl> {
  const args = ["build", folder, "--mode", "cluster-buildkit", "--name", name, "--tag", "bench"];
  const done = await execa(process.execPath, [RUNNER, ...args, "--dry-run", "--output", "json"], { env: environment });
  const [plan] = (JSON.parse(done.stdout) as { plans: BuildkitPlan[] }).plans as [BuildkitPlan];
  const pod = await builderPod();
  return { build: () => throughBridge(plan, pod, withoutSlot(plan, folder)) };
}

/** The plan's arguments without the slot, and with the context and its Dockerfile as they are. */
function withoutSlot(plan: BuildkitPlan, folder: string): string[] {
  const kept = ["--local", `context=${folder}`, "--local", `dockerfile=${folder}`];
  const words = plan.argv.slice(2);
  while (words.length > 0) {
    const word = words.shift() ?? "";
    const dropped = word === "--local" || (word === "--opt" && words[0]?.startsWith("local-sessionid:"));
    if (dropped) words.shift();
    else kept.push(word);
  }
  return ["build", ...kept];
}

/** Name of the pod that builds. @throws Error when there is none */
export async function builderPod(): Promise<string> {
  const all = await pods(BUILD_NAMESPACE["cluster-buildkit"]);
  const pod = all.find(({ status }) => status.phase === "Running");
  if (pod === undefined) throw new Error("no builder runs");
  return pod.metadata.name;
}

async function throughBridge(plan: BuildkitPlan, pod: string, args: readonly string[]): Promise<{ bytes: number }> {
  const directory = await mkdtemp(join(tmpdir(), "pergola-raw-"));
  const kube = new Kube({ environment });
  try {
    const target = { namespace: plan.namespace, pod, container: plan.builder.container };
    const bridge = await openBridge(join(directory, "s"), () =>
      kube.exec({ ...target, command: ["buildctl", "dial-stdio"] }),
    );
    const done = await execa("buildctl", args, { cwd: directory, env: { BUILDKIT_HOST: bridge.address } });
    await bridge.close();
    await readFile(join(directory, plan.metadataFile));
    return { bytes: bytesOf(done.stderr) };
  } finally {
    kube.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Bytes of the context that BuildKit's own records name: the last figure of each vertex. */
function bytesOf(rawjson: string): number {
  const last = new Map<string, number>();
  for (const line of rawjson.split("\n")) {
    if (!line.startsWith("{")) continue;
    const { statuses = [] } = JSON.parse(line) as { statuses?: { id: string; vertex: string; current?: number }[] };
    for (const { id, vertex, current } of statuses) {
      if (/^transferring .*context:/.test(id)) last.set(vertex, current ?? 0);
    }
  }
  return [...last.values()].reduce((sum, bytes) => sum + bytes, 0);
}
