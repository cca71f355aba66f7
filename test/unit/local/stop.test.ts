import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { kubectlVariables } from "../../../local/environment.ts";
import { CACHE_FOLDERS } from "../../../local/paths.ts";
import { removeCaches } from "../../../local/stop.ts";

describe("the caches that a stop removes", () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "pergola-cache-"));
    for (const folder of CACHE_FOLDERS) mkdirSync(join(cache, folder, "entry"), { recursive: true });
    vi.stubEnv("PERGOLA_CACHE", cache);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true, force: true });
  });

  it("are all of them and the folder itself", async () => {
    await removeCaches(CACHE_FOLDERS, () => {});
    expect(existsSync(cache)).toBe(false);
  });

  it("hold what kubectl keeps", () => {
    expect(CACHE_FOLDERS.map((folder) => join(cache, folder))).toContain(kubectlVariables().KUBECACHEDIR);
  });

  it("are not what others keep in the same folder", async () => {
    mkdirSync(join(cache, "somebody-else"));
    await removeCaches(CACHE_FOLDERS, () => {});
    expect(readdirSync(cache)).toEqual(["somebody-else"]);
  });

  it("end with the locks, which are held while the rest goes", async () => {
    const removed = await removeCaches(CACHE_FOLDERS, () => {});
    expect(removed.map((path) => basename(path)).at(-1)).toBe("locks");
  });
});
