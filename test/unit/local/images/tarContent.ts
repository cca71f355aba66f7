/** Reads tar files back, to compare with what should be in them. */
import { readFile } from "node:fs/promises";
import { extract, type Header } from "tar-stream";

export interface TarEntry {
  readonly header: Header;
  readonly content: string;
}

/** The entries of a tar file, in its order. */
export async function readTar(path: string): Promise<TarEntry[]> {
  const reader = extract();
  reader.end(await readFile(path));
  const entries: TarEntry[] = [];
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    entries.push({ header: entry.header, content: Buffer.concat(chunks).toString() });
  }
  return entries;
}
