import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openEarly } from "../../../../../builders/run/kaniko/livingCommand.ts";
import type { Exec } from "../../../../../builders/run/kube/exec.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A command that says something, or ends without a word. */
function command(says: string | null) {
  const stdout = new PassThrough();
  if (says === null) stdout.end();
  else stdout.write(says);
  const result =
    says === null ? Promise.resolve({ exitCode: null, message: "container not found" }) : new Promise(() => {});
  return { stdout, result, close: vi.fn() } as unknown as Exec & { close: ReturnType<typeof vi.fn> };
}

/** A container that runs from the time `runs` on, and is known to at `known`; what cannot be opened throws or ends at once. */
function container({ runs, known, fails }: { runs: number; known: number; fails: "throws" | "ends" }) {
  const opened: Exec[] = [];
  const began = Date.now();
  const open = vi.fn(async () => {
    const there = Date.now() - began >= runs;
    if (!there && fails === "throws") throw new Error("container not found");
    const exec = command(there ? "\n" : null);
    opened.push(exec);
    return exec;
  });
  return { open, opened, running: new Promise<void>((resolve) => setTimeout(resolve, known)) };
}

describe("a command in a container that only starts", () => {
  it.each(["throws", "ends"] as const)("begins long before the container's state is told (%s)", async (fails) => {
    const { open, opened, running } = container({ runs: 500, known: 1500, fails });
    const began = Date.now();
    const exec = openEarly(open, running);
    await vi.advanceTimersByTimeAsync(800);
    expect(await exec).toBe(opened.at(-1));
    expect(Date.now() - began).toBeLessThan(1500);
    for (const other of opened.slice(0, -1)) expect(other.close).toHaveBeenCalled();
  });

  it("is opened once more when the state tells that it can be", async () => {
    const { open, running } = container({ runs: 60_000, known: 60_000, fails: "throws" });
    const exec = openEarly(open, running);
    await vi.advanceTimersByTimeAsync(30_000);
    const tries = open.mock.calls.length;
    expect(tries).toBeLessThan(20);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(open.mock.calls.length).toBe(tries);
    await vi.advanceTimersByTimeAsync(1000);
    expect((await exec).stdout.read().toString()).toBe("\n");
  });

  it("fails with the reason why the container does not run, not with that of the command", async () => {
    const { open } = container({ runs: 60_000, known: 60_000, fails: "throws" });
    const running = new Promise<void>((_, reject) => setTimeout(() => reject(new Error("image-pull")), 700));
    const failed = expect(openEarly(open, running)).rejects.toThrow("image-pull");
    await vi.advanceTimersByTimeAsync(1000);
    await failed;
  });

  it("waits for no connection that hangs, which kubectl ends by no time of its own", async () => {
    const hung = { stdout: new PassThrough(), result: new Promise(() => {}), close: vi.fn() };
    const good = command("\n");
    const open = vi.fn().mockResolvedValueOnce(hung).mockResolvedValue(good);
    const exec = openEarly(open as () => Promise<Exec>, Promise.resolve());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await exec).toBe(good);
    expect(hung.close).toHaveBeenCalled();
  });

  it("fails as it says where the container runs", async () => {
    const open = async () => {
      throw new Error("forbidden");
    };
    const failed = expect(openEarly(open, Promise.resolve())).rejects.toThrow("forbidden");
    await vi.advanceTimersByTimeAsync(1000);
    await failed;
  });
});
