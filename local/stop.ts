/** `npm stop`: removes the embedded environment and says what was checked. */
import { existsSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { describeStop, stopCluster, withMachineLock } from "./cluster/index.ts";
import { CACHE_FOLDERS, type CacheFolder, cacheDirectory, repositoryRoot, stateDirectory } from "./paths.ts";
import { type Note, Progress } from "./progress.ts";

export interface StopOptions {
  /** leave the toolchain, so that the next start is quick */
  readonly keepCaches: boolean;
  readonly output: "text" | "json" | "none";
}

/** Stops everything and removes it; throws, with the list, when something of it is left. */
export async function stop(options: StopOptions): Promise<void> {
  const progress = new Progress();
  const holder = { clone: repositoryRoot, pid: process.pid, action: "stop" };
  // Around the caches too: a start that waits must not begin on a toolchain that is being deleted.
  await withMachineLock(
    holder,
    (text) => progress.say(text),
    () => carryOut(options, progress),
  );
}

async function carryOut(options: StopOptions, progress: Progress): Promise<void> {
  const state = stateDirectory();
  const report = await progress.phase("stop", () => stopCluster({ state, progress }));
  const removed = options.keepCaches
    ? await removeCaches(CLUSTER_CACHES, () => {})
    : await progress.phase("caches", (note) => removeCaches(CACHE_FOLDERS, note));
  if (options.output === "json") process.stdout.write(`${JSON.stringify({ ...report, removed }, null, 2)}\n`);
  if (options.output === "text") {
    for (const line of describeStop(report)) process.stderr.write(`${line}\n`);
    process.stderr.write(cachesLine(options.keepCaches));
  }
}

/** What kubectl keeps is about the cluster that is gone. */
const CLUSTER_CACHES: readonly CacheFolder[] = ["kubectl"];

/** Deletes these folders of the cache, in this order, and the cache itself when nothing else is in it. */
export async function removeCaches(folders: readonly CacheFolder[], note: Note): Promise<string[]> {
  const removed: string[] = [];
  // Only what we made there: the folder may be one that the user shares with something else.
  for (const folder of folders) {
    const path = join(cacheDirectory(), folder);
    if (!existsSync(path)) continue;
    note(path);
    await rm(path, { recursive: true, force: true });
    removed.push(path);
  }
  await rmdir(cacheDirectory()).catch(() => {});
  return removed;
}

function cachesLine(kept: boolean): string {
  const caches = cacheDirectory();
  if (kept) return `kept ${caches}: npm stop removes it too\n`;
  return existsSync(caches) ? `removed what was ours in ${caches}\n` : `removed ${caches}\n`;
}
