/**
 * Staged copies of build contexts, kept from build to build: `contexts/KEY/` in the cache, with the files in `tree/` and what
 * is known of them in `index.json`. A copy belongs to one process at a time; another process that wants the same gets one
 * of its own and leaves nothing behind.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { PergolaError } from "../../errors.ts";
import { listContext } from "../../images/context.ts";
import { ChangedMeanwhile, fingerprint, type HashedEntry, type KnownFile } from "../../images/fingerprint.ts";
import { onDisk } from "../../images/names.ts";
import { takeLock } from "./lock.ts";
import { probeResolution } from "./resolution.ts";
import { planStaging, type Resolution, type StagedEntry, type StagingPlan } from "./stagingPlan.ts";
import { survey } from "./survey.ts";
import { forgetUntouched, readUntouched, writeUntouched } from "./untouched.ts";
import { writeByNode, writeByTar } from "./write.ts";

export interface Stage {
  /** the staged copy; it stays as it is until {@link release} */
  readonly directory: string;
  /** its files with their hashes, parents before children */
  readonly entries: readonly HashedEntry[];
  /** gives the copy back; to be called once, when no build reads it any more */
  release(): void;
}

export interface StagingOptions {
  /** absolute path of the cache, see cache.ts */
  readonly cache: string;
  /** the context directory */
  readonly context: string;
  /** Dockerfile, relative to the context: an ignore file of its own counts */
  readonly dockerfile: string;
  /** for people: what takes time */
  note?(text: string): void;
}

interface Index {
  readonly version: number;
  /** the context that it is a copy of, for people */
  readonly context: string;
  readonly resolution: Resolution;
  readonly known: [string, KnownFile][];
  readonly staged: [string, StagedEntry][];
}

const VERSION = 1;

/** How often a context that changes while it is read is read again. */
const TRIES = 3;

/**
 * Brings the staged copy of a context up to date.
 * @throws PergolaError context-missing, context-unreadable, image-definition, cache-unwritable, internal
 */
export async function stageContext(options: StagingOptions): Promise<Stage> {
  const folder = stageFolder(options);
  return takeStage(folder, options).catch((error) => {
    throw staging(error, folder);
  });
}

async function takeStage(folder: string, options: StagingOptions): Promise<Stage> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = takeLock(path.join(folder, "lock"));
  if (lock !== null) {
    const stage = await fill(folder, options).catch((error) => {
      lock.release();
      throw error;
    });
    return { ...stage, release: () => lock.release() };
  }
  const own = `${folder}.${process.pid}-${randomBytes(4).toString("hex")}`;
  mkdirSync(own, { mode: 0o700 });
  const release = () => rmSync(own, { recursive: true, force: true });
  const stage = await fill(own, options).catch((error) => {
    release();
    throw error;
  });
  return { ...stage, release };
}

/** Where all copies are. */
export function stagesFolder(cache: string): string {
  return path.join(cache, "contexts");
}

/** Where the staged files of a context are, unless another process has them. */
export function stagedDirectory(options: StagingOptions): string {
  return path.join(stageFolder(options), "tree");
}

/** Where the copy of a context is kept. Two Dockerfiles of one directory may have ignore files of their own. */
export function stageFolder({ cache, context, dockerfile }: StagingOptions): string {
  const key = createHash("sha256")
    .update(JSON.stringify([realPath(context), dockerfile]))
    .digest("hex");
  return path.join(stagesFolder(cache), key.slice(0, 20));
}

function realPath(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}

async function fill(folder: string, options: StagingOptions): Promise<Omit<Stage, "release">> {
  const tree = path.join(folder, "tree");
  mkdirSync(tree, { recursive: true, mode: 0o700 });
  const index = readIndex(folder);
  const known = new Map(index?.known);
  const record = new Map(index?.staged);
  let untouched = readUntouched(folder);
  const resolution = index?.resolution ?? (await probeResolution(folder));
  for (let tries = 1; ; tries++) {
    let news = 0;
    const listed = listContext(options.context, options.dockerfile);
    // Answers of the cluster are heard in between.
    await setImmediate();
    const { intact, strange } = survey(tree, record, untouched);
    await setImmediate();
    try {
      const entries = await fingerprint(options.context, listed, known, () => news++);
      const plan = planStaging(intact, entries, resolution, record);
      if (strange.length > 0 || plan.remove.length > 0 || plan.write.length > 0) {
        news++;
        options.note?.(`Staging ${plan.write.length} of ${entries.length} files of ${options.context}`);
        forgetUntouched(folder);
        untouched = new Map();
        await apply(options.context, tree, plan, strange, resolution);
      }
      const context = realPath(options.context);
      if (news > 0 || index === null) {
        writeIndex(folder, { version: VERSION, context, resolution, known: [...known], staged: [...plan.staged] });
      }
      writeUntouched(folder, tree, plan.staged, untouched);
      return { directory: tree, entries };
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile) || tries >= TRIES) throw error;
      known.delete(path.relative(options.context, error.path));
    }
  }
}

/** Carries a plan out. `strange`: what is on disk and not of the record. */
async function apply(
  source: string,
  tree: string,
  plan: StagingPlan,
  strange: readonly string[],
  resolution: Resolution,
): Promise<void> {
  // A directory that only looks different is put right by being written; what is in it may be good.
  const isKept = (name: string): boolean =>
    plan.staged.get(name)?.type === "directory" &&
    (lstatSync(onDisk(path.join(tree, name)), { throwIfNoEntry: false })?.isDirectory() ?? false);
  // Who is not root cannot change a directory that is not writable; writing it sets the mode that it shall have.
  if (process.getuid?.() !== 0) {
    for (const { path: name } of [{ path: "" }, ...plan.write])
      if (name === "" || isKept(name)) chmodSync(onDisk(path.join(tree, name)), 0o700);
  }
  for (const name of [...strange, ...plan.remove]) {
    if (!isKept(name)) rmSync(onDisk(path.join(tree, name)), { recursive: true, force: true });
  }
  await (resolution === "nanoseconds" ? writeByTar : writeByNode)(source, tree, plan.write);
}

/** The index; null when there is none that this version can read. */
function readIndex(folder: string): Index | null {
  try {
    const index = JSON.parse(readFileSync(path.join(folder, "index.json"), "utf8")) as Index;
    return index.version === VERSION ? index : null;
  } catch {
    return null;
  }
}

function writeIndex(folder: string, index: Index): void {
  const temporary = path.join(folder, "index.new");
  writeFileSync(temporary, JSON.stringify(index), { mode: 0o600 });
  renameSync(temporary, path.join(folder, "index.json"));
}

/** What the file system, or tar in its words, says of a place that cannot be written: full, read-only, somebody else's. */
const UNWRITABLE =
  /ENOSPC|EDQUOT|EROFS|EACCES|EPERM|no space left|wrote only \d+ of|quota exceeded|read-only file system|permission denied/i;

function staging(error: unknown, folder: string): unknown {
  if (error instanceof PergolaError) return error;
  const said = (error instanceof Error ? error.message : String(error)).trim().split("\n");
  const telling = said.find((line) => UNWRITABLE.test(line));
  return new PergolaError(
    {
      code: telling ? "cache-unwritable" : "internal",
      message: `The build context cannot be staged in ${folder}: ${telling ?? said[0]}`,
      hint: telling
        ? "Is the disk full? Make room or rights there, or name another folder in PERGOLA_CACHE."
        : "PERGOLA_CACHE names another folder.",
    },
    { cause: error },
  );
}
