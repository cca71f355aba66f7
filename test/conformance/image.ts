/** Reads images whole out of the environment's registry, independently of the runner. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { endpoint, MANIFEST_TYPES, parts } from "../cluster/registry.ts";
import type { ImageFacts } from "./compare.ts";
import { type LayerEntry, treeOf } from "./tree.ts";

interface Descriptor {
  readonly digest: string;
  readonly mediaType: string;
  readonly platform?: { readonly architecture: string };
}
interface Manifest {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}
interface ConfigFile {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly author?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Layers by digest: the images of a run share their bases. */
const layers = new Map<string, Promise<LayerEntry[]>>();

/** Everything that counts of the image that a reference names. @throws Error for an answer that is no image */
export async function readImage(reference: string): Promise<ImageFacts> {
  const { host, repository, tag } = parts(reference);
  const base = `http://${endpoint(host)}/v2/${repository}`;
  const manifest = await manifestOf(base, tag);
  const file = (await (await get(`${base}/blobs/${manifest.config!.digest}`)).json()) as ConfigFile;
  const read = manifest.layers!.map((layer) => {
    const known = layers.get(layer.digest) ?? readLayer(base, layer);
    layers.set(layer.digest, known);
    return known;
  });
  // Docker's mark on commands without JSON; it means something on Windows only, and the specification has deprecated it.
  const { ArgsEscaped: _, ...config } = file.config ?? {};
  return {
    platform: [file.os, file.architecture, ...(file.variant ? [file.variant] : [])].join("/"),
    config: Object.fromEntries(
      Object.entries({ ...config, author: file.author }).filter(([, value]) => !isEmpty(value)),
    ),
    tree: treeOf(await Promise.all(read)),
  };
}

async function manifestOf(base: string, name: string): Promise<Manifest> {
  const body = (await (
    await get(`${base}/manifests/${name}`, { accept: MANIFEST_TYPES.join(", ") })
  ).json()) as Manifest;
  const first = body.manifests?.find(({ platform }) => platform?.architecture !== "unknown");
  return body.layers === undefined && first !== undefined ? manifestOf(base, first.digest) : body;
}

async function readLayer(base: string, { digest, mediaType }: Descriptor): Promise<LayerEntry[]> {
  const blob = await get(`${base}/blobs/${digest}`);
  const body = Readable.fromWeb(blob.body as import("node:stream/web").ReadableStream);
  const tar = (mediaType.endsWith("gzip") ? body.pipe(createGunzip()) : body).pipe(extract());
  const entries: LayerEntry[] = [];
  for await (const member of tar) {
    const hash = createHash("sha256");
    for await (const piece of member) hash.update(piece as Buffer);
    const { name, type, mode, uid, gid, linkname, devmajor, devminor, pax } = member.header;
    const isDevice = type === "character-device" || type === "block-device";
    const attributes = Object.entries(pax ?? {}).filter(([key]) => key.startsWith("SCHILY.xattr."));
    entries.push({
      name,
      type: type === "contiguous-file" ? "file" : String(type),
      mode: (mode ?? 0) & 0o7777,
      uid: uid ?? 0,
      gid: gid ?? 0,
      ...(type === "file" ? { sha256: hash.digest("hex") } : {}),
      ...(linkname ? { link: linkname } : {}),
      ...(isDevice ? { device: `${devmajor}:${devminor}` } : {}),
      ...(attributes.length > 0
        ? {
            attributes: Object.fromEntries(
              attributes.map(([key, value]) => [key, Buffer.from(value, "latin1").toString("hex")]),
            ),
          }
        : {}),
    });
  }
  return entries;
}

async function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  const answer = await fetch(url, { headers });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
