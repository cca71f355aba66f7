import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { repositoryRoot } from "../../../../local/paths.ts";
import { TOOLS } from "../../../../local/start.ts";
import { ALL_DEBIAN_SETS, DEBIAN_SETS } from "../../../../local/toolchain/debianPackages.ts";
import { planRows, planText } from "../../../../local/toolchain/plan.ts";
import { GO_TOOLS } from "../../../../local/toolchain/tools.ts";
import { type DebianArchive, debianArchive } from "./debianArchive.ts";

const packages = ALL_DEBIAN_SETS.flatMap((set) => set.packages);
const packageJson = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8"));
const npmPackages = Object.keys({ ...packageJson.dependencies, ...packageJson.devDependencies });
const expected = [...GO_TOOLS, ...packages].map((one) => one.name).concat(npmPackages, "Go");

let folder = "";
let archive: DebianArchive;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plan-"));
  archive = debianArchive(folder);
  vi.stubEnv("APT_CONFIG", archive.aptConfig);
  vi.stubEnv("PERGOLA_CACHE", join(folder, "cache"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it("lists every tool with version, reason, origin, licence and what a start would do, and writes nothing", async () => {
  const rows = await planRows(TOOLS);
  expect(rows.map((row) => row.name)).toEqual(expect.arrayContaining(expected));
  for (const row of rows) {
    for (const [field, value] of Object.entries(row)) expect(value, `${field} of ${row.name}`).toMatch(/\w/);
    expect([row.version, row.licence], row.name).not.toContain("?");
  }
  // pulumi is there twice: the npm package, and the engine that is built where that cannot download one.
  expect(new Set(rows.map((row) => `${row.name} ${row.obtained}`)).size).toBe(rows.length);
  expect(existsSync(join(folder, "cache"))).toBe(false);
});

it("is one line for each for a person to read", async () => {
  const lines = (await planText(TOOLS)).split("\n");
  for (const { name, version, licence, state, why } of await planRows(TOOLS)) {
    const fits = (line: string) => [version, licence, `[${state}]`, why].every((part) => line.includes(part));
    expect(lines.filter((line) => line.startsWith(`  ${name} `)).some(fits), name).toBe(true);
  }
  expect(lines[0]).toBe(`Cache ${join(folder, "cache")}`);
  expect(existsSync(join(folder, "cache"))).toBe(false);
});

it("names the versions of Debian packages once the lists name all of a set", async () => {
  const [set] = DEBIAN_SETS;
  const version = async (name: string) => (await planRows()).find((row) => row.name === name)?.version;
  expect(await version("runc")).toBe("newest of Debian 12");
  for (const one of set?.packages ?? []) archive.publish(one.name, "1:7.8", {});
  archive.update();
  expect(await version("runc")).toBe("1:7.8");
});
