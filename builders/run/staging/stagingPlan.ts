/**
 * What has to be done so that the staged copy of a context is what the context is. Pure.
 *
 * BuildKit takes a file for unchanged when mode, owner, size, link target and the modification time to the nanosecond are
 * (fsutil's comparison of stats); so the staged copy gets times that say what a file contains: one constant second, and
 * nanoseconds out of the hash. Equal times mean equal files then, on whatever machine, and a fresh checkout sends no more than
 * what differs.
 */
import { createHash } from "node:crypto";
import type { Device } from "../../images/context.ts";
import type { HashedEntry } from "../../images/fingerprint.ts";
import { toBytes } from "../../images/names.ts";

/** The second of all staged times: 2001-09-09T01:46:40Z. Every builder and file system can store it. */
export const STAMP_SECOND = 1_000_000_000;

/** How finely times can be written: to the nanosecond by tar, to the microsecond by Node itself. */
export type Resolution = "nanoseconds" | "microseconds";

/** An entry of the staged copy, as it was written. */
export interface StagedEntry {
  readonly type: HashedEntry["type"];
  readonly mode: number;
  readonly size: number;
  /** nanoseconds of the modification time; 0 for directories */
  readonly stamp: number;
  /** what the stamp stands for: SHA-256 of the content, or link target, and mode */
  readonly identity: string;
  /** of a link: where it points */
  readonly link?: string;
  /** of a file: path of the entry that this is another name of (a hard link); they share stamp and all else */
  readonly sameAs?: string;
  readonly device?: Device;
}

/** An entry with the nanoseconds of the time that it gets. */
export type StampedEntry = HashedEntry & { readonly stamp: number };

export interface StagingPlan {
  /** paths that go first, children before parents */
  readonly remove: readonly string[];
  /** what is written anew, parents before children; directories also when only something in them changes, for their times */
  readonly write: readonly StampedEntry[];
  /** the staged copy afterwards */
  readonly staged: ReadonlyMap<string, StagedEntry>;
}

/**
 * Plans the step from one staged copy to the next.
 * @param before what is on disk and good; empty when there is none
 * @param last what builders were sent last, as far as is known: a changed file gets another time than it had then
 */
export function planStaging(
  before: ReadonlyMap<string, StagedEntry>,
  wanted: readonly HashedEntry[],
  resolution: Resolution,
  last: ReadonlyMap<string, StagedEntry> = before,
): StagingPlan {
  const staged = new Map<string, StagedEntry>();
  const dirty = new Set<string>();
  const remove: string[] = [];
  const touch = (name: string): void => {
    dirty.add(name);
    const slash = name.lastIndexOf("/");
    if (slash !== -1) dirty.add(name.slice(0, slash));
  };
  for (const entry of wanted) {
    const old = before.get(entry.path);
    const identity = identityOf(entry);
    const first = entry.sameAs === undefined ? undefined : staged.get(entry.sameAs);
    // Of a file that changed between the looks at its names, each name is a file of its own until the next time.
    const sameAs = first?.type === "file" && first.identity === identity ? entry.sameAs : undefined;
    const same =
      old !== undefined &&
      old.type === entry.type &&
      old.mode === entry.mode &&
      old.identity === identity &&
      old.sameAs === sameAs &&
      (sameAs === undefined || !dirty.has(sameAs));
    const stamp = sameAs === undefined ? stampOf(entry, identity, last.get(entry.path), resolution) : first?.stamp;
    staged.set(
      entry.path,
      same ? old : { ...shapeOf(entry), identity, stamp: stamp ?? 0, ...(sameAs === undefined ? {} : { sameAs }) },
    );
    if (same) continue;
    touch(entry.path);
    // tar replaces a file by writing over it; between kinds, and for links, it does not always.
    if (old !== undefined && (old.type !== "directory" || entry.type !== "directory")) remove.push(entry.path);
  }
  for (const name of before.keys()) {
    if (staged.has(name)) continue;
    remove.push(name);
    touch(name);
  }
  const write = wanted.filter(({ path }) => dirty.has(path));
  return {
    remove: remove.sort((a, b) => (a < b ? 1 : -1)),
    write: write.map(({ sameAs: _, ...entry }) => {
      const { stamp = 0, sameAs } = staged.get(entry.path) ?? {};
      return { ...entry, stamp, ...(sameAs === undefined ? {} : { sameAs }) };
    }),
    staged,
  };
}

function shapeOf({ type, mode, size, linkTarget, device }: HashedEntry): Omit<StagedEntry, "stamp" | "identity"> {
  return {
    ...{ type, mode, size },
    ...(linkTarget === undefined ? {} : { link: linkTarget }),
    ...(device === undefined ? {} : { device }),
  };
}

function identityOf({ type, mode, sha256, linkTarget, device }: HashedEntry): string {
  const bits = mode.toString(8);
  switch (type) {
    case "directory":
      return "";
    case "file":
      return `${bits} ${sha256}`;
    case "symlink":
      return `${bits} -> ${linkTarget}`;
    case "device":
      return `${bits} ${device?.kind} ${device?.major} ${device?.minor}`;
    default:
      return `${bits} ${type}`;
  }
}

/** A stamp out of the identity; another one than the path had, so that a change shows even where two hashes meet. */
function stampOf(entry: HashedEntry, identity: string, last: StagedEntry | undefined, resolution: Resolution): number {
  if (entry.type === "directory") return 0;
  if (last?.type === entry.type && last.identity === identity) return last.stamp;
  const unit = resolution === "nanoseconds" ? 1 : 1000;
  const range = 1_000_000_000 / unit;
  const hash = createHash("sha256").update(toBytes(identity)).digest();
  const stamp = (hash.readUIntBE(0, 6) % range) * unit;
  return last?.stamp === stamp ? ((stamp / unit + 1) % range) * unit : stamp;
}
