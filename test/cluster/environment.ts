/** What the cluster tier works on: the running embedded environment, the runner's command line, kubectl, the registry. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa, type Options, type ResultPromise } from "execa";
import { afterAll } from "vitest";
import type { BuildResult } from "../../builders/report/result.ts";
import { kubeconfig } from "./access.ts";

export * from "./access.ts";

const repository = join(import.meta.dirname, "..", "..");

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A context folder with these files. */
export async function context(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pergola-context-"));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

const options = { reject: false, stdin: "ignore", env: { KUBECONFIG: kubeconfig } } satisfies Options;

/** Starts the runner; the process can be sent signals. */
export function pergola(args: readonly string[], env: Record<string, string> = {}): ResultPromise<typeof options> {
  const program = join(repository, "builders", "cli", "main.ts");
  return execa(process.execPath, [program, ...args], { ...options, env: { ...options.env, ...env } });
}

/** Runs `pergola build ... --output json` and returns its exit code, its result and what it said to people. */
export async function build(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | undefined; result: BuildResult; stderr: string }> {
  const done = await pergola(["build", ...args, "--output", "json", "--progress", "plain"], env);
  let result: BuildResult;
  try {
    result = JSON.parse(done.stdout);
  } catch {
    throw new Error(`pergola build printed no JSON (exit code ${done.exitCode}):\n${done.stdout}\n${done.stderr}`);
  }
  return { code: done.exitCode, result, stderr: done.stderr };
}
