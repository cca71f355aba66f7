/** `pulumi up` of the stack `local`, by the ordinary command line. */
import { existsSync } from "node:fs";
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

/**
 * Whether the engine refused because of locks (`created by USER@HOST (pid N)`) of processes that are all gone: the state
 * is this machine's alone. A lock of one that lives, of `npm run pulumi` beside this, is not ours to break.
 */
export function isLeftLocked(output: string): boolean {
  if (!/the stack is currently locked by \d+ lock\(s\)/.test(output)) return false;
  const owners = [...output.matchAll(/created by \S+ \(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
  return owners.length > 0 && owners.every((pid) => !existsSync(`/proc/${pid}`));
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
  const attempt = async () => {
    const child = execa(pulumi, up, { ...run, all: true });
    let text = "";
    for await (const line of child.iterable({ from: "all" })) {
      text += `${line}\n`;
      if (line.trim() !== "") note(line.trim());
    }
    return { text, done: await child };
  };
  let { text, done } = await attempt();
  if (done.exitCode !== 0 && isLeftLocked(text)) {
    note("an update that was killed left the stack locked: unlocking it");
    const cancelled = await execa(pulumi, ["cancel", "--yes", ...flags], { ...run, all: true });
    if (cancelled.exitCode === 0) ({ text, done } = await attempt());
  }
  if (done.exitCode !== 0) {
    throw new LocalError(`pulumi up for the stack ${STACK} failed with exit code ${done.exitCode ?? done.signal}`, {
      hint: `what the engine said:\n${text.trim().split("\n").slice(-40).join("\n")}`,
    });
  }
  const output = await execa(pulumi, ["stack", "output", "setup", "--json", ...flags], run);
  if (output.exitCode !== 0) throw new LocalError(`the stack ${STACK} has no output "setup": ${output.stderr.trim()}`);
  return { setup: JSON.parse(output.stdout), changes: changesOf(text) };
}
