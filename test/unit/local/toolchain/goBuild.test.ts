import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Progress } from "../../../../local/progress.ts";
import { ensureGoTools, readGoSettings, wrapperFolder } from "../../../../local/toolchain/go.ts";
import type { GoTool } from "../../../../local/toolchain/goTool.ts";
import { goTool } from "../../../../local/toolchain/tools.ts";
import { onSmallDisk } from "./smallDisk.ts";

/** Go's cache for the tests that are not about it: the standard library is compiled once. */
let goCache = "";
let folder = "";
let cache = "";
let said = "";
let tool: GoTool;

beforeAll(() => {
  goCache = mkdtempSync(join(tmpdir(), "gocache-"));
});
afterAll(() => rmSync(goCache, { recursive: true }));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "go-"));
  cache = join(folder, "cache");
  vi.stubEnv("PERGOLA_CACHE", cache);
  vi.stubEnv("GOCACHE", goCache);
  vi.stubEnv("GOMODCACHE", undefined);
  tool = tiny('println("tiny v1.0.0")');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A wrapper module without dependencies. */
function tiny(body: string): GoTool {
  const source = join(folder, "source");
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, "go.mod"), "module example.org/tiny\n\ngo 1.21\n");
  writeFileSync(join(source, "main.go"), `package main\n\nfunc main() { ${body} }\n`);
  const base = goTool("coredns");
  return {
    ...base,
    version: "1.0.0",
    folder: relative(join(wrapperFolder(base), ".."), source),
    binaries: [{ name: "coredns", package: ".", probe: ["--version"], says: "tiny v1.0.0" }],
    links: { "client/tiny": "coredns" },
  };
}

const ensure = () => {
  said = "";
  const stream = { write: (text: string) => (said += text) };
  return ensureGoTools([tool], new Progress({ stream, mode: "plain" }));
};
const entries = () => readdirSync(join(cache, "toolchain"));

describe("a tool that is missing", { timeout: 120_000 }, () => {
  it("is built, started once, and kept; Go's own caches are dropped", async () => {
    await ensure();
    rmSync(join(cache, "toolchain"), { recursive: true });
    // As a build that failed leaves it: compiling the standard library again would take most of this file's time.
    cpSync(goCache, join(cache, "build", "gocache"), { recursive: true });
    vi.stubEnv("GOCACHE", undefined);
    const entry = (await ensure()).get("coredns") ?? "";
    expect((await execa(join(entry, "client/tiny"))).stderr).toBe("tiny v1.0.0");
    expect(entries()).toEqual([expect.stringMatching(/^coredns-1\.0\.0-[0-9a-f]{20}$/)]);
    expect(JSON.parse(readFileSync(join(entry, "entry.json"), "utf8"))).toMatchObject({
      madeWith: (await readGoSettings())?.GOVERSION,
      files: { "bin/coredns": statSync(join(entry, "bin/coredns")).size },
    });
    expect(readdirSync(join(cache, "build"))).toEqual([]);
    expect(readFileSync(join(cache, "logs", "coredns-1.0.0.log"), "utf8")).toMatch(/^go build /);
  });

  it("is built once, also when two ask at the same time or one asks again", async () => {
    const [one, two] = await Promise.all([ensure(), ensure()]);
    expect(one).toEqual(two);
    expect(said.match(/^> coredns/gm)).toHaveLength(1);
    const made = statSync(join(one.get("coredns") ?? "", "entry.json")).mtimeMs;
    expect(await ensure()).toEqual(one);
    expect(said).toBe("");
    expect(statSync(join(one.get("coredns") ?? "", "entry.json")).mtimeMs).toBe(made);
  });

  it("is built anew when its sources change", async () => {
    const before = await ensure();
    tool = tiny('println("more of", "tiny v1.0.0")');
    expect((await ensure()).get("coredns")).not.toBe(before.get("coredns"));
    expect(entries()).toHaveLength(2);
  });

  it("leaves the folders that the user named by GOCACHE", async () => {
    await ensure();
    expect(readdirSync(goCache).length).toBeGreaterThan(0);
  });

  it.each([
    ["does not compile", "undefined()", "undefined: undefined"],
    ["does not run", 'panic("broken")', 'coredns was built but does not run: --version printed "panic: broken'],
  ])("and %s leaves no entry, and names the log", async (_, body, message) => {
    tool = tiny(body);
    const error = await ensure().then(
      () => undefined,
      (error: unknown) => error as { message: string; log: string },
    );
    expect(error?.message).toContain(message);
    expect(existsSync(error?.log ?? "")).toBe(true);
    expect(entries()).toEqual([]);
  });

  it("leaves no entry on a full disk, and says what to do, also when it is the log that does not fit", async () => {
    mkdirSync(join(cache, "logs"), { recursive: true });
    const module = (path: string) => JSON.stringify(resolve(import.meta.dirname, "../../../../local", path));
    const { stderr, exitCode } = await onSmallDisk(
      join(cache, "logs"),
      `import { writeFileSync } from "node:fs";
       import { Progress } from ${module("progress.ts")};
       import { describeError } from ${module("errors.ts")};
       import { ensureGoTools } from ${module("toolchain/go.ts")};
       try { writeFileSync(process.argv[1] + "/filling", Buffer.alloc(1e6)); } catch {}
       try { await ensureGoTools([${JSON.stringify(tool)}], new Progress()); }
       catch (error) { console.error(describeError(error)); process.exitCode = 3; }`,
    );
    expect(stderr).toContain(
      `error: coredns 1.0.0: the disk is full (${join(cache, "toolchain")})\n  next: free space, or set PERGOLA_CACHE`,
    );
    expect(exitCode).toBe(3);
    expect(entries()).toEqual([]);
  });
});
