import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync, utimesSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { contentHash, contentTag } from "../../../../builders/images/contentHash.ts";
import { listContext } from "../../../../builders/images/context.ts";
import { errorOf, folder, image } from "../samples.ts";

const names = (root: string, dockerfile = "Dockerfile"): string[] =>
  listContext(root, dockerfile).map(({ path }) => path);

describe("the files of a context", () => {
  it("come sorted, parents first, with links as they are written and without pipes", () => {
    const root = folder({ "b/c": "12345", a: "", "b-d": "" });
    symlinkSync("../outside", path.join(root, "link"));
    execFileSync("mkfifo", [path.join(root, "pipe")]);
    chmodSync(path.join(root, "b/c"), 0o755);
    const entries = listContext(root, "Dockerfile");
    expect(entries.map(({ path, type }) => [path, type])).toEqual([
      ["a", "file"],
      ["b", "directory"],
      ["b-d", "file"],
      ["b/c", "file"],
      ["link", "symlink"],
    ]);
    expect(entries[3]).toMatchObject({ mode: 0o755, size: 5 });
    expect(entries[4]).toMatchObject({ linkTarget: "../outside" });
  });

  it("keep a directory that is left out when something in it is not", () => {
    const root = folder({
      ".dockerignore": "dir\n!dir/sub/keep\n.dockerignore",
      "dir/sub/keep": "",
      "dir/sub/no": "",
      "dir/no": "",
    });
    expect(names(root)).toEqual(["dir", "dir/sub", "dir/sub/keep"]);
  });

  it("follow the ignore file of the Dockerfile rather than the directory's", () => {
    const root = folder({
      ".dockerignore": "a",
      "dev.Dockerfile.dockerignore": "b",
      "dev.Dockerfile": "",
      a: "",
      b: "",
    });
    expect(names(root)).not.toContain("a");
    expect(names(root, "dev.Dockerfile")).toContain("a");
    expect(names(root, "dev.Dockerfile")).not.toContain("b");
  });

  it("name a directory that is not there, and a bad line of the ignore file", () => {
    expect(errorOf(() => listContext("/nonexistent/x", "Dockerfile"))).toMatchObject({
      code: "context-missing",
      message: expect.stringContaining("/nonexistent/x"),
    });
    const root = folder({ ".dockerignore": "[a" });
    expect(errorOf(() => listContext(root, "Dockerfile"))).toMatchObject({
      code: "image-definition",
      message: `${root}/.dockerignore: "[a" is not a valid pattern.`,
    });
  });
});

describe("the tag of a content", () => {
  const hashOf = (root: string, fields: Parameters<typeof image>[0] = {}): string =>
    contentHash(image({ context: root, ...fields }));

  it("has ten hexadecimal digits and is the same for another checkout at another time", () => {
    const [one, two] = [folder({ a: "1", "d/b": "2" }), folder({ "d/b": "2", a: "1" })];
    utimesSync(path.join(two, "a"), 1, 1);
    expect(contentTag(hashOf(one), "kaniko")).toMatch(/^v-[0-9a-f]{10}$/);
    expect(contentTag(hashOf(one), "kaniko")).not.toBe(contentTag(hashOf(one), "cluster-buildkit"));
    expect(hashOf(two)).toBe(hashOf(one));
  });

  it("does not change with files that are left out", () => {
    const root = (ignored: string): string => folder({ ".dockerignore": "x", x: ignored });
    expect(hashOf(root("1"))).toBe(hashOf(root("2")));
  });

  const base = (): string => folder({ a: "1" });
  it.each<[string, (root: string) => string]>([
    ["a byte", () => hashOf(folder({ a: "2" }))],
    ["a name", () => hashOf(folder({ b: "1" }))],
    ["a directory", () => hashOf(folder({ a: "1", "d/e": "" }))],
    [
      "a permission",
      (root) => {
        chmodSync(path.join(root, "a"), 0o755);
        return hashOf(root);
      },
    ],
    ["the Dockerfile", (root) => hashOf(root, { from: "FROM scratch\n" })],
    ["a build argument", (root) => hashOf(root, { buildArgs: { A: "1" } })],
    ["the target", (root) => hashOf(root, { target: "build" })],
    ["a platform", (root) => hashOf(root, { platforms: ["linux/arm64"] })],
    ["a sibling", (root) => contentHash(image({ context: root }), new Map([["base", "1234"]]))],
  ])("changes with %s", (_, changed) => {
    expect(changed(base())).not.toBe(hashOf(base()));
  });
});
