/** Pergola's program as a stack on the real engine, in the cluster under test, by a stack file that is like one of the repository's. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { testKubeconfig } from "./cluster.ts";
import { EngineStack } from "./engine.ts";

const repository = resolve(import.meta.dirname, "..", "..");

/** What a stack file says. */
// biome-ignore lint/suspicious/noExplicitAny: tests write into it what they like
export type StackFile = { config: Record<string, any> };

/** The stack file of an example, for the cluster under test. @param rename what becomes of its text before */
export function exampleFile(example: string, rename = (text: string) => text): StackFile {
  const text = readFileSync(join(repository, "stacks", `Pulumi.${example}.yaml`), "utf8");
  const file: StackFile = parse(rename(text));
  file.config["pergola:cluster"].context = parse(readFileSync(testKubeconfig(), "utf8"))["current-context"];
  return file;
}

/** What makes a stack. */
export interface ProgramStackOptions {
  readonly stack: string;
  /** text of the stack file */
  readonly config: string;
  /** name below `pergola:secrets` -> value */
  readonly secrets?: Readonly<Record<string, string>>;
  /** for the engine and all that it starts; what is added to it later holds for operations after that */
  readonly environment?: Record<string, string>;
}

/** Makes the stack, with its secrets set, and a folder of its own for temporary files. */
export async function createProgramStack(options: ProgramStackOptions): Promise<EngineStack> {
  const { secrets = {}, environment = {}, ...given } = options;
  environment.KUBECONFIG = testKubeconfig();
  const stack = await EngineStack.create({ program: repository, ...given, environment });
  await mkdir(temporaryFolder(stack));
  for (const [name, value] of Object.entries(secrets)) await setSecret(stack, `pergola:secrets.${name}`, value);
  return stack;
}

/** Folder for TMPDIR of everything that an operation starts. */
export function temporaryFolder(stack: EngineStack): string {
  return join(stack.folder, "temporary");
}

/** `pulumi config set --secret` with the value on standard input, so that no command line has it. */
async function setSecret(stack: EngineStack, path: string, value: string): Promise<void> {
  const args = ["config", "set", "--secret", "--path", path, "--stack", stack.name, "--non-interactive"];
  const child = spawn(stack.prepared.command, args, {
    cwd: stack.project,
    env: { ...process.env, ...stack.prepared.environment },
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.end(value);
  const code = await new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  if (code !== 0) throw new Error(`pulumi config set exited with ${code}`);
}
