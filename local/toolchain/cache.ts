/**
 * The cache of built and unpacked things. An entry is a folder whose name carries a key over everything that went into
 * it; it appears by one rename, so that it is whole or not there, and it is never changed afterwards.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { LocalError } from "../errors.ts";

/** What to do when the disk that the cache is on is full. */
export const DISK_FULL_HINT = "free space, or set PERGOLA_CACHE to a folder on a larger disk";

/** The error to throw on: one for a person when the disk was full while `what` was written to `folder`, else the same. */
export function explainFullDisk(error: unknown, what: string, folder: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== "ENOSPC") return error;
  return new LocalError(`${what}: the disk is full (${folder})`, { hint: DISK_FULL_HINT, cause: error });
}

/** What `entry.json` in an entry says. */
export interface EntryRecord {
  readonly name: string;
  readonly version: string;
  readonly key: string;
  /** key over the inputs alone, without what they were made with (the Go release, the resolved package versions) */
  readonly inputs: string;
  /** what it was made with */
  readonly madeWith: string;
  readonly seconds: number;
  /** path inside the entry -> size in bytes */
  readonly files: Readonly<Record<string, number>>;
}

/** Text that goes into a key, by name: names keep "ab"+"c" and "a"+"bc" apart. */
export type KeyParts = Readonly<Record<string, string | readonly string[]>>;

/** 20 hexadecimal digits of SHA-256 over the parts, in the order of their names. */
export function keyOf(parts: KeyParts): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))));
  return hash.digest("hex").slice(0, 20);
}

/** Every file below `folder` as name -> content, sorted by name; for keys over sources. */
export function folderContent(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    names
      .filter((name) => lstatSync(join(folder, name)).isFile())
      .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

const RECORD = "entry.json";
const UNFINISHED = ".unfinished-";

/** One folder of the cache with entries of one sort. The folder is made with its first entry: looking changes nothing. */
export class Cache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Path of the entry with this key when it is there and whole. */
  find(name: string, version: string, key: string): string | undefined {
    const path = this.#path(name, version, key);
    return this.#whole(path) ? path : undefined;
  }

  /** Path of the newest entry with these inputs, whatever it was made with. */
  findByInputs(name: string, version: string, inputs: string): string | undefined {
    const made = (path: string): number => statSync(join(path, RECORD)).mtimeMs;
    return this.#names()
      .filter((entry) => entry.startsWith(`${name}-${version}-`))
      .map((entry) => join(this.#folder, entry))
      .filter((path) => this.#whole(path) && this.record(path).inputs === inputs)
      .sort((a, b) => made(b) - made(a))[0];
  }

  /** What an entry says about itself. */
  record(path: string): EntryRecord {
    return JSON.parse(readFileSync(join(path, RECORD), "utf8")) as EntryRecord;
  }

  /**
   * Makes an entry: `make` fills an empty folder beside the final place and returns the files whose sizes are recorded;
   * when it throws, nothing is left. The caller holds the lock that keeps others from the same.
   */
  async add(
    entry: Omit<EntryRecord, "seconds" | "files">,
    make: (folder: string) => Promise<readonly string[]>,
  ): Promise<string> {
    const started = performance.now();
    const temporary = join(this.#folder, `${UNFINISHED}${entry.name}-${entry.key}-${process.pid}`);
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true });
    try {
      const names = await make(temporary);
      const files = Object.fromEntries(names.map((name) => [name, lstatSync(join(temporary, name)).size]));
      const record: EntryRecord = { ...entry, seconds: Math.round((performance.now() - started) / 100) / 10, files };
      writeFileSync(join(temporary, RECORD), `${JSON.stringify(record, null, 2)}\n`);
      const path = this.#path(entry.name, entry.version, entry.key);
      // A broken entry under this name (a file deleted by hand) is in the way of the rename.
      rmSync(path, { recursive: true, force: true });
      renameSync(temporary, path);
      return path;
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true });
      throw explainFullDisk(error, `${entry.name} ${entry.version}`, this.#folder);
    }
  }

  /** Deletes what killed processes left. The caller holds the lock that keeps others from making entries here. */
  removeUnfinished(): void {
    for (const name of this.#names()) {
      if (name.startsWith(UNFINISHED)) rmSync(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  #names(): string[] {
    return existsSync(this.#folder) ? readdirSync(this.#folder) : [];
  }

  #path(name: string, version: string, key: string): string {
    return join(this.#folder, `${name}-${version}-${key}`);
  }

  #whole(path: string): boolean {
    if (!existsSync(join(path, RECORD))) return false;
    try {
      const { files } = this.record(path);
      return Object.entries(files).every(([name, size]) => lstatSync(join(path, name)).size === size);
    } catch {
      return false;
    }
  }
}
