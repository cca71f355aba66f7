import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { contentHash, contentTag } from "../../../../builders/images/contentHash.ts";
import { listContext } from "../../../../builders/images/context.ts";
import { fingerprint, type KnownFile } from "../../../../builders/images/fingerprint.ts";
import { errorOf, folder, image } from "../samples.ts";

const names = (root: string, dockerfile = "Dockerfile"): string[] =>
  listContext(root, dockerfile).map(({ path }) => path);

describe("the files of a context", () => {
  it("come sorted, parents first, with links as they are written, and pipes", () => {
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
      ["pipe", "pipe"],
    ]);
    expect(entries[3]).toMatchObject({ mode: 0o755, size: 5 });
    expect(entries[4]).toMatchObject({ linkTarget: "../outside" });
  });

  it("have names that are not UTF-8 as names of their own, which count in the hash", async () => {
    const root = folder({ a: "" });
    const named = (byte: number): Buffer => Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0x6e, byte)]);
    const hash = async (): Promise<string> =>
      contentHash(image(), await fingerprint(root, listContext(root, "Dockerfile"), new Map()));
    writeFileSync(named(0xff), "content");
    const first = await hash();
    writeFileSync(named(0xfe), "content");
    expect(new Set(names(root)).size).toBe(3);
    rmSync(named(0xff));
    expect(await hash()).not.toBe(first);
  });

  it("say which of them are one, unless the first is left out", () => {
    const root = folder({ a: "x", "d/b": "x", ".dockerignore": "" });
    linkSync(path.join(root, "a"), path.join(root, "c"));
    linkSync(path.join(root, "a"), path.join(root, "d/e"));
    const same = () => listContext(root, "Dockerfile").flatMap(({ path, sameAs }) => (sameAs ? [[path, sameAs]] : []));
    expect(same()).toEqual([
      ["c", "a"],
      ["d/e", "a"],
    ]);
    writeFileSync(path.join(root, ".dockerignore"), "a\n");
    expect(same()).toEqual([["d/e", "c"]]);
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
  const hashOf = async (
    root: string,
    fields: Parameters<typeof image>[0] = {},
    siblings = new Map<string, string>(),
  ): Promise<string> => {
    const built = image({ context: root, ...fields });
    return contentHash(built, await fingerprint(root, listContext(root, built.dockerfile.path), new Map()), siblings);
  };

  it("has ten hexadecimal digits and is the same for another checkout at another time", async () => {
    const [one, two] = [folder({ a: "1", "d/b": "2" }), folder({ "d/b": "2", a: "1" })];
    utimesSync(path.join(two, "a"), 1, 1);
    expect(contentTag(await hashOf(one), "kaniko")).toMatch(/^v-[0-9a-f]{10}$/);
    expect(contentTag(await hashOf(one), "kaniko")).not.toBe(contentTag(await hashOf(one), "cluster-buildkit"));
    expect(await hashOf(two)).toBe(await hashOf(one));
  });

  it("does not change with files that are left out", async () => {
    const root = (ignored: string): string => folder({ ".dockerignore": "x", x: ignored });
    expect(await hashOf(root("1"))).toBe(await hashOf(root("2")));
  });

  const base = (): string => folder({ a: "1" });
  it.each<[string, (root: string) => Promise<string>]>([
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
    ["a sibling", (root) => hashOf(root, {}, new Map([["base", "1234"]]))],
  ])("changes with %s", async (_, changed) => {
    expect(await changed(base())).not.toBe(await hashOf(base()));
  });
});

describe("hashes that are kept", () => {
  /** Reads the context with what is known, and says how many files were read. */
  const read = async (root: string, known: Map<string, KnownFile>): Promise<[number, string | null | undefined]> => {
    let files = 0;
    const entries = await fingerprint(root, listContext(root, "Dockerfile"), known, () => files++);
    return [files, entries.find(({ path }) => path === "a")?.sha256];
  };

  it("are not made again while a file is what it was, and are when anything of it differs", async () => {
    const root = folder({ a: "1111", b: "2222" });
    const known = new Map<string, KnownFile>();
    const [first, hash] = await read(root, known);
    expect(first).toBe(2);
    // What was read so soon after it was written is not trusted yet.
    expect(await read(root, known)).toEqual([2, hash]);
    for (const [name, file] of known) known.set(name, { ...file, read: file.read + 60_000 });
    expect(await read(root, known)).toEqual([0, hash]);
    const { atime, mtime } = statSync(path.join(root, "a"));
    writeFileSync(path.join(root, "a"), "3333");
    utimesSync(path.join(root, "a"), atime, mtime);
    const [again, changed] = await read(root, known);
    expect([again, changed === hash]).toEqual([1, false]);
  });

  it("go with their files", async () => {
    const root = folder({ a: "1", b: "2" });
    const known = new Map<string, KnownFile>();
    await read(root, known);
    rmSync(path.join(root, "b"));
    await read(root, known);
    expect([...known.keys()]).toEqual(["a"]);
  });
});
