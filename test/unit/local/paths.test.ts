import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheDirectory, ensureStateDirectory, kubeconfigFile, stateDirectory } from "../../../local/paths.ts";

describe("places", () => {
  it.each([
    [{ HOME: "/home/a" }, "/home/a/.cache/pergola", "/home/a/.local/state/pergola/local"],
    [{ HOME: "/home/a", XDG_CACHE_HOME: "/c", XDG_STATE_HOME: "/s" }, "/c/pergola", "/s/pergola/local"],
    [{ HOME: "/home/a", PERGOLA_CACHE: "/pc/", PERGOLA_STATE: "/ps" }, "/pc", "/ps"],
    // The specification: paths that are not absolute are to be ignored.
    [
      { HOME: "/home/a", XDG_CACHE_HOME: "c", XDG_STATE_HOME: "s" },
      "/home/a/.cache/pergola",
      "/home/a/.local/state/pergola/local",
    ],
  ])("%j", (environment, cache, state) => {
    expect(cacheDirectory(environment)).toBe(cache);
    expect(stateDirectory(environment)).toBe(state);
    expect(kubeconfigFile(environment)).toBe(`${state}/kubeconfig`);
  });

  it("that are relative are refused with the absolute one", () => {
    expect(() => cacheDirectory({ PERGOLA_CACHE: "cache" })).toThrow('PERGOLA_CACHE is "cache"');
  });

  it.each(["/var/lib/pergola", "/run/pergola", "/tmp/pergola", "/tmp"])(
    "state may not be hidden from the nodes: %s",
    (state) => {
      expect(() => stateDirectory({ PERGOLA_STATE: state })).toThrow(`the state folder ${state} lies below`);
    },
  );

  it("state may be beside such a folder", () => {
    expect(stateDirectory({ PERGOLA_STATE: "/variable/state" })).toBe("/variable/state");
  });
});

it("the state folder is the user's alone, also when it was there with other rights", () => {
  // Below the home folder: /tmp is refused.
  const home = mkdtempSync(join(process.env.HOME ?? tmpdir(), ".pergola-test-"));
  try {
    const state = ensureStateDirectory({ PERGOLA_STATE: join(home, "a", "state") });
    expect(statSync(state).mode & 0o777).toBe(0o700);
  } finally {
    rmSync(home, { recursive: true });
  }
});
