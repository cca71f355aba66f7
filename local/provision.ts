/** `pulumi up` of the stack `local`, by the ordinary command line. */
import { execa } from "execa";
import { LocalError } from "./errors.ts";
import { prepareStack, STACK } from "./localStack.ts";
import { repositoryRoot } from "./paths.ts";
import type { Note } from "./progress.ts";

export interface Provisioned {
  /** the stack output `setup` */
  readonly setup: unknown;
  /** what the engine says of the resources, for example "44 created" or "44 unchanged" */
  readonly changes: string;
}

/** The summary that the engine prints at its end, in one line. Pure. */
export function changesOf(output: string): string {
  const [, block = ""] = /^Resources:\n((?: {4}.*\n)*)/m.exec(`${output}\n`) ?? [];
  const parts = block
    .split("\n")
    .map((line) => line.trim().replace(/^[+\-~± ]+/, ""))
    .filter((line) => /^\d/.test(line));
  return parts.join(", ") || "nothing";
}

/** Provisions the stack and returns its BuildSetup. Throws with what the engine said. */
export async function provision(options: {
  readonly pulumi: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly state: string;
  readonly note: Note;
}): Promise<Provisioned> {
  const { pulumi, variables, note } = options;
  const file = await prepareStack(options);
  const flags = ["--stack", STACK, "--non-interactive", "--color", "never"];
  const up = ["up", "--yes", "--skip-preview", "--suppress-outputs", "--config-file", file, ...flags];
  const run = { cwd: repositoryRoot, env: variables, stdin: "ignore", reject: false } as const;
  const child = execa(pulumi, up, { ...run, all: true });
  let text = "";
  for await (const line of child.iterable({ from: "all" })) {
    text += `${line}\n`;
    if (line.trim() !== "") note(line.trim());
  }
  const done = await child;
  if (done.exitCode !== 0) {
    throw new LocalError(`pulumi up for the stack ${STACK} failed with exit code ${done.exitCode ?? done.signal}`, {
      hint: `what the engine said:\n${text.trim().split("\n").slice(-40).join("\n")}`,
    });
  }
  const output = await execa(pulumi, ["stack", "output", "setup", "--json", ...flags], run);
  if (output.exitCode !== 0) throw new LocalError(`the stack ${STACK} has no output "setup": ${output.stderr.trim()}`);
  return { setup: JSON.parse(output.stdout), changes: changesOf(text) };
}
