/**
 * What a file system layer is made of, as data: directories, files and symbolic links with their
 * modes and owners. Nothing here opens a file's content; that happens when a layer is written.
 */
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join, posix } from "node:path";

interface Common {
  /** absolute path inside the image, without a trailing slash */
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
}

/** Permission bits as in chmod, e.g. 0o755. */
export interface DirectoryEntry extends Common {
  readonly kind: "directory";
  readonly mode: number;
}

export interface FileEntry extends Common {
  readonly kind: "file";
  readonly mode: number;
  /** a file of this machine that is read when the layer is written, or the content itself */
  readonly from: { readonly file: string } | { readonly text: string };
}

export interface LinkEntry extends Common {
  readonly kind: "link";
  readonly target: string;
}

export type Entry = DirectoryEntry | FileEntry | LinkEntry;

/** Numeric owner of an entry; root unless told. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const ROOT: Owner = { uid: 0, gid: 0 };

export function directory(path: string, mode = 0o755, owner = ROOT): DirectoryEntry {
  return { kind: "directory", path: absolute(path), mode, ...owner };
}

/** A file copied from `source` on this machine. */
export function file(path: string, source: string, mode = 0o755, owner = ROOT): FileEntry {
  return { kind: "file", path: absolute(path), mode, from: { file: source }, ...owner };
}

/** A file with the given content. */
export function text(path: string, content: string, mode = 0o644, owner = ROOT): FileEntry {
  return { kind: "file", path: absolute(path), mode, from: { text: content }, ...owner };
}

export function link(path: string, target: string): LinkEntry {
  return { kind: "link", path: absolute(path), target, ...ROOT };
}

/**
 * Everything below `source`, placed at `at`, with the modes found on disk and root as owner.
 * `skip` is asked with paths relative to `source` ("src/cmd"); a skipped directory is not entered.
 * Throws when something there is neither file, directory nor symbolic link.
 */
export function tree(source: string, at: string, skip: (relative: string) => boolean = () => false): Entry[] {
  const entries: Entry[] = [];
  const visit = (relative: string): void => {
    const from = join(source, relative);
    const to = absolute(posix.join(at, relative));
    const stat = lstatSync(from);
    const mode = stat.mode & 0o7777;
    if (stat.isDirectory()) {
      entries.push(directory(to, mode));
      for (const name of readdirSync(from)) {
        const child = posix.join(relative, name);
        if (!skip(child)) visit(child);
      }
    } else if (stat.isFile()) entries.push(file(to, from, mode));
    else if (stat.isSymbolicLink()) entries.push(link(to, readlinkSync(from)));
    else throw new Error(`${from} is neither a file, a directory nor a symbolic link: it cannot go into an image`);
  };
  visit("");
  return entries;
}

/**
 * The entries in the order in which a layer holds them: sorted by path, every parent directory
 * present (0755 where none was given). Repeating a directory is allowed and the last one counts;
 * any other path that is given twice is an error, and so is a path below something that is no directory.
 */
export function complete(entries: readonly Entry[]): Entry[] {
  const byPath = new Map<string, Entry>();
  for (const entry of entries) {
    const before = byPath.get(entry.path);
    if (before && (before.kind !== "directory" || entry.kind !== "directory")) {
      throw new Error(`${entry.path} is given twice: as ${before.kind} and as ${entry.kind}`);
    }
    if (entry.path !== "/") byPath.set(entry.path, entry);
  }
  for (const { path } of entries) {
    for (let parent = posix.dirname(path); parent !== "/"; parent = posix.dirname(parent)) {
      const found = byPath.get(parent);
      if (found && found.kind !== "directory")
        throw new Error(`${path} lies below ${parent}, which is a ${found.kind}`);
      if (found) break;
      byPath.set(parent, directory(parent));
    }
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function absolute(path: string): string {
  const normal = posix.normalize(path);
  if (!normal.startsWith("/")) throw new Error(`"${path}" must be an absolute path inside the image`);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
