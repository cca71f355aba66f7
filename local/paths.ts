/**
 * Where the embedded environment keeps its things. Two places outside the clone: the cache (built tools, images; may be
 * deleted at any time and is shared by clones) and the state (the running environment).
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalError } from "./errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The clone that this file is in. */
export const repositoryRoot: string = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Folders directly below the cache; what `stop` may delete there, in this order: locks hold until the rest is gone. */
export const CACHE_FOLDERS = [
  "toolchain",
  "debian",
  "build",
  "logs",
  "images",
  "compile",
  "kubectl",
  "contexts",
  "buildctl",
  "garden",
  "locks",
] as const;
export type CacheFolder = (typeof CACHE_FOLDERS)[number];

/** `$PERGOLA_CACHE`, else `$XDG_CACHE_HOME/pergola`, else `~/.cache/pergola`. bootstrap.mjs follows the same rule. */
export function cacheDirectory(environment: Environment = process.env): string {
  return place(environment, "PERGOLA_CACHE", "XDG_CACHE_HOME", [".cache"], ["pergola"]);
}

/** A folder below the cache, made when it is missing. */
export function cacheFolder(name: CacheFolder, environment: Environment = process.env): string {
  const folder = join(cacheDirectory(environment), name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Folders that every node of the embedded environment replaces by its own (memberSpecifications.ts mounts them). */
export const REPLACED_IN_NODES = ["/var", "/run"] as const;

/**
 * Refuses a folder whose files the nodes could not see.
 * @throws LocalError that names the folder, what it is for, and the variable that moves it
 */
export function refuseReplacedFolder(path: string, what: string, variable: string): void {
  const replaced = REPLACED_IN_NODES.find((folder) => path === folder || path.startsWith(`${folder}/`));
  if (replaced === undefined) return;
  throw new LocalError(`${what} ${path} lies below ${replaced}, which the embedded nodes replace by their own`, {
    hint: `set ${variable} to a folder elsewhere, for example ${variable}=/root/pergola`,
    exitCode: 2,
  });
}

/**
 * `$PERGOLA_STATE`, else `$XDG_STATE_HOME/pergola/local`, else `~/.local/state/pergola/local`.
 * Throws when it lies below a folder that the nodes replace, or is no folder. Without symbolic links: what a link leads to
 * is made and removed, and the link stays.
 */
export function stateDirectory(environment: Environment = process.env): string {
  const state = statePlace(environment);
  refuseReplacedFolder(state, "the state folder", "PERGOLA_STATE");
  refuseNoFolder(state);
  return state;
}

/** Refuses what is there and is no folder, or could never be one. */
function refuseNoFolder(path: string): void {
  try {
    if (statSync(path).isDirectory()) return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    if (code !== "ENOTDIR" && code !== "ELOOP") throw error;
  }
  throw new LocalError(`the state folder ${path} is no folder, or lies below something that is none`, {
    hint: "set PERGOLA_STATE to a folder that is new or empty",
    exitCode: 2,
  });
}

function statePlace(environment: Environment): string {
  return withoutLinks(place(environment, "PERGOLA_STATE", "XDG_STATE_HOME", [".local", "state"], ["pergola", "local"]));
}

/** The path without symbolic links, the same before and after the folder is made. What cannot be followed stays. */
function withoutLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) return path;
  }
  const parent = withoutLinks(dirname(path));
  const here = join(parent, basename(path));
  const target = linkTarget(here);
  return target === undefined ? here : withoutLinks(resolve(parent, target));
}

/** Where a symbolic link leads, also when nothing is there; undefined when the path is none. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** A file in every state folder that we made: no other folder is emptied, but for the default one. */
const STATE_MARK = ".pergola-state";
const STATE_MARK_TEXT =
  "State of Pergola's embedded environment: npm stop removes this folder with everything in it.\n";

/** The state folder, made when it is missing; see {@link makeStateDirectory}. */
export function ensureStateDirectory(environment: Environment = process.env): string {
  const state = stateDirectory(environment);
  makeStateDirectory(state, environment);
  return state;
}

/**
 * Makes a folder the state folder: mode 0700, since it holds keys and passphrases, and with our mark.
 * @throws LocalError, and changes nothing, when it has files and no mark: a stop would delete somebody's files
 */
export function makeStateDirectory(path: string, environment: Environment = process.env): void {
  refuseStrangeFolder(path, environment);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  const mark = join(path, STATE_MARK);
  if (!existsSync(mark)) writeFileSync(mark, STATE_MARK_TEXT);
}

/** Refuses a folder that has files and no mark of ours. Changes nothing. */
export function refuseStrangeFolder(path: string, environment: Environment = process.env): void {
  if (!existsSync(path) || isStateDirectory(path, environment) || readdirSync(path).length === 0) return;
  throw new LocalError(`the state folder ${path} has files in it that are not the embedded environment's`, {
    hint: "npm stop would delete them: set PERGOLA_STATE to a folder that is new or empty",
    exitCode: 2,
  });
}

/**
 * Whether a folder is ours: it bears our mark, or is where the state lies by default. That one is ours by its name, and a
 * tool in a shell that still has the environment's variables may make it anew after a stop, without the mark.
 */
export function isStateDirectory(path: string, environment: Environment = process.env): boolean {
  const byDefault = statePlace({ ...environment, PERGOLA_STATE: undefined });
  return path === byDefault || existsSync(join(path, STATE_MARK));
}

/** Deletes a state folder. The mark goes last, so that the next stop takes up what an interrupted one left. */
export async function removeStateDirectory(path: string): Promise<void> {
  if (!existsSync(path)) return;
  for (const name of readdirSync(path).filter((entry) => entry !== STATE_MARK)) {
    await rm(join(path, name), { recursive: true, force: true });
  }
  removeEmptyStateDirectory(path);
}

/** Deletes a state folder when nothing but the mark is in it. */
export function removeEmptyStateDirectory(path: string): void {
  if (!existsSync(path) || readdirSync(path).some((entry) => entry !== STATE_MARK)) return;
  rmSync(join(path, STATE_MARK), { force: true });
  rmdirSync(path);
}

/** kubeconfig of the embedded environment; the file exists while it runs. */
export function kubeconfigFile(environment: Environment = process.env): string {
  return join(stateDirectory(environment), "kubeconfig");
}

function place(environment: Environment, own: string, xdg: string, home: string[], below: string[]): string {
  const chosen = environment[own];
  if (chosen !== undefined && chosen !== "") {
    if (!isAbsolute(chosen)) {
      throw new LocalError(`${own} is ${JSON.stringify(chosen)}, which is not an absolute path`, {
        hint: `set it to an absolute path: ${own}=${resolve(chosen)}`,
        exitCode: 2,
      });
    }
    return resolve(chosen);
  }
  // The XDG base directory specification says that relative values are to be ignored.
  const base = environment[xdg];
  if (base !== undefined && isAbsolute(base)) return join(base, ...below);
  return join(environment.HOME ?? homedir(), ...home, ...below);
}
