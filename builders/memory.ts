/**
 * What was found out in an earlier run and follows from what it was found out of alone: small files in the cache, `known/`.
 * Only saves time: a cache that cannot be read or written is as one that is empty.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Milliseconds after which a result is forgotten, when another one is written. */
const KEPT = 30 * 24 * 3600 * 1000;

/** {@link remember} in one cache. */
export type Remember = <T>(kind: string, key: readonly unknown[], find: () => Promise<T>) => Promise<T>;

/**
 * The result of `find`, of this run or an earlier one; what it throws is thrown, and not remembered.
 * @param cache absolute path of the cache
 * @param kind tells apart what has keys of one form
 * @param key all that the result depends on; a result must be JSON
 */
export async function remember<T>(
  cache: string,
  kind: string,
  key: readonly unknown[],
  find: () => Promise<T>,
): Promise<T> {
  const known = recall<T>(cache, kind, key);
  if (known !== undefined) return known;
  const found = await find();
  keep(cache, kind, key, found);
  return found;
}

/** What was kept last under a key; undefined when nothing is, or was too long ago. */
export function recall<T>(cache: string, kind: string, key: readonly unknown[]): T | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(cache, kind, key), "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** Keeps something that is JSON, in the place of what was there. Where nothing can be written it is found out once more. */
export function keep(cache: string, kind: string, key: readonly unknown[], value: unknown): void {
  const file = fileOf(cache, kind, key);
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    forget(path.dirname(file));
    const temporary = `${file}.${randomBytes(4).toString("hex")}`;
    try {
      writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 });
      renameSync(temporary, file);
    } catch (error) {
      // A full disk takes the name and not what is in it: each run would leave one more.
      rmSync(temporary, { force: true });
      throw error;
    }
  } catch {
    // It only saves time.
  }
}

function fileOf(cache: string, kind: string, key: readonly unknown[]): string {
  const name = createHash("sha256")
    .update(JSON.stringify([kind, ...key]))
    .digest("hex");
  return path.join(cache, "known", name);
}

/** What tells one state of a file from another: its place, size and times. @throws as statSync */
export function stampOf(file: string): readonly unknown[] {
  const { size, mtimeMs, ctimeMs, ino } = statSync(file);
  return [file, size, mtimeMs, ctimeMs, ino];
}

/**
 * What tells one state of the code that finds something out from another: of its source, or of the bundle that it is in.
 * @param from `import.meta.url` of who asks
 * @param source relative to it
 */
export function stampOfCode(from: string, source: string): readonly unknown[] {
  const file = fileURLToPath(new URL(source, from));
  return stampOf(existsSync(file) ? file : fileURLToPath(from));
}

function forget(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if ((statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < Date.now() - KEPT) rmSync(file, { force: true });
  }
}
