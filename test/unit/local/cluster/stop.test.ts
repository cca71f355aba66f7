import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stateFolder } from "../../../../local/cluster/stateFolder.ts";
import { describeStop, takeDown } from "../../../../local/cluster/stop.ts";
import { makeStateDirectory, stateDirectory } from "../../../../local/paths.ts";

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "pergola-stop-"));
});
afterEach(() => rmSync(scratch, { recursive: true }));

/** A stop on a machine without the environment: no cgroup hierarchy is looked at, so that a running one is not seen. */
const stopWithNothingRunning = (state: string) => takeDown(stateFolder(state), "/clone", [], () => {});

test("a stop with PERGOLA_STATE at somebody's folder leaves every file of it", async () => {
  mkdirSync(join(scratch, "data"));
  writeFileSync(join(scratch, "data", "thesis"), "");
  const report = await stopWithNothingRunning(scratch);
  expect(report).toMatchObject({ found: false, stateRemoved: false });
  expect(describeStop(report)).toEqual(["nothing to stop: no embedded environment is on this machine"]);
  expect(readdirSync(join(scratch, "data"))).toEqual(["thesis"]);
});

test("what a failed start left in the environment's own folder goes, although nothing runs", async () => {
  const state = join(scratch, "state");
  makeStateDirectory(state);
  mkdirSync(join(state, "failed-start"));
  const report = await stopWithNothingRunning(state);
  expect(report).toMatchObject({ found: false, stateRemoved: true });
  expect(describeStop(report)).toEqual([expect.stringMatching(`^nothing to stop: .*, ${state} removed$`)]);
  expect(readdirSync(scratch)).toEqual([]);
});

test("a folder that never was there is not said to be removed", async () => {
  vi.stubEnv("PERGOLA_STATE", undefined);
  vi.stubEnv("XDG_STATE_HOME", scratch);
  try {
    expect(await stopWithNothingRunning(stateDirectory())).toMatchObject({ found: false, stateRemoved: false });
  } finally {
    vi.unstubAllEnvs();
  }
});
