import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { candidates, findOnPath, fits, isStaticElf } from "../../../../local/toolchain/onPath.ts";
import { goTool } from "../../../../local/toolchain/tools.ts";

const says = (name: Parameters<typeof goTool>[0]) => goTool(name).binaries[0] as { says: string };

describe("a version fits", () => {
  it.each([
    ["pulumi", "v3.259.0\n"],
    ["buildkit", "buildkitd github.com/moby/buildkit v0.33.1 5e3a0e0c7dd1\n"],
    ["kaniko", "Kaniko version :  v1.25.5\n"],
  ] as const)("%s: %j", (tool, printed) => expect(fits(says(tool), printed)).toBe(true));
});

describe("a version does not fit", () => {
  it.each([
    ["pulumi", "v3.258.0\n"],
    ["pulumi", "v3.259.0-alpha.1\n"],
    ["pulumi", "v3.259.0+dirty\n"],
    ["pulumi", "v3.259.01\n"],
    ["pulumi", ""],
    ["buildkit", "buildkitd github.com/moby/buildkit v0.33.10 5e3a0e0c7dd1\n"],
    ["buildkit", "buildctl github.com/moby/buildkit v0.33.1 5e3a0e0c7dd1\n"],
    ["kaniko", "Kaniko version :  unset\n"],
  ] as const)("%s: %j", (tool, printed) => expect(fits(says(tool), printed)).toBe(false));
});

describe("programs on PATH", () => {
  let folder = "";
  const program = (path: string, text: string) => {
    const file = join(folder, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, `#!/bin/sh\necho "${text}"\n`);
    chmodSync(file, 0o755);
    return file;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "path-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("of the pinned version are used, behind one of another version too", async () => {
    program("old/pulumi", "v3.1.0");
    const right = program("right/pulumi", "v3.259.0");
    const found = await findOnPath(goTool("pulumi"), { PATH: `${folder}/old:${folder}/right:/bin` });
    expect(found?.get("pulumi")).toBe(right);
  });

  it("that npm installed do not count: its pulumi downloads the engine", async () => {
    const real = program("lib/node_modules/pulumi/bin/pulumi", "v3.259.0");
    mkdirSync(join(folder, "bin"));
    symlinkSync(real, join(folder, "bin", "pulumi"));
    expect(
      await findOnPath(goTool("pulumi"), { PATH: `${folder}/bin:${folder}/lib/node_modules/pulumi/bin` }),
    ).toBeUndefined();
  });

  it("that go into images must be static programs, not scripts", async () => {
    for (const name of ["buildkitd", "buildctl"]) program(`bin/${name}`, `${name} github.com/moby/buildkit v0.33.1 x`);
    expect(await findOnPath(goTool("buildkit"), { PATH: `${folder}/bin` })).toBeUndefined();
  });

  it("are never looked for where the build is our own", async () => {
    program("bin/coredns", "CoreDNS-1.15.0");
    expect(await findOnPath(goTool("coredns"), { PATH: `${folder}/bin` })).toBeUndefined();
  });

  it("that are no executable files are passed over", () => {
    mkdirSync(join(folder, "a", "pulumi"), { recursive: true });
    const plain = program("b/pulumi", "v3.259.0");
    chmodSync(plain, 0o644);
    expect(candidates("pulumi", { PATH: `${folder}/a:${folder}/b:relative` })).toEqual([]);
  });
});

describe("static programs", () => {
  const elf = (headerType: number) => {
    const head = Buffer.alloc(256);
    head.writeUInt32BE(0x7f454c46, 0);
    head[4] = 2;
    head[5] = 1;
    head.writeBigUInt64LE(64n, 32);
    head.writeUInt16LE(56, 54);
    head.writeUInt16LE(1, 56);
    head.writeUInt32LE(headerType, 64);
    return head;
  };
  it("have no interpreter", () => {
    expect(isStaticElf(elf(1))).toBe(true);
    expect(isStaticElf(elf(3))).toBe(false);
  });
  it("are no scripts", () => {
    expect(isStaticElf(Buffer.from("#!/bin/sh\necho hello\n".repeat(10)))).toBe(false);
  });
});
