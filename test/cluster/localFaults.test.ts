// What is wrong on the machine of whoever builds: one line says what, one what to do.
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { ErrorData } from "../../builders/errors.ts";
import { onSmallDisk } from "../unit/local/toolchain/smallDisk.ts";
import { build, context, kubeconfig, pergola } from "./environment.ts";

const MODE = "cluster-buildkit";
const main = join(import.meta.dirname, "..", "..", "builders", "cli", "main.ts");

/** The one error of a run that printed JSON. */
function errorOf(stdout: string): ErrorData {
  const result = JSON.parse(stdout);
  return result.error ?? result.images[0].error;
}

/** Runs the command line with these arguments and looks at how it failed. */
async function fails(args: readonly string[], env: Record<string, string> = {}) {
  const done = await pergola(["build", ...args, "--mode", MODE, "--output", "json"], env);
  return { code: done.exitCode, error: errorOf(done.stdout) };
}

const one = () => context({ Dockerfile: "FROM scratch\nCOPY file /\n", file: `${Math.random()}` });

describe("a build", () => {
  it("of a folder that is not there names it", async () => {
    expect(await fails(["./no-such-folder"])).toMatchObject({
      code: 2,
      error: {
        code: "context-missing",
        message: expect.stringContaining("./no-such-folder"),
        hint: expect.any(String),
      },
    });
  });

  it("of a folder without a Dockerfile names both", async () => {
    const folder = await context({ file: "" });
    expect(await fails([folder])).toMatchObject({
      code: 2,
      error: { code: "dockerfile-missing", message: expect.stringContaining(folder), hint: expect.any(String) },
    });
    expect(await fails([await one(), "--file", "Other"])).toMatchObject({
      code: 2,
      error: { code: "dockerfile-missing", message: expect.stringContaining("Other"), hint: expect.any(String) },
    });
  });

  it("of a Dockerfile that cannot be understood names file, line and word", async () => {
    const folder = await context({ Dockerfile: "FROM scratch\n\nCOPPY file /\n", file: "" });
    expect(await fails([folder, "--name", "f-syntax"])).toMatchObject({
      code: 1,
      error: {
        code: "build-failed",
        file: "Dockerfile",
        line: 3,
        message: expect.stringMatching(/COPPY.*COPY.*\(Dockerfile:3\)$/),
      },
    });
  });

  it("of a file that may not be read names the file", async () => {
    const folder = await one();
    await chmod(join(folder, "file"), 0o000);
    // Root may read everything, unless that right is taken away.
    const rights = "-dac_override,-dac_read_search";
    const asUser = process.getuid?.() === 0 ? ["setpriv", `--bounding-set=${rights}`, `--inh-caps=${rights}`] : ["env"];
    const [program = "", ...before] = [...asUser, process.execPath, main];
    const done = await execa(program, [...before, "build", folder, "--mode", MODE, "--output", "json"], {
      ...{ reject: false, stdin: "ignore", env: { KUBECONFIG: kubeconfig } },
    });
    expect(done.exitCode).toBe(2);
    expect(errorOf(done.stdout)).toMatchObject({
      code: "context-unreadable",
      file: join(folder, "file"),
      hint: expect.stringContaining(".dockerignore"),
    });
  });

  it("whose copy of the context finds no room says where, and how to use another place", async () => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY . /\n", file: "x".repeat(100_000) });
    const disk = await context({});
    const args = [main, "build", folder, "--mode", MODE, "--output", "json"];
    const done = await onSmallDisk(
      disk,
      `const { spawnSync } = await import("node:child_process");
       const env = { ...process.env, KUBECONFIG: ${JSON.stringify(kubeconfig)}, PERGOLA_CACHE: process.argv[1] };
       process.exit(spawnSync(process.execPath, ${JSON.stringify(args)}, { env, stdio: "inherit" }).status);`,
    );
    expect(done.exitCode).toBe(75);
    expect(errorOf(done.stdout)).toMatchObject({
      code: "cache-unwritable",
      message: expect.stringMatching(
        new RegExp(`^The build context cannot be staged in ${disk}/.*([Nn]o space left|Wrote only)[^\\n]*$`),
      ),
      hint: expect.stringContaining("PERGOLA_CACHE"),
    });
  });

  it("with a buildctl that is too old says so and takes the builder's own", async () => {
    const tools = await context({
      buildctl: "#!/bin/sh\necho 'buildctl github.com/moby/buildkit v0.12.5 bac3f2b673'\n",
    });
    await chmod(join(tools, "buildctl"), 0o755);
    const env = { PATH: `${tools}:/usr/bin:/bin`, PERGOLA_CACHE: await context({}) };
    const { code, stderr, result } = await build([await one(), "--mode", MODE, "--name", "f-old"], env);
    expect(result.images[0]?.error).toBeNull();
    expect(code).toBe(0);
    expect(stderr).toContain(
      `${tools}/buildctl is buildctl github.com/moby/buildkit v0.12.5 bac3f2b673, older than v0.13; copying that of pod`,
    );
  });
});
