import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Progress } from "../../../../local/progress.ts";
import { Cache, folderContent } from "../../../../local/toolchain/cache.ts";
import { BASE, PROGRAMS } from "../../../../local/toolchain/debianPackages.ts";
import { inputsKey, toolKey, wrapperFolder } from "../../../../local/toolchain/go.ts";
import { ensureToolchain, findToolchain, toolchainObstacle } from "../../../../local/toolchain/index.ts";
import { candidates } from "../../../../local/toolchain/onPath.ts";
import { goTool } from "../../../../local/toolchain/tools.ts";
import { type DebianArchive, debianArchive } from "./debianArchive.ts";

const NO_GO = "Go 1.26.8 or newer is needed to build the toolchain; there is no go on PATH";
const progress = new Progress({ stream: { write: () => true } });

let folder = "";
let cache = "";
let bin = "";
let archive: DebianArchive;

/** A machine whose PATH has these programs and no others. */
function machineWith(...names: string[]): void {
  for (const name of names) symlinkSync(candidates(name)[0] ?? expect.fail(`no ${name} here`), join(bin, name));
  vi.stubEnv("PATH", bin);
}

/** A program that answers with a text. */
function program(name: string, text: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\necho '${text}'\n`);
  chmodSync(join(bin, name), 0o755);
}

const BARE = ["apt-get", "dpkg", "dpkg-deb", "tar", "flock", "sh", "cat"];

/** Every package that is unpacked, with programs that only start. */
function publishAll(): void {
  const names = new Set([...PROGRAMS.packages, ...BASE.packages].map((one) => one.name));
  for (const name of names) archive.publish(name, "1.0", {});
  const paths = [...PROGRAMS.probes.map(([path]) => path), "usr/sbin/xtables-nft-multi"];
  const programs = paths.filter((path) => !(path in PROGRAMS.links)).map((path) => [path, "#!/bin/sh\n"]);
  archive.publish("containerd", "1.0", Object.fromEntries(programs));
  archive.update();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "toolchain-"));
  cache = join(folder, "cache");
  bin = join(folder, "bin");
  mkdirSync(bin);
  archive = debianArchive(folder);
  vi.stubEnv("APT_CONFIG", archive.aptConfig);
  vi.stubEnv("PERGOLA_CACHE", cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe("a bare machine", () => {
  it("without Go is told so, before anything is downloaded or made", async () => {
    machineWith(...BARE);
    expect(await toolchainObstacle()).toBe(NO_GO);
    await expect(ensureToolchain(progress)).rejects.toMatchObject({
      message: NO_GO,
      hint: expect.stringContaining("https://go.dev/dl/"),
    });
    expect(existsSync(cache)).toBe(false);
  });

  it("with an old Go is told which one it has and which it needs", async () => {
    machineWith(...BARE);
    program("go", '{"GOVERSION":"go1.19.8"}');
    const message = "Go 1.26.8 or newer is needed to build the toolchain; found go1.19.8";
    expect(await toolchainObstacle()).toBe(message);
    await expect(ensureToolchain(progress)).rejects.toThrow(message);
    expect(existsSync(cache)).toBe(false);
  });

  it("without apt-get is told so", async () => {
    machineWith(...BARE.filter((name) => name !== "apt-get"));
    program("pulumi", "v3.259.0");
    await expect(ensureToolchain(progress, ["pulumi"])).rejects.toMatchObject({
      message: "the program apt-get is not on PATH",
      hint: "the embedded environment is made from Debian 12's packages",
    });
    expect(existsSync(join(cache, "debian"))).toBe(false);
  });

  it("with a Go that fits is told what a start would build", async () => {
    machineWith(...BARE);
    program("go", '{"GOVERSION":"go1.26.8"}');
    expect(await toolchainObstacle(["node-init", "pulumi"])).toBe(
      "not built yet: node-init, pulumi (npm start builds them)",
    );
    expect(existsSync(cache)).toBe(false);
  });
});

describe("the toolchain", { timeout: 60_000 }, () => {
  it("uses a fitting tool on PATH, for which no Go is needed", async () => {
    publishAll();
    machineWith(...BARE);
    program("pulumi", "v3.259.0");
    expect(await toolchainObstacle(["pulumi"])).toBe("Debian packages are not unpacked yet (npm start does it)");
    const toolchain = await ensureToolchain(progress, ["pulumi"]);
    expect(toolchain.path("pulumi")).toBe(join(bin, "pulumi"));
    expect(toolchain.environment().PATH?.split(delimiter)[0]).toBe(join(toolchain.debianRoot, "usr/sbin"));
    expect(existsSync(join(cache, "toolchain"))).toBe(false);
    expect(await toolchainObstacle(["pulumi"])).toBeNull();
  });

  it("is still found after newer Debian packages came and after Go was changed or removed", async () => {
    publishAll();
    const tool = goTool("node-init");
    const inputs = inputsKey(tool, folderContent(wrapperFolder(tool)));
    const entry = { name: tool.name, version: tool.version, inputs, madeWith: "go1.26.8" };
    const built = await new Cache(join(cache, "toolchain")).add({ ...entry, key: toolKey(inputs, "go1.26.8") }, () =>
      Promise.resolve([]),
    );
    machineWith(...BARE);
    program("go", '{"GOVERSION":"go1.26.8"}');
    const made = await ensureToolchain(progress, ["node-init"]);
    expect(made.path("node-init")).toBe(join(built, "bin", "node-init"));
    const expected = { debianRoot: made.debianRoot, baseRoot: made.baseRoot };

    vi.unstubAllEnvs();
    vi.stubEnv("PERGOLA_CACHE", cache);
    vi.stubEnv("APT_CONFIG", archive.aptConfig);
    archive.publish("runc", "1.1", {});
    archive.publish("bash", "1.1", {});
    archive.update();
    vi.stubEnv("PATH", bin);
    expect(await findToolchain(["node-init"])).toMatchObject(expected);
    expect(await toolchainObstacle(["node-init"])).toBeNull();

    program("go", '{"GOVERSION":"go1.26.9"}');
    expect((await findToolchain(["node-init"]))?.path("node-init")).toBe(made.path("node-init"));
    expect(await toolchainObstacle(["node-init"])).toBe("not built yet: node-init (npm start builds them)");

    rmSync(join(bin, "go"));
    archive.removePackages();
    expect(await ensureToolchain(progress, ["node-init"])).toMatchObject(expected);
  });
});
