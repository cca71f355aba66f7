import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { stageContext, stageFolder } from "../../../../../builders/run/staging/stage.ts";
import { folder } from "../../samples.ts";

let cache: string;
let context: string;
beforeEach(() => {
  cache = folder({});
  context = folder({ Dockerfile: "FROM scratch\n", a: "aaaa", "d/b": "bbbb", "d/e/c": "cccc" });
});

const options = () => ({ cache, context, dockerfile: "Dockerfile" });

/** Stages, lets go, and returns the copy's folder. */
async function stage(): Promise<string> {
  const staged = await stageContext(options());
  staged.release();
  return staged.directory;
}

/** Everything about a tree that a builder looks at, but for times. */
function look(root: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name of readdirSync(root, { recursive: true, encoding: "utf8" }).sort()) {
    const file = path.join(root, name);
    const stat = lstatSync(file);
    if (stat.isFIFO()) found[name] = [stat.mode];
    else if (stat.isSymbolicLink()) found[name] = `-> ${readlinkSync(file)}`;
    else
      found[name] = [
        stat.mode,
        stat.isFile() && stat.nlink,
        stat.isFile() ? readFileSync(file).toString("latin1") : "directory",
      ];
  }
  return found;
}

/** Times of a tree, in nanoseconds. */
const times = (root: string): Record<string, bigint> =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, encoding: "utf8" }).map((name) => [
      name,
      lstatSync(path.join(root, name), { bigint: true }).mtimeNs,
    ]),
  );

describe("the staged copy of a context", () => {
  it("is what the context is: odd names, modes, links, empty and large files", async () => {
    writeFileSync(path.join(context, "with space\nand line 'quote' ü -- \\"), "odd");
    writeFileSync(path.join(context, `${"long".repeat(50)}`), "long");
    mkdirSync(path.join(context, "deep/".repeat(60)), { recursive: true });
    writeFileSync(path.join(context, "deep/".repeat(60), "leaf"), "leaf");
    writeFileSync(path.join(context, "-rf"), "");
    writeFileSync(path.join(context, "large"), Buffer.alloc(9_000_001, "large"));
    execFileSync("truncate", ["--size=6M", path.join(context, "sparse")]);
    symlinkSync("../outside/ü", path.join(context, "link"));
    symlinkSync("x".repeat(300), path.join(context, "d/long-link"));
    for (const [name, mode] of [
      ["a", 0o000],
      ["d/b", 0o4755],
      ["d/e/c", 0o1600],
    ] as const) {
      chmodSync(path.join(context, name), mode);
    }
    chmodSync(path.join(context, "d"), 0o2550);
    linkSync(path.join(context, "large"), path.join(context, "d/e/same"));
    linkSync(path.join(context, "large"), path.join(context, "also"));
    execFileSync("mkfifo", [path.join(context, "pipe")]);
    expect(look(await stage())).toEqual(look(context));
  });

  it("leaves out what the ignore file names", async () => {
    writeFileSync(path.join(context, ".dockerignore"), "d\n!d/e\n");
    expect(Object.keys(look(await stage()))).toEqual([".dockerignore", "Dockerfile", "a", "d", "d/e", "d/e/c"]);
  });

  it("has times that follow from the content: two checkouts have the same", async () => {
    const first = times(await stage());
    const other = folder({ Dockerfile: "FROM scratch\n", a: "aaaa", "d/b": "bbbb", "d/e/c": "cccc" });
    const second = await stageContext({ ...options(), context: other });
    second.release();
    expect(times(second.directory)).toEqual(first);
    expect(new Set(Object.values(first)).size).toBe(Object.keys(first).length - 1);
  });

  it("follows an edit that keeps size and time, and leaves all other times alone", async () => {
    const before = times(await stage());
    const { atime, mtime } = lstatSync(path.join(context, "a"));
    writeFileSync(path.join(context, "a"), "AAAA");
    utimesSync(path.join(context, "a"), atime, mtime);
    const tree = await stage();
    expect(readFileSync(path.join(tree, "a"), "utf8")).toBe("AAAA");
    const { a, ...rest } = times(tree);
    expect({ ...rest, a: before.a }).toEqual(before);
    expect(a).not.toBe(before.a);
  });

  it("follows files that become directories and links, and the other way round, and what goes", async () => {
    const tree = await stage();
    rmSync(path.join(context, "a"));
    mkdirSync(path.join(context, "a"));
    writeFileSync(path.join(context, "a/in"), "in");
    rmSync(path.join(context, "d"), { recursive: true });
    symlinkSync("a", path.join(context, "d"));
    await stage();
    expect(look(tree)).toEqual(look(context));
    rmSync(path.join(context, "d"));
    renameSync(path.join(context, "a"), path.join(context, "d"));
    await stage();
    expect(look(tree)).toEqual(look(context));
  });

  it("is put right when somebody cleaned up in it, wrote into it, or a run was killed", async () => {
    const tree = await stage();
    const before = times(tree);
    rmSync(path.join(tree, "d/e"), { recursive: true });
    writeFileSync(path.join(tree, "a"), "strange");
    writeFileSync(path.join(tree, "d/more"), "strange");
    utimesSync(path.join(tree, "d"), 5, 5);
    await stage();
    expect(look(tree)).toEqual(look(context));
    expect(times(tree)).toEqual(before);
    writeFileSync(path.join(stageFolder(options()), "index.json"), '{"version":');
    await stage();
    expect(times(tree)).toEqual(before);
  });

  it("is put right when its hard links were broken, or made where there are none", async () => {
    linkSync(path.join(context, "a"), path.join(context, "d/same"));
    const tree = await stage();
    writeFileSync(path.join(context, "twin"), "aaaa");
    await stage();
    rmSync(path.join(tree, "d/same"));
    execFileSync("cp", ["-p", path.join(tree, "a"), path.join(tree, "d/same")]);
    await stage();
    expect(look(tree)).toEqual(look(context));
    rmSync(path.join(tree, "twin"));
    linkSync(path.join(tree, "a"), path.join(tree, "twin"));
    await stage();
    expect(look(tree)).toEqual(look(context));
  });

  it("belongs to one build at a time: another one gets a copy of its own, which goes with it", async () => {
    const first = await stageContext(options());
    const second = await stageContext(options());
    expect(second.directory).not.toBe(first.directory);
    expect(times(second.directory)).toEqual(times(first.directory));
    second.release();
    expect(existsSync(second.directory)).toBe(false);
    first.release();
    expect(await stage()).toBe(first.directory);
  });

  it("is not kept from others by a process that was killed", async () => {
    const holder = spawn(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `import { stageContext } from ${JSON.stringify(path.resolve("builders/run/staging/stage.ts"))};
         const stage = await stageContext(${JSON.stringify(options())});
         console.log(stage.directory); setInterval(() => {}, 1000);`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = await once(holder.stdout, "data");
    const held = String(line).trim();
    expect(await stage()).not.toBe(held);
    holder.kill("SIGKILL");
    await once(holder, "exit");
    expect(await stage()).toBe(held);
  });

  it.each<[string, () => void]>([
    ["changes", () => writeFileSync(path.join(context, "a"), "other content")],
    ["vanishes", () => rmSync(path.join(context, "a"))],
    [
      "becomes a directory",
      () => {
        rmSync(path.join(context, "a"));
        mkdirSync(path.join(context, "a"));
      },
    ],
  ])("is of one state when a file %s after it was looked at", async (_, change) => {
    let times = 0;
    const staged = await stageContext({ ...options(), note: () => times++ === 0 && change() });
    staged.release();
    expect(times).toBe(2);
    expect(look(staged.directory)).toEqual(look(context));
  });

  it("is given up when a file never stops changing, and says which", async () => {
    let times = 0;
    const note = () => writeFileSync(path.join(context, "a"), `${times++}`.repeat(9));
    await expect(stageContext({ ...options(), note })).rejects.toMatchObject({
      data: { code: "context-unreadable", file: path.join(context, "a") },
    });
    expect(times).toBe(3);
  });

  it("cannot be made of what cannot be read, and says which file", async () => {
    const wrong = { ...options(), context: path.join(context, "nowhere") };
    await expect(stageContext(wrong)).rejects.toMatchObject({ data: { code: "context-missing" } });
  });
});
