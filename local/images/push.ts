/** Pushes base images to the registry that the builders use as their mirror of docker.io. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../paths.ts";
import type { Progress } from "../progress.ts";
import { BASE_IMAGES, baseInputs } from "./bases.ts";
import type { ImageInputs } from "./inputs.ts";
import type { AssembledImage, Blob, ImageDescription } from "./oci.ts";
import { type Credentials, type RegistryAddress, RegistryClient } from "./registryClient.ts";
import { atomically, imageKey, pushable } from "./store.ts";

/** What became of one image. */
export interface PushedImage {
  /** `library/golang:1.26-bookworm` */
  readonly reference: string;
  readonly digest: string;
  /** false when the registry had the tag with this very digest */
  readonly pushed: boolean;
  /** bytes that were sent */
  readonly bytes: number;
}

/** What is known about an image without assembling it: kept in the cache under the image's key. */
interface Known {
  readonly digest: string;
  readonly mediaType: string;
}

/**
 * Makes every base image present in the registry under `library/<name>:<tag>`. An image whose tag the registry
 * has with the same digest is neither assembled nor sent; of the others only what is missing is sent.
 */
export async function pushBaseImages(options: {
  readonly toolchain: ImageInputs;
  readonly registry: RegistryAddress;
  readonly progress: Progress;
  readonly credentials?: Credentials;
  /** names as in BASE_IMAGES; default: all */
  readonly names?: readonly string[];
}): Promise<PushedImage[]> {
  const client = new RegistryClient(options.registry, options.credentials);
  const inputs = baseInputs(options.toolchain);
  const pushed: PushedImage[] = [];
  await options.progress.phase(`base images in ${options.registry.host}`, async (note) => {
    for (const name of options.names ?? Object.keys(BASE_IMAGES)) {
      const describe = BASE_IMAGES[name];
      if (!describe)
        throw new Error(`no base image is called ${name}: there are ${Object.keys(BASE_IMAGES).join(", ")}`);
      const image = await pushIfNew(client, cacheFolder("images"), describe(inputs), pushed);
      note(`${name}: ${image.pushed ? `pushed, ${(image.bytes / 1e6).toFixed(1)} MB sent` : "present"}`);
      pushed.push(image);
    }
  });
  return pushed;
}

/** Pushes one image unless its tag is there with the same digest. `others` are repositories that may share layers with it. */
export async function pushIfNew(
  client: RegistryClient,
  cache: string,
  description: ImageDescription,
  others: readonly PushedImage[] = [],
): Promise<PushedImage> {
  const { reference } = description;
  const { repository, tag } = parse(reference);
  const record = join(cache, `image-${imageKey(description, "gzip").slice(0, 24)}.json`);
  const known = await readKnown(record);
  if (known && (await client.manifestDigest(repository, tag, known.mediaType)) === known.digest) {
    return { reference, digest: known.digest, pushed: false, bytes: 0 };
  }
  const image = await pushable(cache, description);
  const { digest, mediaType } = image.manifest;
  await mkdir(cache, { recursive: true });
  await atomically(record, (target) => writeFile(target, JSON.stringify({ digest, mediaType } satisfies Known)));
  if ((await client.manifestDigest(repository, tag, mediaType)) === digest) {
    return { reference, digest, pushed: false, bytes: 0 };
  }
  const siblings = [...new Set(others.map((other) => parse(other.reference).repository))];
  return { reference, digest, pushed: true, bytes: await pushImage(client, image, siblings) };
}

/**
 * Pushes an assembled image and returns the bytes sent. Blobs that the repository has are skipped, blobs
 * that one of the `siblings` has are mounted from there.
 */
export async function pushImage(
  client: RegistryClient,
  image: AssembledImage,
  siblings: readonly string[] = [],
): Promise<number> {
  const { repository, tag } = parse(image.reference);
  let bytes = 0;
  for (const layer of new Map(image.layers.map((layer) => [layer.digest, layer])).values()) {
    if (await client.hasBlob(repository, layer.digest)) continue;
    if (await mountFrom(client, siblings, repository, layer.digest)) continue;
    await client.uploadBlob(repository, layer.digest, layer.size, { file: layer.path });
    bytes += layer.size;
  }
  if (!(await client.hasBlob(repository, image.config.digest))) {
    await client.uploadBlob(repository, image.config.digest, sizeOf(image.config), { text: image.config.content });
    bytes += sizeOf(image.config);
  }
  await client.putManifest(repository, tag, image.manifest.mediaType, image.manifest.content);
  return bytes + sizeOf(image.manifest);
}

async function mountFrom(client: RegistryClient, siblings: readonly string[], repository: string, digest: string) {
  for (const sibling of siblings) {
    if (sibling !== repository && (await client.hasBlob(sibling, digest))) {
      return client.mountBlob(repository, digest, sibling);
    }
  }
  return false;
}

function sizeOf(blob: Blob): number {
  return Buffer.byteLength(blob.content);
}

function parse(reference: string): { repository: string; tag: string } {
  const colon = reference.lastIndexOf(":");
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

async function readKnown(path: string): Promise<Known | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Known;
  } catch {
    // Not there, or not readable: the image is assembled and the record written again.
    return null;
  }
}
