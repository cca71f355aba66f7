import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { machine } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { findBuildctl } from "../../../../../builders/run/buildkit/buildctl.ts";
import { buildctlFromPod, refuseForeignSystem } from "../../../../../builders/run/buildkit/buildctlFromPod.ts";
import type { Exec, ExecTarget } from "../../../../../builders/run/kube/exec.ts";
import { errorOf, folder, rejectionOf } from "../../samples.ts";

const program = (version: string) => `#!/bin/sh\necho "buildctl github.com/moby/buildkit ${version} abc"\n`;

/** A folder with executable files. */
function tools(files: Readonly<Record<string, string>>): string {
  const root = folder(files);
  for (const name of Object.keys(files)) chmodSync(path.join(root, name), 0o755);
  return root;
}

describe("buildctl on the PATH", () => {
  it.each<[string, string[], RegExp | number]>([
    ["the first that fits", ["v0.33.1", "v0.20.0"], 0],
    ["a later one when the first is too old", ["v0.12.5", "v0.20.0"], 1],
    ["one without a version stamp", ["0.0.0+unknown"], 0],
    ["none when all are too old", ["v0.12.5"], /buildctl is buildctl .* v0\.12\.5 abc, older than v0\.13$/],
    ["none when there is none", [], /^buildctl is not on the PATH$/],
  ])("takes %s", async (_, versions, expected) => {
    const folders = versions.map((version) => tools({ buildctl: program(version) }));
    const found = await findBuildctl("buildctl", {
      PATH: folders.join(path.delimiter),
      PERGOLA_CACHE: folder({}),
    });
    if (typeof expected === "number")
      expect(found).toEqual({ file: path.join(folders[expected] as string, "buildctl") });
    else expect(found).toEqual({ lacking: expect.stringMatching(expected) });
  });

  it("says what is wrong with one that does not run", async () => {
    const root = tools({ buildctl: "#!/nonexistent/interpreter\n" });
    expect(await findBuildctl("buildctl", { PATH: root, PERGOLA_CACHE: folder({}) })).toEqual({
      lacking: expect.stringContaining("does not run"),
    });
  });

  it("asks one that fits for its version once, and again when it was replaced", async () => {
    // Without the line that names an interpreter it is no script to who looks, and the shell runs it all the same.
    const counted = `${program("v0.33.1")}echo asked >> "$0.calls"\n`.replace(/^#!.*\n/, "");
    const root = tools({ buildctl: counted });
    const environment = { PATH: root, PERGOLA_CACHE: folder({}) };
    for (let turn = 0; turn < 3; turn++) {
      expect(await findBuildctl("buildctl", environment)).toEqual({ file: path.join(root, "buildctl") });
    }
    expect(readFileSync(path.join(root, "buildctl.calls"), "utf8")).toBe("asked\n");
    writeFileSync(path.join(root, "buildctl"), program("v0.12.5"));
    expect(await findBuildctl("buildctl", environment)).toEqual({ lacking: expect.stringContaining("v0.12.5") });
  });

  it("asks a script each time: what it starts may be another version", async () => {
    const behind = tools({ buildctl: program("v0.33.1") });
    const root = tools({ buildctl: `#!/bin/sh\nexec ${behind}/buildctl "$@"\n` });
    const environment = { PATH: root, PERGOLA_CACHE: folder({}) };
    expect(await findBuildctl("buildctl", environment)).toEqual({ file: path.join(root, "buildctl") });
    writeFileSync(path.join(behind, "buildctl"), program("v0.12.5"));
    expect(await findBuildctl("buildctl", environment)).toEqual({ lacking: expect.stringContaining("v0.12.5") });
  });
});

it("asks a version manager's link each time, and a link to another place's buildctl once", async () => {
  // No interpreter line: what asks takes it for a program, and the shell runs it. It goes by the name that it is called by.
  const manager = tools({
    shim: `echo "buildctl github.com/moby/buildkit v0.33.1 abc"; echo asked >> "\${0%/*}/calls"\n`,
  });
  const calls = async (target: string): Promise<string> => {
    const root = folder({});
    symlinkSync(target, path.join(root, "buildctl"));
    const environment = { PATH: root, PERGOLA_CACHE: folder({}) };
    for (let turn = 0; turn < 3; turn++) await findBuildctl("buildctl", environment);
    return readFileSync(path.join(root, "calls"), "utf8");
  };
  expect(await calls(path.join(manager, "shim"))).toBe("asked\nasked\nasked\n");
  renameSync(path.join(manager, "shim"), path.join(manager, "buildctl"));
  expect(await calls(path.join(manager, "buildctl"))).toBe("asked\n");
});

/** A pod that is this machine: commands really run, with `bin` first on their PATH. `spoil` changes what they print. */
function pod(bin: string, spoil: (command: readonly string[], printed: Buffer) => Buffer = (_, printed) => printed) {
  const commands: string[][] = [];
  const exec = async ({ command: [file = "", ...args] }: ExecTarget): Promise<Exec> => {
    commands.push([file, ...args]);
    const child = spawn(file, args, { env: { PATH: `${bin}:${process.env.PATH}` }, stdio: ["pipe", "pipe", "pipe"] });
    const stdout = new PassThrough();
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const result = new Promise<{ exitCode: number | null; message: string }>((resolve) => {
      child.on("close", (exitCode) => {
        stdout.end(spoil([file, ...args], Buffer.concat(chunks)));
        resolve({ exitCode, message: exitCode === 0 ? "" : `command terminated with exit code ${exitCode}` });
      });
    });
    return {
      stdin: child.stdin,
      stdout,
      stderr: () => stderr,
      taken: () => 0,
      result,
      close: () => child.kill("SIGKILL"),
    };
  };
  const run = async (target: ExecTarget) => {
    const one = await exec(target);
    one.stdin.end();
    let stdout = "";
    for await (const chunk of one.stdout) stdout += chunk;
    return { ...(await one.result), stdout, stderr: one.stderr() };
  };
  return { commands, kube: { exec, run } };
}

const target = { namespace: "builds", pod: "builder-1", container: "buildkitd" };
const ofImage = (imageID: string) => ({
  metadata: { name: "builder-1", uid: "uid-1" },
  status: { containerStatuses: [{ name: "buildkitd", imageID }] },
});

function copy(cache: string, kube: ReturnType<typeof pod>["kube"], more: { imageID?: string; machine?: string } = {}) {
  const source = {
    name: "buildctl",
    target,
    pod: ofImage(more.imageID ?? "sha256:aa"),
    cache,
    here: { platform: "linux", machine: more.machine ?? machine() },
  };
  const io = { kube, emit: () => {}, signal: new AbortController().signal };
  return buildctlFromPod("buildctl is not on the PATH", source, io);
}

/** Everything below a folder. */
const below = (root: string): string[] => (existsSync(root) ? readdirSync(root, { recursive: true }).map(String) : []);

describe("buildctl out of the pod", () => {
  const text = `${program("v0.33.1")}${"# filling\n".repeat(20_000)}`;

  it("is copied once, whole and executable, and then known by the image without asking", async () => {
    const { kube, commands } = pod(tools({ buildctl: text }));
    const cache = folder({});
    const file = await copy(cache, kube);
    expect(file.startsWith(path.join(cache, "buildctl"))).toBe(true);
    expect(readFileSync(file, "utf8")).toBe(text);
    expect(statSync(file).mode & 0o777).toBe(0o755);
    expect(commands).toHaveLength(2);
    expect(await copy(cache, kube)).toBe(file);
    expect(commands).toHaveLength(2);
    expect(await copy(cache, kube, { imageID: "sha256:bb" })).not.toBe(file);
    expect(commands).toHaveLength(4);
  });

  it("is copied once for builds that start together", async () => {
    const { kube, commands } = pod(tools({ buildctl: text }));
    const cache = folder({});
    const files = await Promise.all([1, 2, 3, 4].map(() => copy(cache, kube)));
    expect(new Set(files).size).toBe(1);
    expect(commands).toHaveLength(2);
    expect(below(path.join(cache, "buildctl"))).toHaveLength(2);
  });

  it("is no longer found when another process put it there meanwhile", async () => {
    const cache = folder({});
    const bin = tools({ buildctl: text });
    const file = await copy(cache, pod(bin).kube);
    const moved = path.join(cache, "moved");
    const place = path.dirname(file);
    // The other process's rename comes while this one still receives.
    renameSync(place, moved);
    const late = pod(bin, (command, printed) => {
      if (command.join(" ").includes("exec cat")) renameSync(moved, place);
      return printed;
    });
    expect(await copy(cache, late.kube)).toBe(file);
    expect(below(path.join(cache, "buildctl"))).toHaveLength(2);
  });

  it.each<[string, (printed: Buffer) => Buffer, string]>([
    ["a stream that was cut", (printed) => printed.subarray(0, 1000), `1000 of ${text.length} bytes arrived`],
    [
      "other bytes of the same length",
      (printed) => Buffer.concat([printed.subarray(0, -1), Buffer.from("x")]),
      "not those of the pod",
    ],
    ["nothing", () => Buffer.alloc(0), `0 of ${text.length} bytes arrived`],
  ])("is never %s", async (_, spoil, message) => {
    const { kube } = pod(tools({ buildctl: text }), (command, printed) =>
      command.join(" ").includes("exec cat") ? spoil(printed) : printed,
    );
    const cache = folder({});
    expect(await rejectionOf(copy(cache, kube))).toMatchObject({
      code: "transfer-failed",
      message: expect.stringContaining(message),
    });
    expect(below(path.join(cache, "buildctl"))).toEqual([]);
  });

  it("is refused for another architecture, with the release for this one", async () => {
    const { kube } = pod(tools({ buildctl: text, uname: "#!/bin/sh\necho riscv64\n" }));
    expect(await rejectionOf(copy(folder({}), kube, { machine: "aarch64" }))).toMatchObject({
      code: "builder-tool-missing",
      message: expect.stringContaining("pod builder-1 has one for riscv64"),
      hint: expect.stringContaining(".linux-arm64.tar.gz on the PATH"),
    });
  });

  it.each<[string, Record<string, string>, object]>([
    ["is too old", { buildctl: program("v0.11.6") }, { code: "builder-tool-missing" }],
    ["does not run", { buildctl: "#!/nonexistent/interpreter\n" }, { code: "builder-tool-missing" }],
  ])("is refused when it %s", async (_, files, expected) => {
    const cache = folder({});
    expect(await rejectionOf(copy(cache, pod(tools(files)).kube))).toMatchObject(expected);
    expect(below(path.join(cache, "buildctl"))).toEqual([]);
  });

  it("is named when the pod has none", async () => {
    const { kube } = pod(folder({}));
    const source = { name: "buildctl-nosuch", target, pod: ofImage("sha256:aa"), cache: folder({}) };
    const io = { kube, emit: () => {}, signal: new AbortController().signal };
    expect(await rejectionOf(buildctlFromPod("buildctl-nosuch is not on the PATH", source, io))).toMatchObject({
      code: "transfer-failed",
      message: expect.stringContaining(
        "buildctl-nosuch is not on the PATH, and buildctl-nosuch of pod builder-1 cannot",
      ),
    });
  });
});

describe("a system that cannot run a Linux program", () => {
  it.each([
    ["darwin", "arm64", "buildkit-v0.33.1.darwin-arm64.tar.gz"],
    ["darwin", "x86_64", "buildkit-v0.33.1.darwin-amd64.tar.gz"],
    ["win32", "x86_64", "buildkit-v0.33.1.windows-amd64.tar.gz"],
  ])("%s %s is told what to get before a builder is started", (platform, name, archive) => {
    const error = errorOf(() => refuseForeignSystem("buildctl is not on the PATH", { platform, machine: name }));
    expect(error).toMatchObject({ code: "builder-tool-missing", hint: expect.stringContaining(archive) });
    expect(error.message).toContain(`this machine is ${platform}`);
  });

  it("is not Linux", () => {
    refuseForeignSystem("buildctl is not on the PATH", { platform: "linux", machine: "riscv64" });
  });
});
