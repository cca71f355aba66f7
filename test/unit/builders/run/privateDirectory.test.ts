import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { makePrivateDirectory, writeFiles } from "../../../../builders/run/privateDirectory.ts";
import { errorOf, folder } from "../samples.ts";

describe("a private directory", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is the caller's alone, holds files and goes with them", () => {
    vi.stubEnv("TMPDIR", folder({}));
    const made = makePrivateDirectory();
    expect(statSync(made.path).mode & 0o777).toBe(0o700);
    writeFiles(made.path, { "a/b": "text" });
    expect(readFileSync(path.join(made.path, "a/b"), "utf8")).toBe("text");
    made.remove();
    expect(existsSync(made.path)).toBe(false);
  });

  it("that cannot be made says where, and what helps", () => {
    vi.stubEnv("TMPDIR", "/nowhere");
    expect(errorOf(makePrivateDirectory)).toMatchObject({
      code: "cache-unwritable",
      message: expect.stringMatching(/^What a build needs for a while cannot be written in \/nowhere: ENOENT/),
      hint: expect.stringContaining("TMPDIR"),
    });
  });

  it("in which a file cannot be written says so", () => {
    const root = folder({});
    const file = "x".repeat(300);
    expect(errorOf(() => writeFiles(path.join(root, "own"), { [file]: "" }))).toMatchObject({
      code: "cache-unwritable",
      message: expect.stringContaining(`cannot be written in ${root}: ENAMETOOLONG`),
    });
  });
});
