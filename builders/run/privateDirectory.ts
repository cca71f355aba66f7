/** A directory of one build that nobody else can read: sockets, credentials, result files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PergolaError } from "../errors.ts";

/** A unix socket's path ends at 107 bytes on Linux (`sun_path`); this is what file names inside may take. */
const LONGEST = 107 - "/credentials.sock".length;

/**
 * Makes the directory (mode 0700). A temporary folder with a very long name falls back to /tmp.
 * @throws PergolaError cache-unwritable
 */
export function makePrivateDirectory(): { path: string; remove(): void } {
  const name = "pergola-XXXXXX";
  const parent = Buffer.byteLength(path.join(tmpdir(), name)) <= LONGEST ? tmpdir() : "/tmp";
  const directory = writing(parent, () => mkdtempSync(path.join(parent, "pergola-")));
  return { path: directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Writes texts into it, by relative path. @throws PergolaError cache-unwritable */
export function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  writing(path.dirname(directory), () => {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(directory, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  });
}

function writing<T>(folder: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new PergolaError(
      {
        code: "cache-unwritable",
        message: `What a build needs for a while cannot be written in ${folder}: ${(error as Error).message}`,
        hint: "Make room or rights there, or name another folder in TMPDIR.",
      },
      { cause: error },
    );
  }
}
