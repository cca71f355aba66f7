/** What is in a staged copy, told apart from what its record says. */
import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import path from "node:path";
import { STAMP_SECOND, type StagedEntry } from "./stagingPlan.ts";

export interface Survey {
  /** the part of the record that is on disk as it was written */
  readonly intact: Map<string, StagedEntry>;
  /** paths on disk that are not of the record, or not as it says; children after parents */
  readonly strange: string[];
}

/**
 * Compares a staged copy with its record, so that neither a run that was killed nor somebody who cleaned up makes a wrong
 * build. tar sets a file's time last: half a file never bears its stamp.
 */
export function survey(tree: string, record: ReadonlyMap<string, StagedEntry>): Survey {
  const found: Survey = { intact: new Map(), strange: [] };
  const walk = (below: string): void => {
    for (const name of readdirSync(path.join(tree, below))) {
      const relative = below === "" ? name : `${below}/${name}`;
      // Not path.join: it takes as long as lstat.
      const file = `${tree}/${relative}`;
      const stat = lstatSync(file);
      const entry = record.get(relative);
      if (entry !== undefined && isAsWritten(file, stat, entry)) found.intact.set(relative, entry);
      else found.strange.push(relative);
      if (stat.isDirectory()) walk(relative);
    }
  };
  walk("");
  return found;
}

function isAsWritten(file: string, stat: Stats, entry: StagedEntry): boolean {
  if (Math.abs(stat.mtimeMs - (STAMP_SECOND * 1000 + entry.stamp / 1e6)) > 0.001) return false;
  if (entry.type === "symlink") return stat.isSymbolicLink() && readlinkSync(file) === entry.link;
  if ((stat.mode & 0o7777) !== entry.mode) return false;
  return entry.type === "directory" ? stat.isDirectory() : stat.isFile() && stat.size === entry.size;
}
