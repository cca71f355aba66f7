/**
 * The files of a build context: what `.dockerignore` lets through, in a fixed order. The content hash and the transfer to
 * kaniko take the same list; BuildKit applies the same rules by itself.
 */
import { lstatSync, readFileSync, realpathSync, type Stats } from "node:fs";
import path from "node:path";
import { PergolaError } from "../errors.ts";
import { IgnoreMatcher, IgnorePatternError, readIgnoreLines } from "./ignore.ts";
import { onDisk, readNames, readTarget, shown } from "./names.ts";

/** What there can be in a context; `device` is one for characters or for blocks. */
export type EntryType = "file" | "directory" | "symlink" | "pipe" | "socket" | "device";

/** Something in a context. */
export interface ContextEntry {
  /** relative to the context directory, with forward slashes; for bytes that are not UTF-8 see names.ts */
  readonly path: string;
  readonly type: EntryType;
  /** permission bits, 0o0000 to 0o7777 */
  readonly mode: number;
  /** bytes; 0 for all but files */
  readonly size: number;
  /** milliseconds since 1970 */
  readonly modified: number;
  /** when the inode changed last, milliseconds since 1970 */
  readonly changed: number;
  readonly inode: number;
  /** symlink: where it points, as it is written */
  readonly linkTarget?: string;
  /** file: path of the first entry that is the same file (a hard link) */
  readonly sameAs?: string;
  readonly device?: Device;
}

/** The numbers that a device goes by. */
export interface Device {
  readonly kind: "character" | "block";
  readonly major: number;
  readonly minor: number;
}

/**
 * Lists a context, parents before children, sorted by path.
 *
 * `<dockerfile>.dockerignore` beside the Dockerfile wins over `.dockerignore` in the context. Links are not followed. What
 * vanishes meanwhile is not there.
 * @param dockerfile relative to `directory` (may lead outside) or absolute; null for all there is
 * @throws PergolaError context-missing, context-unreadable
 */
export function listContext(directory: string, dockerfile: string | null): ContextEntry[] {
  const root = rootOf(directory);
  const matcher = dockerfile === null ? null : readIgnoreFile(root, path.resolve(root, dockerfile));
  const entries = new Map<string, ContextEntry>();
  const linked = new Set<string>();

  // Names are put together by hand: path.join takes as long as lstat.
  const walk = (below: string): void => {
    for (const name of readable(below === "" ? root : `${root}/${below}`, readNames) ?? []) {
      const relative = below === "" ? name : `${below}/${name}`;
      const stat = readable(`${root}/${relative}`, (where) => lstatSync(onDisk(where)));
      if (stat === null) continue;
      const ignored = matcher?.ignores(relative) ?? false;
      const entry = ignored ? null : toEntry(root, relative, stat);
      if (entry) {
        // Without patterns each directory comes before what is in it.
        if (matcher !== null) addParents(root, relative, entries);
        entries.set(relative, entry);
        if (entry.type === "file" && stat.nlink > 1) linked.add(relative);
      }
      if (stat.isDirectory() && (!ignored || matcher?.mayKeepBelow(relative))) walk(relative);
    }
  };
  walk("");
  const sorted = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return linked.size < 2 ? sorted : withHardLinks(root, sorted, linked);
}

/** Says which files are one. Numbers of inodes can be too large for the `number` of ordinary stats. */
function withHardLinks(root: string, sorted: readonly ContextEntry[], linked: ReadonlySet<string>): ContextEntry[] {
  const first = new Map<string, string>();
  return sorted.map((entry) => {
    if (!linked.has(entry.path)) return entry;
    const stat = readable(path.join(root, entry.path), (where) => lstatSync(onDisk(where), { bigint: true }));
    if (stat === null) return entry;
    const file = `${stat.dev} ${stat.ino}`;
    const sameAs = first.get(file);
    if (sameAs !== undefined) return { ...entry, sameAs };
    first.set(file, entry.path);
    return entry;
  });
}

function rootOf(directory: string): string {
  let root: string;
  try {
    root = realpathSync(directory);
    if (lstatSync(root).isDirectory()) return root;
  } catch {
    // said below
  }
  throw new PergolaError({
    code: "context-missing",
    message: `The build context ${directory} is not a directory.`,
    hint: "Name a directory that holds a Dockerfile or Garden Build actions.",
  });
}

/** Directories that are left out themselves but hold a file that is not. */
function addParents(root: string, relative: string, entries: Map<string, ContextEntry>): void {
  for (let slash = relative.indexOf("/"); slash !== -1; slash = relative.indexOf("/", slash + 1)) {
    const parent = relative.slice(0, slash);
    if (entries.has(parent)) continue;
    const stat = readable(path.join(root, parent), (where) => lstatSync(onDisk(where)));
    const entry = stat && toEntry(root, parent, stat);
    if (entry) entries.set(parent, entry);
  }
}

/** Null for what vanished. */
function toEntry(root: string, relative: string, stat: Stats): ContextEntry | null {
  const common = {
    path: relative,
    mode: stat.mode & 0o7777,
    size: 0,
    modified: stat.mtimeMs,
    changed: stat.ctimeMs,
    inode: stat.ino,
  };
  if (stat.isDirectory()) return { ...common, type: "directory" };
  if (stat.isFile()) return { ...common, type: "file", size: stat.size };
  if (stat.isSymbolicLink()) {
    const linkTarget = readable(path.join(root, relative), readTarget);
    return linkTarget === null ? null : { ...common, type: "symlink", linkTarget };
  }
  if (stat.isFIFO()) return { ...common, type: "pipe" };
  if (stat.isSocket()) return { ...common, type: "socket" };
  const device = deviceOf(stat);
  return device && { ...common, type: "device", device };
}

/** Null for what is no device. Linux has 12 bits for the kind of device, around which the 20 bits of the minor number lie. */
export function deviceOf(stat: Stats): Device | null {
  if (!stat.isBlockDevice() && !stat.isCharacterDevice()) return null;
  return {
    kind: stat.isBlockDevice() ? "block" : "character",
    major: Math.floor(stat.rdev / 0x100) % 0x1000,
    minor: (stat.rdev % 0x100) + Math.floor(stat.rdev / 0x100000) * 0x100,
  };
}

function readIgnoreFile(root: string, dockerfile: string): IgnoreMatcher | null {
  for (const file of [`${dockerfile}.dockerignore`, path.join(root, ".dockerignore")]) {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) continue;
      throw unreadable(file, error);
    }
    try {
      return new IgnoreMatcher(readIgnoreLines(text));
    } catch (error) {
      if (!(error instanceof IgnorePatternError)) throw error;
      throw new PergolaError({ code: "image-definition", message: `${file}: ${error.message}.`, file });
    }
  }
  return null;
}

/** Null for what is not there any more. */
function readable<T>(where: string, read: (where: string) => T): T | null {
  try {
    return read(where);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unreadable(where, error);
  }
}

/** The error for something in a context that cannot be read. */
export function unreadable(where: string, cause: unknown): PergolaError {
  return new PergolaError(
    {
      code: "context-unreadable",
      message: `${shown(where)} cannot be read: ${(cause as Error).message}.`,
      hint: "Make it readable, or name it in .dockerignore.",
      file: shown(where),
    },
    { cause },
  );
}
