/** Folders for one test file, removed when it ends. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

const made: string[] = [];
// Here and not where a folder is made: inside of a test it would not be registered.
afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** A new empty folder. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "pergola-images-"));
  made.push(path);
  return path;
}

/** A folder with files: path -> content, `-> target` for a symbolic link; paths in bin/ and sbin/ are executable. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const root = folder();
  for (const [path, content] of Object.entries(files)) {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    if (content.startsWith("-> ")) symlinkSync(content.slice(3), full);
    else {
      writeFileSync(full, content);
      chmodSync(full, /(^|\/)s?bin\//.test(path) ? 0o755 : 0o644);
    }
  }
  return root;
}
