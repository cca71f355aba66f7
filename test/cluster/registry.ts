/** Reads images out of the environment's registry, independently of the runner. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { kubeconfig } from "./access.ts";

/** A file of an image's root. */
export interface ImageFile {
  readonly type: string;
  readonly mode: number;
  readonly sha256?: string;
  readonly link?: string;
}

interface Manifest {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly { readonly digest: string; readonly mediaType: string }[];
}

/** Kinds of manifests that a registry is asked for. */
export const MANIFEST_TYPES: readonly string[] = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const ACCEPT = MANIFEST_TYPES.join(", ");

/** Address on loopback that leads to the registry with this name in the cluster. */
export function endpoint(host: string): string {
  const contexts = JSON.parse(readFileSync(kubeconfig, "utf8")).contexts as {
    context: { extensions?: { name: string; extension: Record<string, string> }[] };
  }[];
  const found = contexts[0]?.context.extensions?.find(({ name }) => name === "pergola.dev/registry-endpoints");
  const address = found?.extension[host];
  if (address === undefined) throw new Error(`the kubeconfig names no endpoint for ${host}`);
  return address;
}

/** `host/repository:tag` -> its parts. */
export function parts(reference: string): { host: string; repository: string; tag: string } {
  const [, host, repository, tag] = /^([^/]+)\/(.+):([^:/]+)$/.exec(reference) ?? [];
  if (host === undefined || repository === undefined || tag === undefined)
    throw new Error(`no reference: ${reference}`);
  return { host, repository, tag };
}

/** Digest that a tag points to, null when there is none. */
export async function digestOf(reference: string): Promise<string | null> {
  const { host, repository, tag } = parts(reference);
  const url = `http://${endpoint(host)}/v2/${repository}/manifests/${tag}`;
  const answer = await fetch(url, { method: "HEAD", headers: { accept: ACCEPT } });
  return answer.status === 404 ? null : answer.headers.get("docker-content-digest");
}

/** Every file of an image, by path without a leading slash; later layers win. Whiteouts are not handled: no test makes any. */
export async function imageFiles(reference: string): Promise<Map<string, ImageFile>> {
  const { host, repository, tag } = parts(reference);
  const base = `http://${endpoint(host)}/v2/${repository}`;
  const manifest = async (name: string): Promise<Manifest> => {
    const answer = await fetch(`${base}/manifests/${name}`, { headers: { accept: ACCEPT } });
    if (!answer.ok) throw new Error(`${reference}: ${answer.status} ${await answer.text()}`);
    const body = (await answer.json()) as Manifest;
    return body.layers ? body : manifest(body.manifests![0]!.digest);
  };
  const files = new Map<string, ImageFile>();
  for (const layer of (await manifest(tag)).layers ?? []) {
    const blob = await fetch(`${base}/blobs/${layer.digest}`);
    const body = Readable.fromWeb(blob.body as import("node:stream/web").ReadableStream);
    const tar = (layer.mediaType.endsWith("gzip") ? body.pipe(createGunzip()) : body).pipe(extract());
    for await (const entry of tar) {
      const hash = createHash("sha256");
      for await (const chunk of entry) hash.update(chunk as Buffer);
      const { name, type, mode, linkname } = entry.header;
      files.set(name.replace(/^(\.?\/)+|\/$/g, ""), {
        type: String(type),
        mode: (mode ?? 0) & 0o7777,
        ...(type === "file" ? { sha256: hash.digest("hex") } : {}),
        ...(linkname ? { link: linkname } : {}),
      });
    }
  }
  return files;
}
