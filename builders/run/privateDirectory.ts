/** A directory of one build that nobody else can read: sockets, credentials, result files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A unix socket's path ends at 107 bytes on Linux (`sun_path`); this is what file names inside may take. */
const LONGEST = 107 - "/credentials.sock".length;

/** Makes the directory (mode 0700). A temporary folder with a very long name falls back to /tmp. */
export function makePrivateDirectory(): { path: string; remove(): void } {
  const name = "pergola-XXXXXX";
  const parent = Buffer.byteLength(path.join(tmpdir(), name)) <= LONGEST ? tmpdir() : "/tmp";
  const directory = mkdtempSync(path.join(parent, "pergola-"));
  return { path: directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Writes texts into it, by relative path. */
export function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
