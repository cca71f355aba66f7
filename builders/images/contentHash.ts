/** Tags that follow from the content: the same files, Dockerfile and arguments give the same tag on every machine. */
import { createHash } from "node:crypto";
import type { ModeName } from "../../infra/setup.ts";
import type { HashedEntry } from "./fingerprint.ts";
import type { Image } from "./image.ts";
import { toBytes } from "./names.ts";
import { hashedSettings } from "./settings.ts";

/** Characters that are hashed at once. */
const GATHERED = 64 * 1024;

/**
 * Hash of everything that goes into a build, as 64 hexadecimal digits: files (path, type, permissions, bytes), Dockerfile,
 * build arguments, target, platforms, flags, labels and other settings, and the hashes of the sibling images it is built on.
 * Times, owners and secrets do not count, nor which files are one (hard links): a checkout makes none.
 * @param entries the files of the context
 * @param siblingHashes content hash of each image in `image.dependencies`
 */
export function contentHash(
  image: Image,
  entries: readonly HashedEntry[],
  siblingHashes: ReadonlyMap<string, string> = new Map(),
): string {
  const hash = createHash("sha256");
  let gathered = "";
  const flush = (): void => {
    hash.update(gathered);
    gathered = "";
  };
  const add = (...fields: readonly string[]): void => {
    for (const field of fields) {
      if (field.isWellFormed()) {
        gathered += `${Buffer.byteLength(field)}:${field}`;
        continue;
      }
      flush();
      const bytes = toBytes(field);
      hash.update(`${bytes.length}:`).update(bytes);
    }
    gathered += "\n";
    // Piece by piece it takes as long as looking at the files does.
    if (gathered.length > GATHERED) flush();
  };
  add("pergola-content", "1");
  add("dockerfile", image.dockerfile.text);
  add("target", image.target ?? "");
  add("platforms", ...image.platforms);
  add("flags", ...image.extraFlags);
  for (const fields of hashedSettings(image.settings)) add(...fields);
  for (const name of Object.keys(image.buildArgs).sort()) add("argument", name, image.buildArgs[name] ?? "");
  for (const name of [...siblingHashes.keys()].sort()) add("sibling", name, siblingHashes.get(name) ?? "");
  for (const entry of entries) {
    const mode = entry.type === "symlink" ? "" : (entry.mode & 0o7777).toString(8);
    const { kind, major, minor } = entry.device ?? {};
    const device = kind === undefined ? "" : `${kind} ${major} ${minor}`;
    add(entry.type, entry.path, mode, entry.sha256 ?? entry.linkTarget ?? device);
  }
  flush();
  return hash.digest("hex");
}

/**
 * The tag of a content hash: `v-` and ten hexadecimal digits, the form of Garden's versions. The mode counts, because builders
 * make different images of one content: an image never silently stands for one that another builder made.
 */
export function contentTag(hash: string, mode: ModeName): string {
  return `v-${createHash("sha256").update(`${mode}:${hash}`).digest("hex").slice(0, 10)}`;
}
