import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  cacheDirectory,
  isStateDirectory,
  kubeconfigFile,
  makeStateDirectory,
  removeEmptyStateDirectory,
  removeStateDirectory,
  stateDirectory,
} from "../../../local/paths.ts";

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

  it.each(["/var/lib/pergola", "/run/pergola", "/var"])("state may not be hidden from the nodes: %s", (state) => {
    expect(() => stateDirectory({ PERGOLA_STATE: state })).toThrow(`the state folder ${state} lies below`);
  });

  it.each(["/variable/state", "/tmp/state", "/home/run/state"])("state may be where the nodes see it: %s", (state) => {
    expect(stateDirectory({ PERGOLA_STATE: state })).toBe(state);
  });
});

describe("the state folder", () => {
  let scratch: string;
  beforeEach(() => {
    scratch = realpathSync(mkdtempSync(join(tmpdir(), "pergola-paths-")));
  });
  afterEach(() => rmSync(scratch, { recursive: true }));

  it("is the user's alone, also when it was there with other rights", () => {
    const state = join(scratch, "a", "state");
    mkdirSync(state, { recursive: true, mode: 0o755 });
    makeStateDirectory(state);
    makeStateDirectory(state);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(isStateDirectory(state)).toBe(true);
  });

  it("is not somebody's folder with files in it: nothing of that is touched, not even its rights", () => {
    chmodSync(scratch, 0o755);
    writeFileSync(join(scratch, "thesis"), "");
    expect(() => makeStateDirectory(scratch)).toThrow(`the state folder ${scratch} has files in it that are not`);
    expect(statSync(scratch).mode & 0o777).toBe(0o755);
    expect(readdirSync(scratch)).toEqual(["thesis"]);
  });

  it("by default is ours whatever is in it: a tool may have made it anew after a stop", () => {
    const environment = { HOME: scratch };
    const state = stateDirectory(environment);
    mkdirSync(join(state, "pulumi"), { recursive: true });
    makeStateDirectory(state, environment);
    expect(isStateDirectory(state, {})).toBe(true);
  });

  it.each(["", "/below"])(
    "behind a symbolic link is what the link leads to, there or not, and goes whole: link%s",
    async (below) => {
      symlinkSync("disk/state", join(scratch, "link"));
      const environment = { PERGOLA_STATE: join(scratch, "link") + below };
      const state = stateDirectory(environment);
      expect(state).toBe(join(scratch, "disk", "state") + below);
      for (const _ of ["the first time", "after a stop"]) {
        makeStateDirectory(state, environment);
        expect(stateDirectory(environment)).toBe(state);
        writeFileSync(join(state, "kubeconfig"), "");
        await removeStateDirectory(state);
        expect(readdirSync(scratch).sort()).toEqual(["disk", "link"]);
      }
      expect(stateDirectory({ XDG_STATE_HOME: join(scratch, "link") })).toBe(join(scratch, "disk/state/pergola/local"));
    },
  );

  it.each(["file", "file/below", "loop"])("is a folder: %s is refused", (name) => {
    writeFileSync(join(scratch, "file"), "");
    symlinkSync("loop", join(scratch, "loop"));
    expect(() => stateDirectory({ PERGOLA_STATE: join(scratch, name) })).toThrow(
      `the state folder ${join(scratch, name)} is no folder`,
    );
  });

  it("goes whole, or stays when something but the mark is in it", async () => {
    const state = join(scratch, "state");
    makeStateDirectory(state);
    writeFileSync(join(state, "kubeconfig"), "");
    removeEmptyStateDirectory(state);
    expect(readdirSync(state)).toContain("kubeconfig");
    await removeStateDirectory(state);
    expect(readdirSync(scratch)).toEqual([]);
  });
});
