/**
 * Assembled images and layers in the cache, found again by what they were made from. A layer's
 * key is its entries, and for files on disk their size, mode and times: a tool that is built
 * anew has new times and is read again, and unchanged content still ends in the same digest.
 */
import { createHash, randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { explainFullDisk } from "../toolchain/cache.ts";
import type { Entry } from "./entries.ts";
import { type Compression, type Layer, writeLayer } from "./layer.ts";
import { type AssembledImage, assemble, type ImageDescription, writeArchive } from "./oci.ts";

/** Changes whenever the same description is written as other bytes, so that old cache entries are not used. */
const FORMAT = "1";

/** Key of a layer: equal when the layer would be written as the same bytes. */
export function layerKey(entries: readonly Entry[], compression: Compression): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([FORMAT, compression, compression === "gzip" ? process.versions.zlib : ""]));
  for (const entry of entries) hash.update(JSON.stringify([entry, stamp(entry)]));
  return hash.digest("hex");
}

/** Key of an image as an archive or as something to push. */
export function imageKey(description: ImageDescription, compression: Compression): string {
  const layers = description.layers.map((layer) => [layer.title, layerKey(layer.entries, compression)]);
  return createHash("sha256")
    .update(JSON.stringify([description.reference, description.config, layers]))
    .digest("hex");
}

/** Path of the image's archive below `directory`, written now when it is not there. */
export async function archive(
  directory: string,
  description: ImageDescription,
): Promise<{ path: string; written: boolean }> {
  const path = join(directory, `${fileName(description.reference)}-${shorten(imageKey(description, "none"))}.tar`);
  if (await exists(path)) return { path, written: false };
  await mkdir(directory, { recursive: true });
  const parts: string[] = [];
  try {
    const layers: Layer[] = [];
    for (const { entries } of description.layers) {
      parts.push(temporary(path));
      layers.push(await writeLayer(entries, parts.at(-1)!, "none"));
    }
    await atomically(path, (target) => writeArchive(assemble(description, layers), target));
  } catch (error) {
    throw explainFullDisk(error, basename(path), directory);
  } finally {
    for (const part of parts) await rm(part, { force: true });
  }
  return { path, written: true };
}

/**
 * The image with gzip layers that stay in `directory`, ready to be pushed, and a record of it. Layers that several images
 * share are kept once.
 */
export async function pushable(directory: string, description: ImageDescription): Promise<AssembledImage> {
  const layers: Layer[] = [];
  for (const { entries } of description.layers) layers.push(await gzipLayer(directory, entries));
  const image = assemble(description, layers);
  const kept = { ...image, layers: image.layers.map((layer) => ({ ...layer, path: basename(layer.path) })) };
  await atomically(recordOf(directory, description), (target) => writeFile(target, JSON.stringify(kept)));
  return image;
}

/** The image of this description when it was assembled before; its layers need not be there any more. */
export async function assembledBefore(
  directory: string,
  description: ImageDescription,
): Promise<AssembledImage | undefined> {
  return await readRecord(recordOf(directory, description));
}

/** The image that was assembled last under this name, whatever it was made from, when all its layers are there. */
export async function lastAssembled(directory: string, reference: string): Promise<AssembledImage | undefined> {
  let last: { image: AssembledImage; made: number } | undefined;
  for (const name of await readdir(directory).catch(() => [])) {
    if (!/^image-.*\.json$/.test(name)) continue;
    const image = await readRecord(join(directory, name));
    if (image?.reference !== reference) continue;
    const whole = await Promise.all(image.layers.map((layer) => exists(layer.path)));
    const made = (await stat(join(directory, name))).mtimeMs;
    if (whole.every(Boolean) && (last === undefined || made > last.made)) last = { image, made };
  }
  return last?.image;
}

function recordOf(directory: string, description: ImageDescription): string {
  return join(directory, `image-${shorten(imageKey(description, "gzip"))}.json`);
}

async function readRecord(path: string): Promise<AssembledImage | undefined> {
  try {
    const image = JSON.parse(await readFile(path, "utf8")) as AssembledImage;
    const layers = image.layers.map((layer) => ({ ...layer, path: join(dirname(path), layer.path) }));
    return { ...image, layers };
  } catch {
    // Not there, or not readable: the image is assembled and the record written again.
    return undefined;
  }
}

async function gzipLayer(directory: string, entries: readonly Entry[]): Promise<Layer> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, `layer-${shorten(layerKey(entries, "gzip"))}.tar.gz`);
  const record = `${path}.json`;
  if ((await exists(path)) && (await exists(record))) return { ...JSON.parse(await readFile(record, "utf8")), path };
  let layer: Layer | undefined;
  await atomically(path, async (target) => {
    layer = await writeLayer(entries, target, "gzip");
  });
  const written = { ...layer!, path };
  await atomically(record, (target) => writeFile(target, JSON.stringify({ ...written, path: basename(path) })));
  return written;
}

/** Files appear whole or not at all, also when two processes write the same one. */
async function atomically(path: string, write: (target: string) => Promise<void>): Promise<void> {
  const target = temporary(path);
  try {
    await write(target);
    await rename(target, path);
  } catch (error) {
    await rm(target, { force: true });
    throw explainFullDisk(error, basename(path), dirname(path));
  }
}

function temporary(path: string): string {
  return `${path}.${randomUUID()}.part`;
}

/** What tells a changed file from an unchanged one. The change time moves with every write, also when mtime is set back. */
function stamp(entry: Entry): string[] {
  if (entry.kind !== "file" || "text" in entry.from) return [];
  const stat = statSync(entry.from.file, { bigint: true });
  return [stat.size, stat.mode, stat.mtimeNs, stat.ctimeNs].map(String);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function fileName(reference: string): string {
  return reference.replaceAll(/[^A-Za-z0-9.]+/g, "-");
}

function shorten(key: string): string {
  return key.slice(0, 24);
}
