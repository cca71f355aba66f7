/** `npm stop`: removes the embedded environment and says what was checked. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { stopCluster } from "./cluster/stop.ts";
import { LocalError } from "./errors.ts";
import { CACHE_FOLDERS, cacheDirectory, stateDirectory } from "./paths.ts";
import { Progress } from "./progress.ts";

export interface StopOptions {
  /** leave the toolchain, so that the next start is quick */
  readonly keepCaches: boolean;
  readonly output: "text" | "json" | "none";
}

/** Stops everything, removes it, and throws when something of it is left. */
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
    for (const { what, left } of report.checks) {
      process.stderr.write(`${left.length === 0 ? "none left" : `LEFT (${left.length})`}  ${what}\n`);
      for (const thing of left) process.stderr.write(`           ${thing}\n`);
    }
    process.stderr.write(
      options.keepCaches ? `kept       ${cacheDirectory()} (npm stop removes it too)\n` : `removed    ${cacheDirectory()}\n`,
    );
  }
  const left = report.checks.filter((check) => check.left.length > 0);
  if (left.length > 0) {
    throw new LocalError(`the embedded environment left something behind: ${left.map((check) => check.what).join(", ")}`, {
      hint: "see the list above; npm stop may be run again",
    });
  }
}
