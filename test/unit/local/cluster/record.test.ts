import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EnvironmentRecord, madeHere, writeRecord } from "../../../../local/cluster/record.ts";
import { stateFolder } from "../../../../local/cluster/stateFolder.ts";

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "pergola-record-"));
});
afterEach(() => rmSync(scratch, { recursive: true }));

test.each([
  ["this process", process.pid, true],
  ["another one, whose start this one only waited for", process.ppid, false],
])("an environment is that of the process that made it: %s", async (_, pid, expected) => {
  await writeRecord(stateFolder(scratch), { version: 1, pid } as EnvironmentRecord);
  expect(madeHere(scratch)).toBe(expected);
});

test("no record is nobody's", () => expect(madeHere(scratch)).toBe(false));
