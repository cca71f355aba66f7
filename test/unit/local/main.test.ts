import { resolve } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { shellLine } from "../../../local/tools.ts";

const main = resolve(import.meta.dirname, "../../../local/main.ts");
const run = (...args: string[]) => execa(process.execPath, [main, ...args], { reject: false });

describe("the command line", () => {
  it("names the nearest command for one that it does not know, and exits 2", async () => {
    const { exitCode, stderr, stdout } = await run("strat");
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain("unknown command 'strat'");
    expect(stderr).toContain("Did you mean start?");
  });

  it.each([["start"], ["stop"], ["status"], ["env"], ["check"]])("%s --help has examples", async (command) => {
    const { exitCode, stdout } = await run(command, "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}\S/);
  });

  it.each([["test"], ["pulumi"], ["pergola"], ["node"]])(
    "help %s has examples; its --help is the other program's",
    async (command) => {
      const { exitCode, stdout } = await run("help", command);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/Examples?:\n {2}\S/);
    },
  );

  it("refuses an output format that there is not", async () => {
    const { exitCode, stderr } = await run("status", "--output", "xml");
    expect(exitCode).toBe(2);
    expect(stderr).toContain('"xml" is no output format; there are text and json');
  });

  it("hands options, output and exit code of another program through", async () => {
    const { exitCode, stdout } = await run(
      "node",
      "--eval",
      "console.log(process.argv.slice(1).join()); process.exit(7)",
      "--",
      "--x",
      "y",
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: "--x,y" });
  });

  it("ends with 128 + n when signal n ended the other program", async () => {
    expect((await run("node", "--eval", "process.kill(process.pid, 'SIGKILL')")).exitCode).toBe(137);
  });
});

it("a full disk is told as such, with what to do and without a stack", async () => {
  // The device /dev/full refuses every write as a full disk does; the command's last one is that of its summary.
  const { stderr, exitCode } = await execa(process.execPath, [main, "test", "unit", "no-such-test-file"], {
    env: { PERGOLA_TEST_SUMMARY: "/dev/full", CI: "" },
    reject: false,
  });
  expect(stderr).toContain("error: write failed: the disk is full");
  expect(stderr).toContain("next: free space");
  expect(stderr).not.toContain(" at ");
  expect(exitCode).toBe(1);
});

it("variables for a shell survive quotes, spaces and dollars", async () => {
  const value = 'it\'s $HOME "quoted" `x`\nline';
  const { stdout } = await execa("sh", ["-c", `${shellLine("V", value)}; printf %s "$V"`]);
  expect(stdout).toBe(value);
});

it("a variable that has to go is unset, whatever the shell had", async () => {
  const { stdout } = await execa("sh", ["-c", `V=old; ${shellLine("V", undefined)}; printf %s "\${V-gone}"`]);
  expect(stdout).toBe("gone");
});
