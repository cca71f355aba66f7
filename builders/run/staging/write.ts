/** Writes entries into a staged copy, with their stamps as modification times. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, createReadStream, lutimesSync, mkdirSync, readFileSync, symlinkSync, utimesSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { unreadable } from "../../images/context.ts";
import type { HashedEntry } from "../../images/fingerprint.ts";
import { TAR_END, tarHeader, tarPadding } from "../tar.ts";
import { STAMP_SECOND } from "./stagingPlan.ts";

/** An entry with the nanoseconds of the time that it gets. */
export type StampedEntry = HashedEntry & { readonly stamp: number };

/** A file is not what it was when it was hashed a moment ago. */
export class ChangedMeanwhile extends Error {
  readonly file: string;
  constructor(file: string) {
    super(`${file} changed while it was read`);
    this.file = file;
  }
}

/** Bytes that are read, and written to tar, in one piece. */
const PIECE = 4 * 1024 * 1024;

/**
 * Through tar, because Node cuts times to microseconds.
 * @throws ChangedMeanwhile; PergolaError context-unreadable; else what the spawn said (ENOENT: there is no tar) or tar did
 */
export async function writeByTar(source: string, tree: string, entries: readonly StampedEntry[]): Promise<void> {
  const tar = spawn("tar", ["-x", "-p", "-o", "-f", "-", "-C", tree], { stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  tar.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = new Promise<void>((resolve, reject) => {
    tar.once("error", reject);
    tar.once("close", (code) => (code === 0 ? resolve() : reject(new Error(said.trim() || `tar ended with ${code}`))));
  });
  ended.catch(() => {});
  // A tar that gives up closes its input; why it did is in what it says.
  tar.stdin.on("error", () => {});
  try {
    for await (const piece of inPieces(archive(source, entries))) {
      if (!tar.stdin.write(piece)) await Promise.race([once(tar.stdin, "drain"), ended.then(() => {})]);
    }
  } catch (error) {
    tar.kill("SIGKILL");
    await ended.catch(() => {});
    // When tar gave up first, its own words say why.
    throw said.trim() === "" ? error : new Error(said.trim());
  }
  tar.stdin.end();
  await ended;
}

/** Directories come once more at the end: what is written into them changes their time. */
async function* archive(source: string, entries: readonly StampedEntry[]): AsyncGenerator<Buffer> {
  const directories = entries.filter(({ type }) => type === "directory").reverse();
  for (const entry of [...entries, ...directories]) {
    yield tarHeader({ ...entry, modified: STAMP_SECOND, nanoseconds: entry.stamp });
    if (entry.type !== "file") continue;
    yield* content(path.join(source, entry.path), entry);
    yield tarPadding(entry.size);
  }
  yield TAR_END;
}

/** The bytes of a file, as they were hashed. @throws ChangedMeanwhile, PergolaError context-unreadable */
async function* content(file: string, { size, sha256 }: StampedEntry): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let left = size;
  try {
    const pieces = size <= PIECE ? [readFileSync(file)] : createReadStream(file, { highWaterMark: PIECE });
    for await (const piece of pieces as AsyncIterable<Buffer>) {
      left -= piece.length;
      if (left < 0) break;
      hash.update(piece);
      yield piece;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  if (left !== 0 || hash.digest("hex") !== sha256) throw new ChangedMeanwhile(file);
}

/** Small buffers put together: a write for each header would cost more than all the rest. */
async function* inPieces(buffers: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const buffer of buffers) {
    held.push(buffer);
    size += buffer.length;
    if (size < PIECE / 4) continue;
    yield Buffer.concat(held);
    held = [];
    size = 0;
  }
  yield Buffer.concat(held);
}

/**
 * By Node alone, where no tar keeps nanoseconds: times are right to the microsecond.
 * @throws ChangedMeanwhile, PergolaError context-unreadable, the file system's errors
 */
export async function writeByNode(source: string, tree: string, entries: readonly StampedEntry[]): Promise<void> {
  for (const entry of entries) {
    const to = path.join(tree, entry.path);
    if (entry.type === "directory") mkdirSync(to, { recursive: true, mode: 0o700 });
    else if (entry.type === "symlink") symlinkSync(entry.linkTarget ?? "", to);
    else await writeFile(to, content(path.join(source, entry.path), entry), { flag: "wx", mode: 0o600 });
  }
  for (const entry of entries.toReversed()) {
    const to = path.join(tree, entry.path);
    // Half a microsecond more, because the number is cut on its way.
    const time = STAMP_SECOND + (Math.floor(entry.stamp / 1000) + 0.5) / 1e6;
    if (entry.type === "symlink") lutimesSync(to, time, time);
    else {
      chmodSync(to, entry.mode);
      utimesSync(to, time, time);
    }
  }
}
