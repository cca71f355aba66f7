/** Reads tar files back, to compare with what should be in them. */
import { createReadStream } from "node:fs";
import { text } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";

export interface TarEntry {
  readonly header: Header;
  readonly content: string;
}

/** The entries of a tar file, in its order. */
export async function readTar(path: string, options: { gzip?: boolean } = {}): Promise<TarEntry[]> {
  const reader = extract();
  const raw = createReadStream(path);
  const source = options.gzip ? raw.pipe(createGunzip()) : raw;
  source.on("error", (error) => reader.destroy(error));
  source.pipe(reader as unknown as NodeJS.WritableStream);
  const entries: TarEntry[] = [];
  for await (const entry of reader) {
    entries.push({ header: entry.header, content: await text(entry as unknown as AsyncIterable<Uint8Array> as never) });
  }
  return entries;
}
