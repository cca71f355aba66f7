/** Builds with the runner from what a stack of the engine tier provisioned. */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa } from "execa";
import type { BuildResult } from "../../builders/report/result.ts";
import { type BuildSetup, buildSetup, type ModeName } from "../../infra/setup.ts";
import { testKubeconfig } from "./cluster.ts";
import type { EngineStack } from "./engine.ts";

const runner = resolve(import.meta.dirname, "..", "..", "builders", "cli", "main.ts");

/**
 * `pergola build` of one Dockerfile with the BuildSetup that the stack gives out.
 * @param change to that setup
 * @param more arguments
 * @throws Error when the runner prints no result
 */
export async function buildImage(
  stack: EngineStack,
  mode: ModeName,
  name: string,
  dockerfile: string,
  change: (setup: BuildSetup) => BuildSetup = (same) => same,
  more: readonly string[] = [],
): Promise<BuildResult> {
  const folder = join(stack.folder, "contexts", `${name}-${mode}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "Dockerfile"), dockerfile);
  const setup = buildSetup.parse(
    JSON.parse(await stack.run(["stack", "output", "setup", "--json", "--stack", stack.name])),
  );
  const file = join(folder, "..", `${name}-${mode}.json`);
  await writeFile(file, JSON.stringify(change(setup)));
  const args = ["build", folder, "--name", name, "--mode", mode, "--setup", file, "--output", "json", ...more];
  const done = await execa(process.execPath, [runner, ...args], {
    env: { KUBECONFIG: testKubeconfig() },
    stdin: "ignore",
    reject: false,
  });
  try {
    return JSON.parse(done.stdout);
  } catch {
    throw new Error(`pergola build printed no result (exit code ${done.exitCode}):\n${done.stdout}\n${done.stderr}`);
  }
}

/** Has builders use this secret instead of the provisioned one. */
export function withPullSecret(name: string): (setup: BuildSetup) => BuildSetup {
  return (setup) => ({ ...setup, pullSecrets: setup.pullSecrets.map((secret) => ({ ...secret, name })) });
}
