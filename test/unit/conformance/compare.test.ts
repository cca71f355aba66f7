import { describe, expect, it } from "vitest";
import { differencesBetween, type ImageFacts } from "../../conformance/compare.ts";
import { type LayerEntry, treeOf } from "../../conformance/tree.ts";

const file = (name: string, more: Partial<LayerEntry> = {}): LayerEntry => ({
  name,
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  sha256: "aa",
  ...more,
});
const directory = (name: string, mode = 0o755): LayerEntry => ({ name, type: "directory", mode, uid: 0, gid: 0 });
const paths = (...layers: LayerEntry[][]): string[] => [...treeOf(layers).keys()].sort();
const image = (entries: LayerEntry[], more: Partial<ImageFacts> = {}): ImageFacts => ({
  platform: "linux/amd64",
  config: {},
  tree: treeOf([entries]),
  ...more,
});

describe("layers over one another", () => {
  it.each<[string, LayerEntry[][], string[]]>([
    ["names with and without dots and slashes", [[file("./a"), file("/b"), directory("c/")]], ["a", "b", "c"]],
    ["the root itself", [[directory("./"), directory("/")]], []],
    ["directories that an archive leaves out", [[file("a/b/c")]], ["a", "a/b", "a/b/c"]],
    ["a whiteout", [[file("a"), file("ab")], [file(".wh.a")]], ["ab"]],
    ["a whiteout of a directory", [[file("d/a"), file("de")], [file(".wh.d")]], ["de"]],
    [
      "an opaque directory",
      [
        [file("d/a"), file("d/s/b")],
        [directory("d"), file("d/.wh..wh..opq"), file("d/n")],
      ],
      ["d", "d/n"],
    ],
    [
      "a whiteout after what its own layer brings",
      [[file("d/a")], [file("d/b"), file("d/.wh..wh..opq")]],
      ["d", "d/b"],
    ],
    ["a file in the place of a directory", [[file("d/a")], [file("d")]], ["d"]],
    ["a directory over a directory", [[file("d/a")], [directory("d", 0o700)]], ["d", "d/a"]],
    ["a directory in the place of a file", [[file("d")], [file("d/a")]], ["d", "d/a"]],
  ])("%s", (_, layers, expected) => {
    expect(paths(...layers)).toEqual(expected);
  });

  it("give a directory the mode of the highest", () => {
    expect(treeOf([[directory("d")], [directory("d", 0o700)]]).get("d")?.mode).toBe(0o700);
  });

  it("fail for a hard link to nothing", () => {
    expect(() => treeOf([[file("a", { type: "link", link: "b" })]])).toThrow("a is a hard link to b");
  });
});

describe("differences", () => {
  const link = file("b", { type: "link", link: "/a" });

  it.each<[string, LayerEntry[], LayerEntry[], string[]]>([
    ["a mode", [file("a")], [file("a", { mode: 0o4755 })], ["/a mode: 0644 -> 4755"]],
    ["an owner", [file("a")], [file("a", { uid: 1, gid: 2 })], ["/a owner: 0:0 -> 1:2"]],
    ["a content", [file("a")], [file("a", { sha256: "bb" })], ["/a content: aa -> bb"]],
    ["a file that is missing", [file("a")], [], ["/a: file -> nothing"]],
    ["a type", [file("a")], [directory("a")], ["/a: file -> directory"]],
    [
      "a link's target",
      [file("a", { type: "symlink", link: "x" })],
      [file("a", { type: "symlink", link: "y" })],
      ["/a target: x -> y"],
    ],
    ["a device", [file("a", { type: "fifo" })], [file("a", { type: "fifo", device: "1:3" })], ["/a device:  -> 1:3"]],
    ["attributes", [file("a", { attributes: { x: "00" } })], [file("a")], ['/a attributes: {"x":"00"} -> nothing']],
    [
      "a hard link that is a file of its own",
      [file("a"), link],
      [file("a"), file("b")],
      ['/a hard links: ["b"] -> nothing', '/b hard links: ["a"] -> nothing'],
    ],
  ])("%s", (_, first, second, expected) => {
    expect(differencesBetween(image(first), image(second))).toEqual(expected);
  });

  it("are none between links whose archives only write another mode, and hard links in another order", () => {
    const symlink = (mode: number): LayerEntry => file("a", { type: "symlink", link: "x", mode });
    expect(differencesBetween(image([symlink(0o777)]), image([symlink(0o755)]))).toEqual([]);
    const turned = [file("b"), file("a", { type: "link", link: "b" })];
    expect(differencesBetween(image([file("a"), link]), image(turned))).toEqual([]);
  });

  it("show in configuration and platform; the order of fields does not count, that of lists does", () => {
    const first = image([], { config: { Labels: { a: "1", b: "2" }, Env: ["A=1", "B=2"], User: "x" } });
    const second = image([], { config: { Labels: { b: "2", a: "1" }, Env: ["B=2", "A=1"] }, platform: "linux/arm64" });
    expect(differencesBetween(first, second)).toEqual([
      'config Env: ["A=1","B=2"] -> ["B=2","A=1"]',
      'config User: "x" -> nothing',
      "platform: linux/amd64 -> linux/arm64",
    ]);
  });

  it.each<[string, boolean, string[]]>([
    ["one failed", false, ["build: built -> failed"]],
    ["one failed", true, ["build: built -> failed"]],
    ["both failed", false, ["build: failed -> failed"]],
    ["both failed", true, []],
    ["both built", false, []],
    ["both built", true, ["build: built -> built"]],
  ])("of builds of which %s, where they are to fail: %j", (which, fails, expected) => {
    const first = which === "both failed" ? { failed: "why" } : image([]);
    const second = which === "both built" ? image([]) : { failed: "otherwise" };
    expect(differencesBetween(first, second, fails)).toEqual(expected);
  });
});
