/** What the cluster tier works on: the running embedded environment, the runner's command line, kubectl, the registry. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa, type Options, type ResultPromise } from "execa";
import { afterAll } from "vitest";
import type { BuildResult } from "../../builders/report/result.ts";

const repository = join(import.meta.dirname, "..", "..");

/** kubeconfig of the embedded environment; `npm test` sets it. */
export const kubeconfig = required("PERGOLA_TEST_KUBECONFIG");
const kubernetes = required("PERGOLA_TEST_KUBERNETES");

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this tier by "npm test -- cluster"`);
  return value;
}

/** The modes that every build test runs in. */
export const MODES = ["cluster-buildkit", "kaniko"] as const;
export const BUILD_NAMESPACE = { "cluster-buildkit": "pergola-buildkit", kaniko: "pergola-kaniko" } as const;

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

/** kubectl with its output; throws when it fails. */
export async function kubectl(args: readonly string[], input?: object): Promise<string> {
  const done = await execa(kubernetes, ["kubectl", "--kubeconfig", kubeconfig, ...args], {
    reject: false,
    ...(input === undefined ? { stdin: "ignore" as const } : { input: JSON.stringify(input) }),
  });
  if (done.exitCode !== 0) throw new Error(`kubectl ${args.join(" ")}: ${done.stderr}`);
  return String(done.stdout);
}

/** The BuildSetup that a mode's namespace carries. */
export async function setupOf(mode: (typeof MODES)[number]): Promise<Record<string, unknown>> {
  const map = ["get", "configmap", "pergola-setup", "--namespace", BUILD_NAMESPACE[mode], "--output", "json"];
  return JSON.parse(JSON.parse(await kubectl(map)).data["setup.json"]);
}

export interface Pod {
  metadata: { name: string; labels?: Record<string, string>; creationTimestamp: string };
  spec: { nodeName?: string };
  status: { phase: string; conditions?: { type: string; message?: string }[] };
}

/** Pods of a namespace. */
export async function pods(namespace: string, ...selectors: string[]): Promise<Pod[]> {
  return JSON.parse(await kubectl(["get", "pods", "--namespace", namespace, "--output", "json", ...selectors])).items;
}

/** Waits until `look` gives something other than undefined. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not seen within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
