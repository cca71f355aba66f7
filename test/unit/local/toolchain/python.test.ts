import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { MOTO } from "../../../../local/toolchain/python.ts";

const lines = readFileSync(MOTO.requirements, "utf8")
  .split(/(?<!\\)\n/)
  .filter((line) => line !== "" && !line.startsWith("#"));

it("takes every package in one version, by checksum", () => {
  expect(lines.length).toBeGreaterThan(20);
  for (const line of lines)
    expect(line).toMatch(/^[a-z0-9.-]+==\S+(?: ; [^\\]+)? \\\n(?: {4}--hash=sha256:[0-9a-f]{64}(?: \\\n)?)+$/);
});

it("has the version of moto that the tests speak of", () => {
  expect(lines.filter((line) => line.startsWith(`${MOTO.name}==${MOTO.version} `))).toHaveLength(1);
});
