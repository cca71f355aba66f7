/** Build contexts to measure with, and the runner that builds them. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa, type ResultPromise } from "execa";
import type { BuildkitPlan } from "../../builders/plan/plan.ts";
import type { BuildResult, ImageResult } from "../../builders/report/result.ts";
import { kubeconfig } from "../cluster/access.ts";
import { NAMESPACE } from "./place.ts";

const repository = join(import.meta.dirname, "..", "..");
/** What users run: JavaScript, made by `npm run build`. */
const RUNNER = join(repository, "dist", "builders", "cli", "main.cjs");

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

export const environment = { ...process.env, KUBECONFIG: kubeconfig };

/** Starts `pergola build` as users have it. */
export function pergola(args: readonly string[]): ResultPromise<{ env: NodeJS.ProcessEnv }> {
  const common = ["--namespace", NAMESPACE, "--mode", "cluster-buildkit", "--tag", "bench"];
  return execa(process.execPath, [RUNNER, "build", ...common, ...args], { env: environment });
}

/** Builds with the runner all that is in a folder. @throws Error with what it said, when it fails */
export async function buildAll(folder: string, ...args: string[]): Promise<readonly ImageResult[]> {
  const done = await pergola([folder, "--output", "json", "--progress", "quiet", ...args]);
  return (JSON.parse(done.stdout) as BuildResult).images;
}

/** The same of a folder with one image. */
export async function build(folder: string, name: string, ...args: string[]): Promise<ImageResult> {
  return (await buildAll(folder, "--name", name, ...args))[0] as ImageResult;
}

/** What the runner would do, in build order. */
export async function plansOf(folder: string, ...args: string[]): Promise<readonly BuildkitPlan[]> {
  const done = await pergola([folder, "--dry-run", "--output", "json", ...args]);
  return (JSON.parse(done.stdout) as { plans: BuildkitPlan[] }).plans;
}

/** The same of a folder with one image. */
export async function planOf(folder: string, name: string, ...args: string[]): Promise<BuildkitPlan> {
  return (await plansOf(folder, "--name", name, ...args))[0] as BuildkitPlan;
}
