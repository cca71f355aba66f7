/** Writes entries into a staged copy, with their stamps as modification times. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  createReadStream,
  linkSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { PergolaError } from "../../errors.ts";
import { ChangedMeanwhile, notRead } from "../../images/fingerprint.ts";
import { onDisk, shown, toBytes } from "../../images/names.ts";
import { inPieces, TAR_END, tarHeader, tarPadding } from "../tar.ts";
import { STAMP_SECOND, type StampedEntry } from "./stagingPlan.ts";

/** Bytes that are read in one piece. */
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
    if (entry.type === "device" && process.getuid?.() !== 0)
      throw cannotBeMade(path.join(source, entry.path), "device");
    // BuildKit makes an empty file of a socket.
    const type = entry.type === "socket" ? "file" : entry.type;
    yield tarHeader({ ...entry, type, modified: STAMP_SECOND, nanoseconds: entry.stamp });
    if (entry.type !== "file" || entry.sameAs !== undefined) continue;
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
    const pieces =
      size <= PIECE ? [readFileSync(onDisk(file))] : createReadStream(onDisk(file), { highWaterMark: PIECE });
    for await (const piece of pieces as AsyncIterable<Buffer>) {
      left -= piece.length;
      if (left < 0) break;
      hash.update(piece);
      yield piece;
    }
  } catch (error) {
    throw notRead(file, error);
  }
  if (left !== 0 || hash.digest("hex") !== sha256) throw new ChangedMeanwhile(file);
}

/**
 * By Node alone, where no tar keeps nanoseconds: times are right to the microsecond.
 * @throws ChangedMeanwhile, PergolaError context-unreadable, the file system's errors
 */
export async function writeByNode(source: string, tree: string, entries: readonly StampedEntry[]): Promise<void> {
  const placed = entries.map((entry) => ({ entry, to: onDisk(path.join(tree, entry.path)) }));
  for (const { entry, to } of placed) {
    const { type, sameAs } = entry;
    const from = path.join(source, entry.path);
    if (type === "pipe" || type === "device") throw cannotBeMade(from, type);
    if (sameAs !== undefined) linkSync(onDisk(path.join(tree, sameAs)), to);
    else if (type === "directory") mkdirSync(to, { recursive: true, mode: 0o700 });
    else if (type === "symlink") symlinkSync(toBytes(entry.linkTarget ?? ""), to);
    else await writeFile(to, type === "socket" ? "" : content(from, entry), { flag: "wx", mode: 0o600 });
  }
  for (const { entry, to } of placed.toReversed()) {
    if (entry.sameAs !== undefined) continue;
    // Half a microsecond more, because the number is cut on its way.
    const time = STAMP_SECOND + (Math.floor(entry.stamp / 1000) + 0.5) / 1e6;
    if (entry.type === "symlink") lutimesSync(to, time, time);
    else {
      chmodSync(to, entry.mode);
      utimesSync(to, time, time);
    }
  }
}

function cannotBeMade(file: string, type: "pipe" | "device"): PergolaError {
  return new PergolaError({
    code: "context-unreadable",
    message: `${shown(file)} is a ${type}, which cannot be staged here${type === "device" ? " by who is not root" : ""}.`,
    hint: "Name it in .dockerignore, or send the directory itself: --mtime keep.",
    file: shown(file),
  });
}
