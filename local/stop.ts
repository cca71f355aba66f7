/** `npm stop`: removes the embedded environment and says what was checked. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describeStop, stopCluster } from "./cluster/index.ts";
import { CACHE_FOLDERS, cacheDirectory, stateDirectory } from "./paths.ts";
import { Progress } from "./progress.ts";

export interface StopOptions {
  /** leave the toolchain, so that the next start is quick */
  readonly keepCaches: boolean;
  readonly output: "text" | "json" | "none";
}

/** Stops everything and removes it; throws, with the list, when something of it is left. */
export async function stop(options: StopOptions): Promise<void> {
  const progress = new Progress();
  const state = stateDirectory();
  const report = await progress.phase("stop", () => stopCluster({ state, progress }));
  const removed: string[] = [];
  if (!options.keepCaches) {
    await progress.phase("caches", async (note) => {
      // Only what we made there: the folder may be one that the user shares with something else.
      for (const folder of CACHE_FOLDERS) {
        const path = join(cacheDirectory(), folder);
        note(path);
        await rm(path, { recursive: true, force: true });
        removed.push(path);
      }
    });
  }
  if (options.output === "json") process.stdout.write(`${JSON.stringify({ ...report, removed }, null, 2)}\n`);
  if (options.output === "text") {
    for (const line of describeStop(report)) process.stderr.write(`${line}\n`);
    const caches = cacheDirectory();
    process.stderr.write(options.keepCaches ? `kept ${caches}: npm stop removes it too\n` : `removed ${caches}\n`);
  }
}
