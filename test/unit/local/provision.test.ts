import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { isLeftLocked } from "../../../local/provision.ts";

const GONE = spawnSync("true").pid;

/** What pulumi 3.259.0 says, with locks of these processes. */
const refusal = (...pids: number[]) =>
  [
    `error: the stack is currently locked by ${pids.length} lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.`,
    ...pids.map(
      (pid) => `  file:///state/locks/x.json?no_tmp_dir=true: created by root@vm (pid ${pid}) at 2026-11-21T08:07:57Z`,
    ),
  ].join("\n");

it.each([
  ["a process that was killed", refusal(GONE), true],
  ["one that was killed and one that runs", refusal(GONE, process.pid), false],
  ["a process that runs", refusal(process.pid), false],
  ["nobody, and the update failed otherwise", `error: update failed (pid ${GONE})`, false],
])("a stack that is locked by %s is unlocked or not", (_, output, expected) => {
  expect(isLeftLocked(output)).toBe(expected);
});
