import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Progress } from "../../../../local/progress.ts";
import { ensureDebianSets, findDebianSet, unpackedDebianSet } from "../../../../local/toolchain/debian.ts";
import type { DebianSet } from "../../../../local/toolchain/debianPackages.ts";
import { type DebianArchive, debianArchive } from "./debianArchive.ts";

const set: DebianSet = {
  name: "programs",
  packages: ["greet", "greet-data"].map((name) => ({ name, why: "is greeted", licence: "MIT" })),
  links: { "usr/bin/hello": "greet" },
  probes: [["usr/bin/greet", "--version"]],
};
const greet = (text: string, code = 0) => ({ "usr/bin/greet": `#!/bin/sh\necho ${text}\nexit ${code}\n` });

let folder = "";
let archive: DebianArchive;
let said = "";
const unpack = () => {
  said = "";
  const stream = { write: (text: string) => (said += text) };
  return ensureDebianSets([set], new Progress({ stream, mode: "plain" }));
};
const run = async (root: string | undefined, program: string) =>
  (await execa(join(root ?? "", "usr/bin", program), [])).stdout;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "debian-"));
  archive = debianArchive(folder);
  vi.stubEnv("APT_CONFIG", archive.aptConfig);
  vi.stubEnv("PERGOLA_CACHE", join(folder, "cache"));
  archive.publish("greet", "1.0", greet("one"));
  archive.publish("greet-data", "2:1.5", { "usr/share/greet/words": "words" });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe("a set of packages", () => {
  it("is downloaded, checked and unpacked into the cache, and nothing is installed", async () => {
    archive.update();
    const [root = ""] = await unpack();
    expect(root.startsWith(join(folder, "cache", "debian"))).toBe(true);
    expect(await run(root, "greet")).toBe("one");
    expect(readFileSync(join(root, "usr/share/greet/words"), "utf8")).toBe("words");
    expect(readlinkSync(join(root, "usr/bin/hello"))).toBe("greet");
    expect(readFileSync(join(folder, "apt", "status"), "utf8")).toBe("");
    expect(readdirSync(join(folder, "cache", "build"))).toEqual([]);
    const record = JSON.parse(readFileSync(join(root, "..", "entry.json"), "utf8"));
    expect(record.madeWith).toBe("greet 1.0, greet-data 2:1.5");
  });

  it("that is there is taken as it is, without a word", async () => {
    archive.update();
    const first = await unpack();
    archive.removePackages();
    expect(await unpack()).toEqual(first);
    expect(said).toBe("");
  });

  it("whose programs do not run on this system is refused, and nothing of it stays", async () => {
    archive.publish("greet", "1.1", greet("version GLIBC_2.99 not found", 1));
    archive.update();
    await expect(unpack()).rejects.toThrow("usr/bin/greet was unpacked but does not run: version GLIBC_2.99 not found");
    expect(readdirSync(join(folder, "cache", "debian"))).toEqual([]);
    expect(readdirSync(join(folder, "cache", "build"))).toEqual([]);
  });

  it("that two starts ask for at once is made once", async () => {
    archive.update();
    const [one, two] = await Promise.all([unpack(), unpack()]);
    expect(one).toEqual(two);
    expect(readdirSync(join(folder, "cache", "debian"))).toHaveLength(1);
    expect(said.match(/^> Debian packages/gm)).toHaveLength(1);
  });
});

describe("package lists", () => {
  it("of our own are fetched where the system has none, and the system's stay as they are", async () => {
    const before = readdirSync(archive.lists, { recursive: true });
    const [root] = await unpack();
    expect(await run(root, "greet")).toBe("one");
    expect(readdirSync(archive.lists, { recursive: true })).toEqual(before);
    expect(existsSync(join(folder, "cache", "build", "apt"))).toBe(false);
    archive.removePackages();
    expect(await unpack()).toEqual([root]);
  });

  it("that are older than the archive do not stop a start: what the archive has now is taken, once", async () => {
    archive.update();
    archive.publish("greet", "1.0-1+deb12u1", greet("fixed"));
    const [root = ""] = await unpack();
    expect(await run(root, "greet")).toBe("fixed");
    expect(readFileSync(join(root, "..", "entry.json"), "utf8")).toContain("greet 1.0-1+deb12u1");
    const made = lstatSync(join(root, "..", "entry.json")).mtimeMs;
    expect(await unpack()).toEqual([root]);
    expect(lstatSync(join(root, "..", "entry.json")).mtimeMs).toBe(made);
    expect(said).toBe("");
  });
});

describe("after an update of the lists that names newer packages", () => {
  beforeEach(async () => {
    archive.update();
    await unpack();
    archive.publish("greet", "1.1", greet("two"));
    archive.update();
  });

  it("a start unpacks them", async () => {
    expect((await findDebianSet(set)).entry).toBeUndefined();
    const [root = ""] = await unpack();
    expect(await run(root, "greet")).toBe("two");
    expect(unpackedDebianSet(set)).toBe(join(root, ".."));
  });

  it("commands that only use the environment go on with what is there", async () => {
    expect(await run(join(unpackedDebianSet(set) ?? "", "root"), "greet")).toBe("one");
  });

  it("a start goes on with what is there when they cannot be downloaded, and says so", async () => {
    archive.removePackages();
    const [root] = await unpack();
    expect(await run(root, "greet")).toBe("one");
    expect(said).toMatch(/Debian packages \(programs\): E: .*; going on with the packages that were unpacked before/);
  });

  it("a start goes on with what is there when the new ones do not run", async () => {
    archive.publish("greet", "1.2", greet("broken", 1));
    archive.update();
    expect(await run((await unpack())[0], "greet")).toBe("one");
    expect(said).toContain("usr/bin/greet was unpacked but does not run: broken");
  });
});

it("packages that neither the network nor the cache has are an error with a next step", async () => {
  archive.update();
  archive.removePackages();
  await expect(unpack()).rejects.toMatchObject({
    message: expect.stringMatching(/^Debian packages \(programs\): E: /),
    hint: "check the network and /etc/apt/sources.list, then start again",
  });
  expect(unpackedDebianSet(set)).toBeUndefined();
});
