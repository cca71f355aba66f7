/**
 * The files of a build context: what `.dockerignore` lets through, in a fixed order. The content hash and the transfer to
 * kaniko take the same list; BuildKit applies the same rules by itself.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import path from "node:path";
import { PergolaError } from "../errors.ts";
import { IgnoreMatcher, IgnorePatternError, readIgnoreLines } from "./ignore.ts";

/** A file, directory or symbolic link of a context. */
export interface ContextEntry {
  /** relative to the context directory, with forward slashes */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink";
  /** permission bits, 0o0000 to 0o7777 */
  readonly mode: number;
  /** bytes; 0 for directories and links */
  readonly size: number;
  /** milliseconds since 1970 */
  readonly modified: number;
  /** when the inode changed last, milliseconds since 1970 */
  readonly changed: number;
  readonly inode: number;
  /** symlink: where it points, as it is written */
  readonly linkTarget?: string;
}

/**
 * Lists a context, parents before children, sorted by path.
 *
 * `<dockerfile>.dockerignore` beside the Dockerfile wins over `.dockerignore` in the context. Links are not followed. Sockets,
 * pipes and devices are left out, as builders cannot take them.
 * @param dockerfile relative to `directory` (may lead outside) or absolute; null for all there is
 * @throws PergolaError context-missing, context-unreadable
 */
export function listContext(directory: string, dockerfile: string | null): ContextEntry[] {
  const root = rootOf(directory);
  const matcher = dockerfile === null ? null : readIgnoreFile(root, path.resolve(root, dockerfile));
  const entries = new Map<string, ContextEntry>();

  // Names are put together by hand: path.join takes as long as lstat.
  const walk = (below: string): void => {
    for (const name of readable(below === "" ? root : `${root}/${below}`, (where) => readdirSync(where))) {
      const relative = below === "" ? name : `${below}/${name}`;
      const stat = readable(`${root}/${relative}`, (where) => lstatSync(where));
      const ignored = matcher?.ignores(relative) ?? false;
      const entry = ignored ? null : toEntry(root, relative, stat);
      if (entry) {
        // Without patterns each directory comes before what is in it.
        if (matcher !== null) addParents(root, relative, entries);
        entries.set(relative, entry);
      }
      if (stat.isDirectory() && (!ignored || matcher?.mayKeepBelow(relative))) walk(relative);
    }
  };
  walk("");
  return [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
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
    const entry = toEntry(root, parent, lstatSync(path.join(root, parent)));
    if (entry) entries.set(parent, entry);
  }
}

function toEntry(root: string, relative: string, stat: ReturnType<typeof lstatSync> & object): ContextEntry | null {
  const common = {
    path: relative,
    mode: Number(stat.mode) & 0o7777,
    modified: Number(stat.mtimeMs),
    changed: Number(stat.ctimeMs),
    inode: Number(stat.ino),
  };
  if (stat.isDirectory()) return { ...common, type: "directory", size: 0 };
  if (stat.isFile()) return { ...common, type: "file", size: Number(stat.size) };
  if (stat.isSymbolicLink()) {
    return { ...common, type: "symlink", size: 0, linkTarget: readlinkSync(path.join(root, relative)) };
  }
  return null;
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

function readable<T>(where: string, read: (where: string) => T): T {
  try {
    return read(where);
  } catch (error) {
    throw unreadable(where, error);
  }
}

/** The error for something in a context that cannot be read. */
export function unreadable(where: string, cause: unknown): PergolaError {
  return new PergolaError(
    {
      code: "context-unreadable",
      message: `${where} cannot be read: ${(cause as Error).message}.`,
      hint: "Make it readable, or name it in .dockerignore.",
      file: where,
    },
    { cause },
  );
}
