/**
 * Where the embedded environment keeps its things. Two places outside the clone: the cache (built tools, images; may be
 * deleted at any time and is shared by clones) and the state (the running environment).
 */
import { chmodSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalError } from "./errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The clone that this file is in. */
export const repositoryRoot: string = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Folders directly below the cache; what `stop` may delete there. */
export const CACHE_FOLDERS = ["toolchain", "debian", "build", "logs", "images", "compile", "locks"] as const;
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

/** Folders that every node of the embedded environment mounts anew, so that nothing below them is seen inside a node. */
const HIDDEN_IN_NODES = ["/var", "/run", "/tmp"];

/**
 * `$PERGOLA_STATE`, else `$XDG_STATE_HOME/pergola/local`, else `~/.local/state/pergola/local`.
 * Throws when it lies below a folder that the nodes hide.
 */
export function stateDirectory(environment: Environment = process.env): string {
  const state = place(environment, "PERGOLA_STATE", "XDG_STATE_HOME", [".local", "state"], ["pergola", "local"]);
  const hidden = HIDDEN_IN_NODES.find((folder) => state === folder || state.startsWith(`${folder}/`));
  if (hidden !== undefined) {
    throw new LocalError(
      `the state folder ${state} lies below ${hidden}, which the nodes of the environment mount anew`,
      {
        hint: "set PERGOLA_STATE to a folder elsewhere, for example PERGOLA_STATE=/root/pergola-state",
        exitCode: 2,
      },
    );
  }
  return state;
}

/** The state folder, made with mode 0700 when it is missing: it holds keys and passphrases. */
export function ensureStateDirectory(environment: Environment = process.env): string {
  const state = stateDirectory(environment);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  chmodSync(state, 0o700);
  return state;
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
