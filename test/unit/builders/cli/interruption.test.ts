import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { watchInterruption } from "../../../../builders/cli/interruption.ts";
import { folder } from "../samples.ts";

const source = (file: string): string => pathToFileURL(path.resolve(import.meta.dirname, "../../../..", file)).href;

/** Stands for a build: goes on until it is interrupted, and is cleaning up while the signal comes again. */
const BUILD = `
import { watchInterruption } from "${source("builders/cli/interruption.ts")}";
import { note, outputClosed, watchOutput } from "${source("builders/cli/output.ts")}";
watchOutput();
let signals = 0;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => signals++);
const interruption = watchInterruption("kaniko", note, outputClosed);
const work = setInterval(() => note("working"), 20);
interruption.signal.addEventListener("abort", () => {
  const cleaning = setInterval(() => {
    if (signals === 1) return; // a signal comes at least once more, and the clean-up is not done before
    clearInterval(cleaning);
    clearInterval(work);
    console.log("cleaned");
    process.exitCode = interruption.exitCode();
    interruption.release();
  }, 20);
});
`;
/** A level above it, as npm run pergola has two. */
const LEVEL = `
import { runForeground } from "${source("local/foreground.mjs")}";
process.exitCode = await runForeground(process.execPath, process.argv.slice(2));
`;

/** The build below two levels, in a process group of its own. */
function start() {
  const root = folder({ "build.mjs": BUILD, "level.mjs": LEVEL });
  const words = [`${root}/level.mjs`, `${root}/level.mjs`, `${root}/build.mjs`];
  const child = spawn(process.execPath, words, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  return { child, stdout: () => stdout, ended: once(child, "close") as Promise<[number | null, string | null]> };
}

describe("a build that is ended", () => {
  it.each<[NodeJS.Signals, number]>([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])("by %s to the whole process group cleans up, however often each level passes it on", async (signal, code) => {
    const { child, stdout, ended } = start();
    await once(child.stderr, "data");
    process.kill(-(child.pid as number), signal);
    // Pending signals of one kind are delivered as one, so the levels' own may all have come at once: one more, certainly later.
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("Stopping")) process.kill(-(child.pid as number), signal);
    });
    expect(await ended).toEqual([code, null]);
    expect(stdout()).toBe("cleaned\n");
  });

  it("because nobody reads what it says cleans up too, without a stack trace", async () => {
    const { child, stdout, ended } = start();
    await once(child.stderr, "data");
    child.stderr.destroy();
    expect(await ended).toEqual([141, null]);
    expect(stdout()).toBe("cleaned\n");
  });

  it("because the disk below what it says is full cleans up too, and can be tried again", async () => {
    const full = openSync("/dev/full", "w");
    const words = [`${folder({ "build.mjs": BUILD })}/build.mjs`];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", full] });
    closeSync(full);
    let stdout = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    expect(await once(child, "close")).toEqual([75, null]);
    expect(stdout).toBe("cleaned\n");
  });
});

it.each([
  ["cluster-buildkit", "Stopping: cancelling the builds in their builder. Once more to leave without waiting for it."],
  ["kaniko", "Stopping: cancelling the builds and removing their pods. Once more to leave them."],
  ["local-docker", "Stopping: Docker cancels the builds. Once more to leave without waiting for it."],
] as const)("says what happens in %s", (mode, line) => {
  const lines: string[] = [];
  const closed = new AbortController();
  const interruption = watchInterruption(mode, (one) => lines.push(one), closed.signal);
  closed.abort();
  expect(lines).toEqual([line]);
  interruption.release();
});

describe("a second Ctrl-C", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("leaves at once when it is deliberate", () => {
    vi.useFakeTimers();
    const exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never);
    const lines: string[] = [];
    const interruption = watchInterruption("kaniko", (line) => lines.push(line), new AbortController().signal);
    process.emit("SIGINT", "SIGINT");
    vi.advanceTimersByTime(1000);
    process.emit("SIGINT", "SIGINT");
    expect(exit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1500);
    process.emit("SIGINT", "SIGINT");
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
    expect(lines).toHaveLength(1);
    interruption.release();
  });
});
