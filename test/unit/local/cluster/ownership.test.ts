import { describe, expect, test } from "vitest";
import {
  type FoundEnvironment,
  refuseForeign,
  refuseOtherState,
  stateOfInit,
} from "../../../../local/cluster/ownership.ts";
import type { EnvironmentRecord } from "../../../../local/cluster/record.ts";
import { stateFolder } from "../../../../local/cluster/stateFolder.ts";
import { LocalError } from "../../../../local/errors.ts";

const ownedBy = (clone: string): FoundEnvironment => ({
  state: stateFolder("/state"),
  record: { clone, startedAt: "2026-01-02T03:04:05.000Z" } as EnvironmentRecord,
  processes: [1],
});
const HERE = "/";
const THERE = "/usr";
const GONE = "/no/such/clone";

function messageOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(LocalError);
    return `${(error as LocalError).message} ${(error as LocalError).hint}`;
  }
  return "";
}

describe("one environment per machine", () => {
  test.each(["start", "stop"] as const)("a %s beside another clone's names that clone and since when", (action) => {
    const message = messageOf(() => refuseForeign(ownedBy(THERE), HERE, action));
    expect(message).toContain("another clone: /usr (since 2026-01-02T03:04:05.000Z)");
    expect(message).toContain("run npm stop in /usr first");
  });

  test("the own clone may do both", () => {
    expect(messageOf(() => refuseForeign(ownedBy(HERE), HERE, "start"))).toBe("");
    expect(messageOf(() => refuseForeign(ownedBy(HERE), HERE, "stop"))).toBe("");
  });

  test("an environment whose clone is gone can be stopped from anywhere, and says so to a start", () => {
    expect(messageOf(() => refuseForeign(ownedBy(GONE), HERE, "stop"))).toBe("");
    expect(messageOf(() => refuseForeign(ownedBy(GONE), HERE, "start"))).toContain("run npm stop here first");
  });

  test("a start with another state folder names both", () => {
    const message = messageOf(() => refuseOtherState(ownedBy(HERE), stateFolder("/other")));
    expect(message).toContain("/state");
    expect(message).toContain("/other");
    expect(message).toContain("PERGOLA_STATE=/state");
  });
});

test("an environment is found by what its first processes were told", () => {
  expect(stateOfInit("node-init\0init\0/state/apps/specification.json\0")?.root).toBe("/state");
  expect(stateOfInit("/usr/bin/vi\0init\0/state/apps/specification.json\0")).toBeUndefined();
  expect(stateOfInit("")).toBeUndefined();
});
