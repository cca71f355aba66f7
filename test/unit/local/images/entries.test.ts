import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { complete, directory, type Entry, file, link, text, tree } from "../../../../local/images/entries.ts";
import { folderWith } from "./scratch.ts";

const paths = (entries: readonly Entry[]) => entries.map((entry) => entry.path);

describe("complete", () => {
  test("adds the directories above each entry and sorts", () => {
    const entries = complete([text("/usr/bin/b", "b"), text("/etc/a", "a")]);
    expect(paths(entries)).toEqual(["/etc", "/etc/a", "/usr", "/usr/bin", "/usr/bin/b"]);
    expect(entries[2]).toMatchObject({ kind: "directory", mode: 0o755, uid: 0, gid: 0 });
  });

  test("keeps the mode that a directory was given, the last one when it was given twice", () => {
    const entries = complete([directory("/tmp"), text("/tmp/a", "a"), directory("/tmp", 0o1777)]);
    expect(entries[0]).toMatchObject({ path: "/tmp", mode: 0o1777 });
  });

  test("does not put the root itself into a layer", () => {
    expect(paths(complete([directory("/"), text("/a", "")]))).toEqual(["/a"]);
  });

  test.each<[string, Entry[], string]>([
    ["a file twice", [text("/a", "1"), text("/a", "2")], "/a is given twice: as file and as file"],
    [
      "a link over a directory",
      [directory("/bin"), link("/bin", "usr/bin")],
      "/bin is given twice: as directory and as link",
    ],
    ["a file below a link", [link("/bin", "usr/bin"), text("/bin/sh", "")], "/bin/sh lies below /bin, which is a link"],
  ])("refuses %s", (_, entries, message) => {
    expect(() => complete(entries)).toThrow(message);
  });

  test("does not depend on the order in which entries were given, and parents come first", () => {
    const name = fc.constantFrom("a", "b", "c-d", "e.f");
    const files = fc.uniqueArray(
      fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}/file`),
    );
    fc.assert(
      fc.property(files, fc.infiniteStream(fc.nat()), (list, random) => {
        const entries = list.map((path) => text(path, path));
        const key = new Map(entries.map((entry) => [entry, random.next().value]));
        const shuffled = [...entries].sort((a, b) => key.get(a)! - key.get(b)!);
        const result = complete(shuffled);
        expect(result).toEqual(complete(entries));
        const seen = new Set<string>();
        for (const { path } of result) {
          const parent = path.slice(0, path.lastIndexOf("/"));
          expect(parent === "" || seen.has(parent)).toBe(true);
          seen.add(path);
        }
      }),
    );
  });
});

describe("tree", () => {
  test("takes files, modes and links over, leaves out what is to be skipped", () => {
    const root = folderWith({ "bin/tool": "run", "lib/data": "text", "lib/latest": "-> data", "test/case": "no" });
    const entries = complete(tree(root, "/opt/thing", (path) => path === "test"));
    expect(paths(entries)).toEqual([
      "/opt",
      "/opt/thing",
      "/opt/thing/bin",
      "/opt/thing/bin/tool",
      "/opt/thing/lib",
      "/opt/thing/lib/data",
      "/opt/thing/lib/latest",
    ]);
    expect(entries[3]).toEqual(file("/opt/thing/bin/tool", join(root, "bin/tool"), 0o755));
    expect(entries[5]).toMatchObject({ mode: 0o644 });
    expect(entries[6]).toEqual(link("/opt/thing/lib/latest", "data"));
  });

  test("names a thing that cannot go into an image", () => {
    const root = folderWith({ a: "" });
    mkdirSync(join(root, "run"));
    execFileSync("mkfifo", [join(root, "run/pipe")]);
    expect(() => tree(root, "/")).toThrow(`${root}/run/pipe is neither a file, a directory nor a symbolic link`);
  });
});

test("paths inside an image are absolute", () => {
  expect(() => text("etc/passwd", "")).toThrow('"etc/passwd" must be an absolute path inside the image');
});
