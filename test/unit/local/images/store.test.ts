import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { type Entry, file, text } from "../../../../local/images/entries.ts";
import type { ImageDescription } from "../../../../local/images/oci.ts";
import { archive, imageKey, pushable } from "../../../../local/images/store.ts";
import { DISK_FULL_HINT } from "../../../../local/toolchain/cache.ts";
import { onSmallDisk } from "../toolchain/smallDisk.ts";
import { folder, folderWith } from "./scratch.ts";

function image(entries: Entry[], reference = "pergola.local/thing:1"): ImageDescription {
  return { reference, config: {}, layers: [{ title: "thing", entries }] };
}

test("an archive is written once, and again when a file in it has changed", async () => {
  const cache = join(folder(), "images");
  const root = folderWith({ "bin/tool": "one" });
  const description = image([file("/tool", join(root, "bin/tool"))]);
  const first = await archive(cache, description);
  expect(first.written).toBe(true);
  expect(await archive(cache, description)).toEqual({ path: first.path, written: false });
  expect(readdirSync(cache).map((name) => join(cache, name))).toEqual([first.path]);

  writeFileSync(join(root, "bin/tool"), "two");
  const second = await archive(cache, description);
  expect(second.written).toBe(true);
  expect(second.path).not.toBe(first.path);
  expect(existsSync(first.path)).toBe(true);
});

test("two writers of the same archive both get it whole, and nothing else is left", async () => {
  const cache = folder();
  const description = image([text("/a", "a".repeat(3_000_000))]);
  const [one, other] = await Promise.all([archive(cache, description), archive(cache, description)]);
  expect(one.path).toBe(other.path);
  expect(readdirSync(cache)).toHaveLength(1);
});

test("a failed archive leaves nothing behind", async () => {
  const cache = folder();
  const root = folderWith({ "bin/tool": "one" });
  const missing = { ...file("/tool", join(root, "bin/tool")), mode: 0o755 };
  const unreadable: Entry = { ...missing, from: { file: root } };
  await expect(archive(cache, image([text("/a", "a"), unreadable]))).rejects.toThrow("EISDIR");
  expect(readdirSync(cache)).toEqual([]);
});

test.each(["archive", "pushable"])("%s leaves nothing behind on a full disk, and says what to do", async (name) => {
  const cache = folder();
  const root = folder();
  // Beyond what is read at once, and incompressible: it must still be written when the disk is full.
  writeFileSync(join(root, "tool"), randomBytes(3_000_000));
  const module = (path: string) => JSON.stringify(resolve(import.meta.dirname, "../../../../local", path));
  const { stderr, stdout } = await onSmallDisk(
    cache,
    `import { readdirSync } from "node:fs";
     import { describeError } from ${module("errors.ts")};
     import { ${name} } from ${module("images/store.ts")};
     const description = ${JSON.stringify(image([file("/tool", join(root, "tool"))]))};
     try { await ${name}(process.argv[1], description); } catch (error) { console.error(describeError(error)); }
     console.log(JSON.stringify(readdirSync(process.argv[1])));`,
  );
  expect(stderr).toMatch(/^error: (pergola.local-thing-1|layer)-[0-9a-f]{24}\.tar(\.gz)?: the disk is full \(/);
  expect(stderr).toContain(`(${cache})\n  next: ${DISK_FULL_HINT}`);
  expect(stdout).toBe("[]");
});

test("layers to push are kept, and images share them", async () => {
  const cache = folder();
  const shared = [text("/etc/os-release", "ID=debian\n")];
  const one = await pushable(cache, image(shared, "library/one:1"));
  const two = await pushable(cache, image(shared, "library/two:1"));
  expect(two.layers).toEqual(one.layers);
  expect(two.manifest.digest).toBe(one.manifest.digest);
  expect(readdirSync(cache).filter((name) => name.endsWith(".tar.gz"))).toHaveLength(1);
});

test.each<[string, ImageDescription]>([
  ["content", image([text("/a", "2")])],
  ["mode", image([text("/a", "1", 0o600)])],
  ["path", image([text("/b", "1")])],
  ["name", image([text("/a", "1")], "pergola.local/thing:2")],
  ["config", { ...image([text("/a", "1")]), config: { user: "1" } }],
])("the key depends on the %s", (_, changed) => {
  expect(imageKey(changed, "none")).not.toBe(imageKey(image([text("/a", "1")]), "none"));
  expect(imageKey(changed, "none")).toBe(imageKey(structuredClone(changed), "none"));
});
