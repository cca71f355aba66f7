/**
 * The stack `local` and its stack file. Pulumi wants to write the salt of the passphrase into the stack file; the
 * passphrase is this machine's own, so the salt would make the clone dirty and be useless to everybody else. Therefore
 * Pulumi works on a copy in the state folder: `stacks/Pulumi.local.yaml` plus the salt, made anew before each command.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { LocalError } from "./errors.ts";
import { repositoryRoot } from "./paths.ts";

/** The stack of the embedded environment. */
export const STACK = "local";

/** The stack file that people edit. */
const STACK_FILE = join(repositoryRoot, "stacks", `Pulumi.${STACK}.yaml`);

/** Commands of the CLI that take `--config-file` (pulumi 3.259.0, `--help` of each). */
const WITH_CONFIG_FILE = [
  "up",
  "update",
  "preview",
  "pre",
  "refresh",
  "destroy",
  "down",
  "dn",
  "config",
  "import",
  "watch",
  "logs",
];

/**
 * Arguments for `pulumi`, with the copy of the stack file where the command would read that of the stack `local`.
 * A `--config-file` of the caller's stays. Pure.
 */
export function withStackFile(args: readonly string[], copy: string): string[] {
  const isFlag = (name: string) => (arg: string) => arg === name || arg.startsWith(`${name}=`);
  const command = args.find((arg) => !arg.startsWith("-"));
  const named = args.some(
    (arg, index) => arg === `--stack=${STACK}` || (/^(-s|--stack)$/.test(arg) && args[index + 1] === STACK),
  );
  if (!named || command === undefined || !WITH_CONFIG_FILE.includes(command)) return [...args];
  if (args.some(isFlag("--config-file"))) return [...args];
  return [...args, "--config-file", copy];
}

/** The stack file's text with the salt that belongs to the state folder's passphrase. Pure. */
export function withSalt(stackFile: string, salt: string): string {
  if (/^encryptionsalt:/m.test(stackFile)) return stackFile;
  return `${stackFile.replace(/\n*$/, "\n")}encryptionsalt: ${salt}\n`;
}

/** Creates the stack when it is not there, and the copy of its stack file. Returns the path of the copy. */
export async function prepareStack(options: {
  readonly pulumi: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly state: string;
}): Promise<string> {
  const folder = join(options.state, "pulumi", "stack");
  const initial = join(folder, `Pulumi.${STACK}.yaml`);
  if (!existsSync(initial)) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "Pulumi.yaml"), "name: pergola\nruntime: nodejs\n");
    const args = ["stack", "init", STACK, "--no-select", "--non-interactive", "-C", folder];
    const made = await execa(options.pulumi, args, {
      env: options.variables,
      stdin: "ignore",
      reject: false,
      all: true,
    });
    if (made.exitCode !== 0) throw new LocalError(`pulumi could not create the stack ${STACK}: ${made.all.trim()}`);
  }
  const salt = /^encryptionsalt: *(\S+)/m.exec(await readFile(initial, "utf8"))?.[1];
  if (salt === undefined)
    throw new LocalError(`${initial} has no salt`, { hint: "npm stop -- --keep-caches, then npm start" });
  const copy = join(options.state, "pulumi", `Pulumi.${STACK}.yaml`);
  const temporary = `${copy}.${process.pid}`;
  await writeFile(temporary, withSalt(await readFile(STACK_FILE, "utf8"), salt), { mode: 0o600 });
  await rename(temporary, copy);
  return copy;
}
