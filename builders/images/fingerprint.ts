/**
 * Content hashes of a context's files. A file is read again only when its size, times or inode are not those of the last
 * time; what was young when it was read is read once more, because within one tick of the clock a file can change without
 * its times showing it.
 */
import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { PergolaError } from "../errors.ts";
import { type ContextEntry, unreadable } from "./context.ts";
import { onDisk, shown } from "./names.ts";

/** An entry of a context with the SHA-256 of its content in hexadecimal; null for all but files. */
export interface HashedEntry extends ContextEntry {
  readonly sha256: string | null;
}

/** A file is not what it was when it was looked at a moment ago, or is there no more. */
export class ChangedMeanwhile extends PergolaError {
  /** absolute */
  readonly path: string;
  constructor(file: string) {
    super({
      code: "context-unreadable",
      message: `${shown(file)} changes while it is read.`,
      hint: "Build again when nothing writes into the context, or name the file in .dockerignore.",
      file: shown(file),
    });
    this.path = file;
  }
}

/** What was known of a file when it was read. */
export interface KnownFile {
  readonly size: number;
  /** milliseconds since 1970 */
  readonly modified: number;
  /** time of the last change of the inode; no program can set it, unlike `modified` */
  readonly changed: number;
  readonly inode: number;
  readonly sha256: string;
  /** when the reading began */
  readonly read: number;
}

/** Clocks of file systems tick up to every two seconds (FAT), and those of file servers may be a little off. */
export const YOUNG_MILLISECONDS = 2000;

/** Files up to this size are read in one piece. */
const PIECE = 4 * 1024 * 1024;

/** What opening a file costs, as if it were bytes. */
const OVERHEAD = 16 * 1024;

/** Whether a file may be taken for unchanged. Pure. */
export function isKnown(entry: ContextEntry, known: KnownFile | undefined): known is KnownFile {
  return (
    known !== undefined &&
    known.size === entry.size &&
    known.modified === entry.modified &&
    known.changed === entry.changed &&
    known.inode === entry.inode &&
    Math.max(known.modified, known.changed) < known.read - YOUNG_MILLISECONDS
  );
}

/**
 * Adds the hashes, reading what is not known.
 * @param known by path; gets what was read, and loses what is not in `entries`
 * @param onRead called with the bytes of each file that was read
 * @throws PergolaError context-unreadable; ChangedMeanwhile for a file that vanished
 */
export async function fingerprint(
  directory: string,
  entries: readonly ContextEntry[],
  known: Map<string, KnownFile>,
  onRead: (bytes: number) => void = () => {},
): Promise<HashedEntry[]> {
  const hashed: HashedEntry[] = [];
  let unheard = 0;
  for (const entry of entries) {
    if (entry.type !== "file") {
      hashed.push({ ...entry, sha256: null });
      continue;
    }
    const before = known.get(entry.path);
    if (isKnown(entry, before)) {
      hashed.push({ ...entry, sha256: before.sha256 });
      continue;
    }
    const read = Date.now();
    const sha256 = await hashFile(path.join(directory, entry.path), entry.size);
    const { size, modified, changed, inode } = entry;
    known.set(entry.path, { size, modified, changed, inode, sha256, read });
    hashed.push({ ...entry, sha256 });
    onRead(size);
    unheard += size + OVERHEAD;
    if (unheard < PIECE) continue;
    // Reading small files at once is several times quicker than one by one; signals are heard in between.
    unheard = 0;
    await setImmediate();
  }
  const present = new Set(entries.map((entry) => entry.path));
  for (const name of known.keys()) if (!present.has(name)) known.delete(name);
  return hashed;
}

/** The error for a file that was there a moment ago and cannot be read: it is gone, is something else, or is not readable. */
export function notRead(file: string, cause: unknown): PergolaError {
  const { code = "" } = cause as NodeJS.ErrnoException;
  return ["ENOENT", "ENOTDIR", "EISDIR"].includes(code) ? new ChangedMeanwhile(file) : unreadable(file, cause);
}

/** @throws PergolaError context-unreadable, ChangedMeanwhile */
async function hashFile(file: string, size: number): Promise<string> {
  try {
    if (size <= PIECE)
      return createHash("sha256")
        .update(readFileSync(onDisk(file)))
        .digest("hex");
    const hash = createHash("sha256");
    for await (const piece of createReadStream(onDisk(file), { highWaterMark: PIECE })) hash.update(piece as Buffer);
    return hash.digest("hex");
  } catch (error) {
    throw notRead(file, error);
  }
}
