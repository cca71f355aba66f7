/** Where the BuildSetup comes from: a file, a stack, or the cluster, in this order. */
import { readFile } from "node:fs/promises";
import { PergolaError } from "../errors.ts";
import { type LoadedSetup, type SetupCluster, setupFromCluster } from "./cluster.ts";
import { parseSetup } from "./parse.ts";

export interface SetupSources {
  /** --setup */
  readonly file: string | null;
  /** --stack */
  readonly stack: string | null;
  /** --namespace: where the ConfigMap is looked for first */
  readonly namespace: string | null;
  /** called only when neither file nor stack is named */
  cluster(): Promise<SetupCluster>;
}

/** @throws PergolaError usage, setup-missing, setup-invalid, setup-version, builder-tool-missing, and what the cluster says */
export async function loadSetup(sources: SetupSources): Promise<LoadedSetup> {
  if (sources.file !== null && sources.stack !== null) {
    throw new PergolaError({
      code: "usage",
      message: `--setup ${sources.file} and --stack ${sources.stack} both name a BuildSetup.`,
      hint: "Give one of them.",
    });
  }
  if (sources.file !== null) return fromFile(sources.file);
  if (sources.stack !== null) return fromStack(sources.stack);
  return setupFromCluster(await sources.cluster(), sources.namespace);
}

async function fromFile(file: string): Promise<LoadedSetup> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new PergolaError(
      {
        code: "setup-missing",
        message: `The BuildSetup ${file} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
        hint: "Write it with: pulumi stack output setup --json > setup.json",
        file,
      },
      { cause },
    );
  }
  return { setup: await parseSetup(text, `file ${file}`), source: `file ${file}` };
}

async function fromStack(stack: string): Promise<LoadedSetup> {
  const { execa } = await import("execa");
  const args = ["stack", "output", "setup", "--json", "--non-interactive", "--stack", stack];
  const result = await execa("pulumi", args, { reject: false, stdin: "ignore" });
  if (result.exitCode === undefined) {
    throw new PergolaError({
      code: "builder-tool-missing",
      message: `pulumi could not be started: ${result.code === "ENOENT" ? "it is not on the PATH" : (result.originalMessage ?? result.code)}.`,
      hint: "--stack reads the stack's output with the pulumi command; --setup FILE and the cluster's ConfigMap need none.",
    });
  }
  if (result.exitCode !== 0) {
    throw new PergolaError({
      code: "setup-missing",
      message: `The output setup of stack ${stack} cannot be read: ${lastLine(result.stderr) || `pulumi exited with ${result.exitCode}`}.`,
      hint: "Run this where the stack's Pulumi project is, after pulumi up.",
    });
  }
  return { setup: await parseSetup(result.stdout, `stack ${stack}`), source: `stack ${stack}` };
}

function lastLine(text: string): string {
  return (
    text
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^error:\s*/, "")
      .replace(/\.$/, "") ?? ""
  );
}
