/**
 * OCI images from descriptions: config, manifest, and the archive that
 * `ctr -n k8s.io images import` reads (https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md).
 * The same description gives the same digests, wherever and whenever it is assembled.
 */
import { createHash } from "node:crypto";
import { type Entry, file, text } from "./entries.ts";
import { type Layer, writeTar } from "./layer.ts";

/** How a container of the image starts. All fields are those of `docker inspect`, in lower case. */
export interface ImageConfig {
  readonly env?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** directories that a runtime puts an anonymous volume on */
  readonly volumes?: readonly string[];
}

/** One layer of a description. */
export interface LayerDescription {
  /** said in the image's history: what the layer is */
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** An image before it is assembled. */
export interface ImageDescription {
  /** full name with tag, e.g. `pergola.local/pause:1` or `library/busybox:1.36` */
  readonly reference: string;
  readonly config: ImageConfig;
  readonly layers: readonly LayerDescription[];
}

/** Bytes with their digest, `sha256:<hex>`. */
export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly content: string;
}

/** An image whose layers are files on disk. */
export interface AssembledImage {
  readonly reference: string;
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layers: readonly Layer[];
}

const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";

/** What the machines of the embedded environment are; the toolchain is built for it. */
const PLATFORM = { architecture: "amd64", os: "linux" } as const;

/** Config and manifest of `description` over layers that were written for it, in the same order. */
export function assemble(description: ImageDescription, layers: readonly Layer[]): AssembledImage {
  const { config } = description;
  const configBlob = json(CONFIG_TYPE, {
    ...PLATFORM,
    config: withoutEmpty({
      User: config.user,
      Env: config.env && Object.entries(config.env).map(([name, value]) => `${name}=${value}`),
      Entrypoint: config.entrypoint,
      Cmd: config.cmd,
      Volumes: config.volumes && Object.fromEntries(config.volumes.map((path) => [path, {}])),
      WorkingDir: config.workdir,
      Labels: config.labels,
    }),
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
    history: description.layers.map((layer) => ({ created_by: layer.title })),
  });
  const manifest = json(MANIFEST_TYPE, {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: descriptor(configBlob),
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  });
  return { reference: description.reference, manifest, config: configBlob, layers };
}

/** Writes the image as an OCI layout in a tar file; containerd imports it under `image.reference`. */
export async function writeArchive(image: AssembledImage, path: string): Promise<void> {
  const tag = image.reference.slice(image.reference.lastIndexOf(":") + 1);
  const index = json(INDEX_TYPE, {
    schemaVersion: 2,
    mediaType: INDEX_TYPE,
    manifests: [
      {
        ...descriptor(image.manifest),
        platform: PLATFORM,
        // The first is containerd's, for the whole name; the second is the layout's own, for the tag.
        annotations: {
          "io.containerd.image.name": image.reference,
          "org.opencontainers.image.ref.name": tag,
        },
      },
    ],
  });
  const layers = new Map(image.layers.map((layer) => [layer.digest, layer.path]));
  await writeTar(
    [
      text("/oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" })),
      text("/index.json", index.content),
      text(blobPath(image.manifest.digest), image.manifest.content),
      text(blobPath(image.config.digest), image.config.content),
      ...[...layers].map(([digest, layer]) => file(blobPath(digest), layer, 0o644)),
    ],
    path,
  );
}

function blobPath(digest: string): string {
  return `/blobs/${digest.replace(":", "/")}`;
}

function descriptor({ mediaType, digest, content }: Blob) {
  return { mediaType, digest, size: Buffer.byteLength(content) };
}

function json(mediaType: string, value: unknown): Blob {
  const content = JSON.stringify(value);
  return { mediaType, content, digest: `sha256:${createHash("sha256").update(content).digest("hex")}` };
}

function withoutEmpty(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
