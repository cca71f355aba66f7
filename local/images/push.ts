/** Pushes base images to the registry that the builders use as their mirror of docker.io. */
import { LocalError } from "../errors.ts";
import { cacheFolder } from "../paths.ts";
import type { Progress } from "../progress.ts";
import { BASE_IMAGES, type BaseInputs, baseInputs } from "./bases.ts";
import type { ImageInputs } from "./inputs.ts";
import type { AssembledImage, Blob, ImageDescription } from "./oci.ts";
import { type Credentials, type RegistryAddress, RegistryClient } from "./registryClient.ts";
import { assembledBefore, lastAssembled, pushable } from "./store.ts";

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

/**
 * Makes every base image present in the registry under `library/<name>:<tag>`. An image whose tag the registry
 * has with the same digest is neither assembled nor sent; of the others only what is missing is sent. What an image
 * needs of the machine (Go, npm) need not be there when the image was assembled before.
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
      const source = await sourceOf(name, inputs);
      const image =
        "description" in source
          ? await pushIfNew(client, cacheFolder("images"), source.description, pushed)
          : await pushAssembled(client, source.before, pushed);
      note(
        `${name}: ${image.pushed ? `pushed, ${(image.bytes / 1e6).toFixed(1)} MB sent` : "present"}${"before" in source ? ", as it was assembled before" : ""}`,
      );
      pushed.push(image);
    }
  });
  return pushed;
}

/** Throws when {@link pushBaseImages} would fail for want of Go or npm; to be asked before anything is started. */
export async function checkBaseImages(toolchain: ImageInputs): Promise<void> {
  const inputs = baseInputs(toolchain);
  for (const name of Object.keys(BASE_IMAGES)) await sourceOf(name, inputs);
}

/** What an image is made from; where the machine lacks that, the image as it was assembled last. */
async function sourceOf(
  name: string,
  inputs: BaseInputs,
): Promise<{ description: ImageDescription } | { before: AssembledImage }> {
  const describe = BASE_IMAGES[name];
  if (!describe) throw new Error(`no base image is called ${name}: there are ${Object.keys(BASE_IMAGES).join(", ")}`);
  try {
    return { description: describe(inputs) };
  } catch (error) {
    const before =
      error instanceof LocalError ? await lastAssembled(cacheFolder("images"), `library/${name}`) : undefined;
    if (before === undefined) throw error;
    return { before };
  }
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
  const known = (await assembledBefore(cache, description))?.manifest;
  if (known && (await client.manifestDigest(repository, tag, known.mediaType)) === known.digest) {
    return { reference, digest: known.digest, pushed: false, bytes: 0 };
  }
  return await pushAssembled(client, await pushable(cache, description), others);
}

async function pushAssembled(
  client: RegistryClient,
  image: AssembledImage,
  others: readonly PushedImage[],
): Promise<PushedImage> {
  const { reference } = image;
  const { repository, tag } = parse(reference);
  const { digest, mediaType } = image.manifest;
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
