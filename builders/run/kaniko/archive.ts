/** Streams a build context as a tar archive. */
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { PergolaError } from "../../errors.ts";
import type { ContextEntry } from "../../images/context.ts";
import { onDisk, shown } from "../../images/names.ts";
import { TAR_END, type TarEntry, tarHeader, tarPadding } from "../tar.ts";

/** Files up to this size are read in one piece. */
const PIECE = 1024 * 1024;

export interface ArchiveSource {
  /** absolute directory that the entries are relative to */
  readonly directory: string;
  readonly entries: readonly ContextEntry[];
  /** directory of the archive that the entries go to, "" for its root */
  readonly prefix: string;
  /** text files for the root of the archive, by relative path; they win over the context's */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Yields the archive piece by piece.
 * @throws PergolaError context-unreadable: a file that is gone, shrank or grew while it was read
 */
export async function* archive({
  directory,
  entries,
  prefix,
  files,
}: ArchiveSource): AsyncGenerator<Buffer, void, void> {
  const made = new Set<string>();
  const parents = function* (name: string): Generator<Buffer> {
    const parts = name.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const parent = parts.slice(0, depth).join("/");
      if (made.has(parent)) continue;
      made.add(parent);
      yield tarHeader({ path: parent, type: "directory", mode: 0o755, size: 0, modified: 0 });
    }
  };
  if (prefix) yield* parents(`${prefix}/`);
  for (const entry of entries) {
    const name = prefix ? `${prefix}/${entry.path}` : entry.path;
    if (Object.hasOwn(files, name)) continue;
    yield* parents(name);
    if (entry.type === "directory") made.add(name);
    const { type, mode, size, linkTarget } = entry;
    // kaniko reads a pipe or a device as if it were a file, and may do so for ever.
    if (type === "pipe" || type === "socket" || type === "device") continue;
    const common: TarEntry = { path: name, type, mode, size, modified: entry.modified / 1000 };
    yield tarHeader(linkTarget === undefined ? common : { ...common, linkTarget });
    if (entry.type === "file") yield* content(path.join(directory, entry.path), entry.size);
  }
  for (const [name, text] of Object.entries(files)) {
    yield* parents(name);
    const bytes = Buffer.from(text);
    yield tarHeader({ path: name, type: "file", mode: 0o644, size: bytes.length, modified: 0 });
    yield bytes;
    yield tarPadding(bytes.length);
  }
  yield TAR_END;
}

/** Exactly `size` bytes of a file, and its padding: the header has promised them already. */
async function* content(file: string, size: number): AsyncGenerator<Buffer, void, void> {
  const failed = (why: string, cause?: unknown) =>
    new PergolaError(
      {
        code: "context-unreadable",
        message: `${shown(file)} ${why}.`,
        hint: "Build again when nothing writes into the context.",
        file: shown(file),
      },
      { cause },
    );
  if (size <= PIECE) {
    // A promise for each of open, read, stat and close takes longer than the work.
    let bytes: Buffer;
    try {
      bytes = readFileSync(onDisk(file));
    } catch (error) {
      throw failed(`cannot be read: ${(error as Error).message}`, error);
    }
    const missing = size - bytes.length;
    if (missing > 0) throw failed(`became shorter (by ${missing} bytes) while the context was sent`);
    if (missing < 0) throw failed("changed its size while the context was sent");
    yield bytes;
    yield tarPadding(size);
    return;
  }
  let left = size;
  const handle = await open(onDisk(file)).catch((error: Error) => {
    throw failed(`cannot be read: ${error.message}`, error);
  });
  try {
    while (left > 0) {
      const buffer = Buffer.allocUnsafe(Math.min(PIECE, left));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) throw failed(`became shorter (by ${left} bytes) while the context was sent`);
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    if ((await handle.stat()).size !== size) throw failed("changed its size while the context was sent");
  } finally {
    await handle.close();
  }
  yield tarPadding(size);
}
