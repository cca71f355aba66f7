/**
 * Garden's own core, which judges what `pergola garden` prints (tier `garden`). It is not among the clone's packages: with what it
 * needs it is several times their size. `test/garden/package-lock.json` says which versions; they are installed into the cache.
 */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { LocalError } from "./errors.ts";
import { installHint, tellingLines } from "./packages.mjs";
import { cacheDirectory, cacheFolder, repositoryRoot } from "./paths.ts";
import type { Progress } from "./progress.ts";
import { Cache, keyOf } from "./toolchain/cache.ts";
import { takeLock } from "./toolchain/lock.ts";

const NAME = "garden-core";
const SOURCE = join(repositoryRoot, "test", "garden");
const FILES = ["package.json", "package-lock.json"] as const;

/** The folder whose `node_modules` it is in. @throws LocalError: npm cannot install it */
export async function ensureGardenCore(progress: Progress): Promise<string> {
  const texts = Object.fromEntries(FILES.map((name) => [name, readFileSync(join(SOURCE, name), "utf8")]));
  const { version } = JSON.parse(texts["package-lock.json"] as string).packages["node_modules/@garden-io/core"];
  const key = keyOf(texts);
  const cache = new Cache(join(cacheDirectory(), "garden"));
  const there = cache.find(NAME, version, key);
  if (there !== undefined) return there;
  await using _lock = await takeLock(
    join(cacheFolder("locks"), "garden.lock"),
    `installs Garden's core for ${repositoryRoot}`,
    (owner) => progress.say(`waiting for Garden's core, which another process installs (${owner})`),
  );
  cache.removeUnfinished();
  const meanwhile = cache.find(NAME, version, key);
  if (meanwhile !== undefined) return meanwhile;
  return await progress.phase(`Garden's core ${version} (npm ci, for tests only)`, () =>
    cache.add({ name: NAME, version, key, inputs: key, madeWith: "npm" }, async (folder) => {
      for (const name of FILES) copyFileSync(join(SOURCE, name), join(folder, name));
      await install(folder);
      return FILES;
    }),
  );
}

async function install(folder: string): Promise<void> {
  // npm itself would wait minutes for a registry that is not there.
  const patience = ["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"];
  const args = ["ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", ...patience];
  const { exitCode, all } = await execa("npm", args, { cwd: folder, reject: false, stdin: "ignore", all: true });
  if (exitCode === 0) return;
  const lines = [...tellingLines(all), installHint(all)];
  throw new LocalError(`Garden's core could not be installed: npm ci ended with ${exitCode}`, {
    hint: lines.join("\n        "),
  });
}
