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

/** Flags that stand before a command and take no value (`pulumi --help`); any other is followed by one, or contains `=`. */
const FLAGS_WITHOUT_VALUE = [
  "--disable-integrity-checking",
  ...["--emoji", "-e"],
  ...["--fully-qualify-stack-names", "-Q"],
  ...["--help", "-h"],
  "--logflow",
  "--logtostderr",
  "--non-interactive",
  "--version",
];

/** The command's name as the CLI finds it (the library cobra): the first word that is neither a flag nor a flag's value. */
function commandOf(args: readonly string[]): string | undefined {
  const position = args.findIndex((arg, index) => !arg.startsWith("-") && !takesValue(args[index - 1]));
  return args[position];
}

function takesValue(flag: string | undefined): boolean {
  if (flag === undefined || flag.includes("=") || FLAGS_WITHOUT_VALUE.includes(flag)) return false;
  return /^(--.+|-[^-])$/.test(flag);
}

/** Whether `--stack` names the stack `local`, in any of the flag's spellings; with or without organization and project. */
function namesStack(args: readonly string[]): boolean {
  const values = args.flatMap((arg, index) => {
    if (/^(-s|--stack)$/.test(arg)) return args.slice(index + 1, index + 2);
    return /^(?:--stack=|-s=?)(?<value>[^-=].*)$/.exec(arg)?.groups?.value ?? [];
  });
  return values.some((value) => value.split("/").at(-1) === STACK);
}

/**
 * Arguments for `pulumi`, with the copy of the stack file where the command would read that of the stack `local`.
 * A `--config-file` of the caller's stays. Pure.
 */
export function withStackFile(args: readonly string[], copy: string): string[] {
  // What follows `--` is the command's, whatever it looks like.
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const [flags, rest] = [args.slice(0, end), args.slice(end)];
  const command = commandOf(flags);
  const chosen = flags.some((arg) => arg === "--config-file" || arg.startsWith("--config-file="));
  if (command === undefined || !WITH_CONFIG_FILE.includes(command) || chosen || !namesStack(flags)) return [...args];
  return [...flags, "--config-file", copy, ...rest];
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
