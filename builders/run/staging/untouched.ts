/**
 * Directories of a staged copy that nobody has changed since all in them was seen to be as its record says: `untouched.json`
 * beside the record. A file that is made, replaced or removed changes the directory that it is in, so the files of the others
 * need not be looked at one by one, which takes longer than all else of a build without a change.
 */
import { lstatSync, readFileSync, renameSync, rmSync, type Stats, writeFileSync } from "node:fs";
import path from "node:path";
import { YOUNG_MILLISECONDS } from "../../images/fingerprint.ts";
import { onDisk } from "../../images/names.ts";
import type { StagedEntry } from "./stagingPlan.ts";

/** What tells one state of a directory from another, by path; "" is the copy itself. */
export type Untouched = ReadonlyMap<string, string>;

const FILE = "untouched.json";

/** One state of a directory: no program can set back the time of the last change of its inode. */
export function stateOf({ mtimeMs, ctimeMs, ino }: Stats): string {
  return `${mtimeMs} ${ctimeMs} ${ino}`;
}

/** What an earlier run wrote down; empty when nothing is known. */
export function readUntouched(folder: string): Untouched {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(path.join(folder, FILE), "utf8")) as Record<string, string>));
  } catch {
    return new Map();
  }
}

/** To be called before the copy is changed: what happens then need not show, as files may be written over in their place. */
export function forgetUntouched(folder: string): void {
  rmSync(path.join(folder, FILE), { force: true });
}

/**
 * Writes down the directories of a copy that is as its record says. Those that changed just now are left out: within one tick of
 * the clock they may change once more without their times showing it.
 * @param before what is written down already
 */
export function writeUntouched(
  folder: string,
  tree: string,
  record: ReadonlyMap<string, StagedEntry>,
  before: Untouched,
): void {
  const now = Date.now();
  const states = new Map<string, string>();
  const directories = [...record].flatMap(([name, { type }]) => (type === "directory" ? [name] : []));
  for (const name of ["", ...directories]) {
    const stat = lstatSync(onDisk(path.join(tree, name)), { throwIfNoEntry: false });
    if (stat && stat.ctimeMs < now - YOUNG_MILLISECONDS) states.set(name, stateOf(stat));
  }
  if (states.size === before.size && [...states].every(([name, state]) => before.get(name) === state)) return;
  const temporary = path.join(folder, `${FILE}.new`);
  try {
    writeFileSync(temporary, JSON.stringify(Object.fromEntries(states)), { mode: 0o600 });
    renameSync(temporary, path.join(folder, FILE));
  } catch {
    // every file is looked at next time
  }
}
