/** What is in a staged copy, told apart from what its record says. */
import { lstatSync, type Stats } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { deviceOf } from "../../images/context.ts";
import { onDisk, readNames, readTarget } from "../../images/names.ts";
import { STAMP_SECOND, type StagedEntry } from "./stagingPlan.ts";
import { stateOf, type Untouched } from "./untouched.ts";

export interface Survey {
  /** the part of the record that is on disk as it was written */
  readonly intact: Map<string, StagedEntry>;
  /** paths on disk that are not of the record, or not as it says; children after parents */
  readonly strange: string[];
}

/**
 * Compares a staged copy with its record, so that neither a run that was killed nor somebody who cleaned up makes a wrong
 * build. tar sets a file's time last: half a file never bears its stamp.
 * @param untouched directories whose files need not be looked at
 */
export function survey(tree: string, record: ReadonlyMap<string, StagedEntry>, untouched: Untouched): Survey {
  const found: Survey = { intact: new Map(), strange: [] };
  const names = namesOf(record);
  // A file with several names can change by a name in another directory.
  const hasLinks = [...names.values()].some((count) => count > 1);
  const children = untouched.size === 0 || hasLinks ? null : childrenOf(record);
  // Not path.join: it takes as long as lstat.
  const statOf = (relative: string): Stats => lstatSync(onDisk(`${tree}/${relative}`));
  const isGood = (relative: string, stat: Stats): boolean => {
    const entry = record.get(relative);
    if (entry === undefined || !isAsWritten(`${tree}/${relative}`, stat, entry)) return false;
    if (entry.type !== "file") return true;
    // Names are one file where the record says so, and nowhere else.
    if (stat.nlink !== names.get(entry.sameAs ?? relative)) return false;
    return entry.sameAs === undefined || (found.intact.has(entry.sameAs) && statOf(entry.sameAs).ino === stat.ino);
  };
  const links: [string, Stats][] = [];
  const judge = (relative: string, stat: Stats): void => {
    const entry = record.get(relative);
    if (entry !== undefined && isGood(relative, stat)) found.intact.set(relative, entry);
    else found.strange.push(relative);
  };
  const walk = (below: string, directory: Stats): void => {
    if (children !== null && untouched.get(below) === stateOf(directory)) {
      for (const [relative, entry] of children.get(below) ?? []) {
        if (entry.type !== "directory") found.intact.set(relative, entry);
        else {
          const stat = statOf(relative);
          judge(relative, stat);
          walk(relative, stat);
        }
      }
      return;
    }
    for (const name of readNames(path.join(tree, below))) {
      const relative = below === "" ? name : `${below}/${name}`;
      const stat = statOf(relative);
      // Judged by the file that they are another name of.
      if (record.get(relative)?.sameAs !== undefined) links.push([relative, stat]);
      else judge(relative, stat);
      if (stat.isDirectory()) walk(relative, stat);
    }
  };
  walk("", lstatSync(tree));
  for (const [relative, stat] of links) judge(relative, stat);
  return found;
}

/** The entries of each directory, by its path. */
function childrenOf(record: ReadonlyMap<string, StagedEntry>): Map<string, [string, StagedEntry][]> {
  const children = new Map<string, [string, StagedEntry][]>();
  for (const entry of record) {
    const directory = entry[0].slice(0, Math.max(entry[0].lastIndexOf("/"), 0));
    const siblings = children.get(directory);
    if (siblings) siblings.push(entry);
    else children.set(directory, [entry]);
  }
  return children;
}

/** How many names each file has, by the first of them. */
function namesOf(record: ReadonlyMap<string, StagedEntry>): Map<string, number> {
  const names = new Map<string, number>();
  for (const [name, { type, sameAs }] of record) {
    if (type === "file") names.set(sameAs ?? name, (names.get(sameAs ?? name) ?? 0) + 1);
  }
  return names;
}

function isAsWritten(file: string, stat: Stats, entry: StagedEntry): boolean {
  if (Math.abs(stat.mtimeMs - (STAMP_SECOND * 1000 + entry.stamp / 1e6)) > 0.001) return false;
  if (entry.type === "symlink") return stat.isSymbolicLink() && readTarget(file) === entry.link;
  if ((stat.mode & 0o7777) !== entry.mode) return false;
  switch (entry.type) {
    case "directory":
      return stat.isDirectory();
    case "pipe":
      return stat.isFIFO();
    case "device":
      return isDeepStrictEqual(deviceOf(stat), entry.device);
    default:
      // A socket is staged as an empty file, which is what BuildKit makes of it.
      return stat.isFile() && stat.size === entry.size;
  }
}
