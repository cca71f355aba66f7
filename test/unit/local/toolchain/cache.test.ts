import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cache, DISK_FULL_HINT, folderContent, keyOf } from "../../../../local/toolchain/cache.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cache-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = { name: "tool", version: "1.0", key: "aaaa", inputs: "iiii", madeWith: "go1" };
const fill = async (place: string) => {
  writeFileSync(join(place, "program"), "content");
  return ["program"];
};

describe("keys", () => {
  it("depend on every part, its name and its place, not on the order of names", () => {
    expect(keyOf({ a: "1", b: "2" })).toBe(keyOf({ b: "2", a: "1" }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.array(fc.string())), fc.string(), fc.string(), (parts, name, value) => {
        fc.pre(!Object.hasOwn(parts, name) && name !== "__proto__");
        expect(keyOf({ ...parts, [name]: value })).not.toBe(keyOf(parts));
      }),
    );
    expect(keyOf({ a: ["b", "c"] })).not.toBe(keyOf({ a: ["bc"] }));
  });

  it("read every file below a folder, whatever its depth", () => {
    mkdirSync(join(folder, "below"));
    writeFileSync(join(folder, "z"), "1");
    writeFileSync(join(folder, "below", "a"), "2");
    expect(folderContent(folder)).toEqual({ "below/a": "2", z: "1" });
  });
});

describe("an entry", () => {
  it("is found once it is whole, under its own key only", async () => {
    const cache = new Cache(folder);
    expect(cache.find("tool", "1.0", "aaaa")).toBeUndefined();
    const path = await cache.add(entry, fill);
    expect(cache.find("tool", "1.0", "aaaa")).toBe(path);
    expect(cache.find("tool", "1.0", "bbbb")).toBeUndefined();
    expect(cache.record(path)).toMatchObject({ ...entry, files: { program: 7 } });
  });

  it("is found by its inputs, whatever it was made with; the newest of several", async () => {
    const cache = new Cache(folder);
    const path = await cache.add(entry, fill);
    expect(cache.findByInputs("tool", "1.0", "iiii")).toBe(path);
    expect(cache.findByInputs("tool", "1.0", "jjjj")).toBeUndefined();
    const later = await cache.add({ ...entry, key: "0000", madeWith: "go2" }, fill);
    utimesSync(join(path, "entry.json"), 1, 1);
    expect(cache.findByInputs("tool", "1.0", "iiii")).toBe(later);
    utimesSync(join(later, "entry.json"), 0, 0);
    expect(cache.findByInputs("tool", "1.0", "iiii")).toBe(path);
  });

  it("is looked for without making a folder", () => {
    const cache = new Cache(join(folder, "none"));
    expect(cache.find("tool", "1.0", "aaaa")).toBeUndefined();
    expect(cache.findByInputs("tool", "1.0", "iiii")).toBeUndefined();
    cache.removeUnfinished();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves nothing behind when making it fails", async () => {
    const cache = new Cache(folder);
    const failing = async (place: string) => {
      await fill(place);
      throw new Error("no network");
    };
    await expect(cache.add(entry, failing)).rejects.toThrow("no network");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("that does not fit the disk says what to do, and leaves nothing behind", async () => {
    const filling = async () => {
      writeFileSync("/dev/full", "content");
      return [];
    };
    await expect(new Cache(folder).add(entry, filling)).rejects.toMatchObject({
      message: `tool 1.0: the disk is full (${folder})`,
      hint: DISK_FULL_HINT,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("does not count when a file of it is gone or cut short, and is made again", async () => {
    const cache = new Cache(folder);
    const path = await cache.add(entry, fill);
    writeFileSync(join(path, "program"), "con");
    expect(cache.find("tool", "1.0", "aaaa")).toBeUndefined();
    rmSync(join(path, "program"));
    expect(cache.find("tool", "1.0", "aaaa")).toBeUndefined();
    expect(await cache.add(entry, fill)).toBe(path);
    expect(cache.find("tool", "1.0", "aaaa")).toBe(path);
  });

  it("that a killed process left half made is never found, and is removed", () => {
    const cache = new Cache(folder);
    const half = join(folder, ".unfinished-tool-aaaa");
    mkdirSync(half);
    writeFileSync(join(half, "program"), "con");
    expect(cache.findByInputs("tool", "1.0", "iiii")).toBeUndefined();
    cache.removeUnfinished();
    expect(existsSync(half)).toBe(false);
  });
});
