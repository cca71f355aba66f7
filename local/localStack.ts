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

/** Values of a flag in any of its spellings: `--stack local`, `--stack=local`, `-s local`, `-slocal`, `-s=local`. */
function valuesOf(args: readonly string[], long: string, short: string): string[] {
  return args.flatMap((arg, index) => {
    if (arg === long || arg === short) return args.slice(index + 1, index + 2);
    if (arg.startsWith(`${long}=`)) return arg.slice(long.length + 1);
    return arg.startsWith(short) && !arg.startsWith("--") ? arg.slice(short.length).replace(/^=/, "") : [];
  });
}

/** The flags of `pulumi`, and what stands from `--` on: that is the command's, whatever it looks like. */
function split(args: readonly string[]): { readonly flags: readonly string[]; readonly rest: readonly string[] } {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  return { flags: args.slice(0, end), rest: args.slice(end) };
}

/** Whether the command would read the stack file of its stack, and the caller chose no other. */
function readsStackFile(flags: readonly string[]): boolean {
  const command = commandOf(flags);
  const chosen = flags.some((arg) => arg === "--config-file" || arg.startsWith("--config-file="));
  return command !== undefined && WITH_CONFIG_FILE.includes(command) && !chosen;
}

/**
 * The question which stack is selected, as arguments for `pulumi`, where the command would read that stack's file;
 * undefined where it reads none, or names its stack. Pure.
 */
export function selectionQuery(args: readonly string[]): string[] | undefined {
  const { flags } = split(args);
  if (!readsStackFile(flags) || valuesOf(flags, "--stack", "-s").length > 0) return undefined;
  const folder = valuesOf(flags, "--cwd", "-C").flatMap((value) => ["--cwd", value]);
  return ["stack", "--show-name", "--non-interactive", ...folder];
}

/**
 * Arguments for `pulumi`, with the copy of the stack file where the command would read that of the stack `local`: the one
 * that it names, with or without organization and project, else the one that is selected ("": none is). A
 * `--config-file` of the caller's stays. Pure.
 */
export function withStackFile(args: readonly string[], copy: string, selected?: string): string[] {
  const { flags, rest } = split(args);
  const stack = valuesOf(flags, "--stack", "-s").at(-1) ?? selected;
  // At a terminal Pulumi would ask for one, after it is too late for the copy.
  if (readsStackFile(flags) && stack === "") return [...flags, "--non-interactive", ...rest];
  if (!readsStackFile(flags) || stack?.split("/").at(-1) !== STACK) return [...args];
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
