/**
 * Writes tar files whose bytes depend on their content alone: fixed order, fixed times, numeric
 * owners. Files are streamed; nothing bigger than a small file is held in memory.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Header, type Pack, pack } from "tar-stream";
import { complete, type Entry, type FileEntry } from "./entries.ts";

/** Modification time of everything in an image. Not 1970: zip files, for one, cannot hold a time before 1980. */
const FIXED_TIME = new Date("2000-01-01T00:00:00Z");

/** Files up to this size (bytes) are read at once, bigger ones are streamed. */
const READ_AT_ONCE = 1 << 20;

/** gzip level of compressed layers: they travel over the loopback, so time counts for more than size. */
const GZIP_LEVEL = 1;

export type Compression = "none" | "gzip";

/** A layer on disk. Digests are `sha256:<hex>`; `diffId` is that of the uncompressed tar. */
export interface Layer {
  readonly path: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly diffId: string;
  /** bytes of the file at `path` */
  readonly size: number;
}

/** What tar-stream takes; the fields that are left out get its defaults. */
type TarHeader = Pick<Header, "name"> & Partial<Header>;

/** Media types of https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md */
const LAYER_MEDIA_TYPES: Record<Compression, string> = {
  none: "application/vnd.oci.image.layer.v1.tar",
  gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
};

/** Writes `entries` as a layer to `path`, which must not be in use by anybody else. */
export async function writeLayer(entries: readonly Entry[], path: string, compression: Compression): Promise<Layer> {
  const plain = createHash("sha256");
  const stored = createHash("sha256");
  let size = 0;
  const hashPlain = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      plain.update(chunk);
      yield chunk;
    }
  };
  const hashStored = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      stored.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  const tar = tarChunks(complete(entries));
  const output = createWriteStream(path);
  if (compression === "gzip") await pipeline(tar, hashPlain, createGzip({ level: GZIP_LEVEL }), hashStored, output);
  else await pipeline(tar, hashStored, output);
  const digest = `sha256:${stored.digest("hex")}`;
  const diffId = compression === "gzip" ? `sha256:${plain.digest("hex")}` : digest;
  return { path, mediaType: LAYER_MEDIA_TYPES[compression], digest, diffId, size };
}

/** Writes `entries` as a tar file in exactly the given order. */
export async function writeTar(entries: readonly Entry[], path: string): Promise<void> {
  await pipeline(tarChunks(entries), createWriteStream(path));
}

async function* tarChunks(entries: readonly Entry[]): AsyncGenerator<Buffer> {
  const tar = pack();
  const feeding = feed(tar, entries).catch((error: Error) => {
    tar.destroy(error);
    throw error;
  });
  // The reader below fails with the same error; this keeps the promise from counting as unhandled meanwhile.
  feeding.catch(() => {});
  for await (const chunk of tar) yield chunk as Buffer;
  await feeding;
}

async function feed(tar: Pack, entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) {
    const header: TarHeader = { name: entry.path.slice(1), uid: entry.uid, gid: entry.gid, mtime: FIXED_TIME };
    if (entry.kind === "directory") await add(tar, { ...header, type: "directory", mode: entry.mode });
    else if (entry.kind === "link") await add(tar, { ...header, type: "symlink", mode: 0o777, linkname: entry.target });
    else await addFile(tar, { ...header, type: "file", mode: entry.mode }, entry);
  }
  tar.finalize();
}

async function addFile(tar: Pack, header: TarHeader, entry: FileEntry): Promise<void> {
  if ("text" in entry.from) return add(tar, header, Buffer.from(entry.from.text));
  const source = entry.from.file;
  const { size } = await stat(source);
  if (size <= READ_AT_ONCE) return add(tar, header, await readFile(source));
  await new Promise<void>((resolve, reject) => {
    const sink = tar.entry({ ...header, size }, (error) => (error ? reject(error) : resolve()));
    const input = createReadStream(source);
    input.on("error", reject);
    input.pipe(sink);
  });
}

function add(tar: Pack, header: TarHeader, content?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (content) tar.entry(header, content, done);
    else tar.entry(header, done);
  });
}
