import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatSeconds, Progress, progressMode } from "../../../local/progress.ts";

function recorder(isTTY = false) {
  const written: string[] = [];
  return { written, stream: { isTTY, columns: 60, write: (text: string) => written.push(text) } };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("plain progress", () => {
  it("prints start and end with the time, inner phases below their outer one", async () => {
    const { written, stream } = recorder();
    const progress = new Progress({ stream, mode: "plain" });
    await progress.phase("toolchain", async (note) => {
      note("looking");
      await progress.phase("kubernetes", async () => vi.advanceTimersByTime(2500));
      progress.say("waiting for another start");
    });
    expect(written.join("")).toBe(
      "> toolchain\n  > kubernetes\n  + kubernetes (2.5 s)\n  waiting for another start\n+ toolchain (2.5 s)\n",
    );
    expect(progress.phases).toEqual([
      { title: "kubernetes", depth: 1, seconds: 2.5 },
      { title: "toolchain", depth: 0, seconds: 2.5 },
    ]);
  });

  it("shows that a long phase is alive, with its last note", async () => {
    const { written, stream } = recorder();
    await new Progress({ stream, mode: "plain" }).phase("kubernetes", async (note) => {
      note("package 1: k8s.io/api");
      note("package 2: k8s.io/client-go");
      vi.advanceTimersByTime(31_000);
    });
    expect(written).toEqual([
      "> kubernetes\n",
      "  ... kubernetes 15.0 s: package 2: k8s.io/client-go\n",
      "  ... kubernetes 30.0 s: package 2: k8s.io/client-go\n",
      "+ kubernetes (31.0 s)\n",
    ]);
  });

  it("prints every note when asked to", async () => {
    const { written, stream } = recorder();
    await new Progress({ stream, mode: "plain", verbose: true }).phase("a", async (note) => {
      note("one");
      note("one");
      note("two");
    });
    expect(written.join("")).toBe("> a\n  one\n  two\n+ a (0.0 s)\n");
  });

  it("lets errors through and says which phase failed", async () => {
    const { written, stream } = recorder();
    const progress = new Progress({ stream, mode: "plain" });
    await expect(progress.phase("a", () => Promise.reject(new Error("why")))).rejects.toThrow("why");
    expect(written.at(-1)).toBe("x a failed after 0.0 s\n");
    expect(progress.phases).toEqual([]);
  });

  it("keeps phases that run beside each other apart", async () => {
    const { written, stream } = recorder();
    const progress = new Progress({ stream, mode: "plain" });
    const inner = (name: string) => progress.phase(name, () => progress.phase(`${name} inner`, async () => {}));
    await Promise.all([inner("a"), inner("b")]);
    expect(written).toContain("> a\n");
    expect(written).toContain("> b\n");
    expect(written).toContain("  > a inner\n");
    expect(written).toContain("  > b inner\n");
  });
});

describe("progress on a terminal", () => {
  it("rewrites one line and never writes beyond its width", async () => {
    const { written, stream } = recorder(true);
    await new Progress({ stream, mode: "tty" }).phase("kubernetes", async (note) => {
      note("x".repeat(500));
      vi.advanceTimersByTime(400);
    });
    const drawn = written.filter((text) => !text.endsWith("\n"));
    expect(drawn.length).toBeGreaterThan(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are driven by them
    for (const text of drawn) expect(text.replace(/\r\u001b\[2K/, "").length).toBeLessThan(60);
    expect(written.at(-1)).toContain("+ kubernetes (0.4 s)\n");
  });

  it.each([
    [{ isTTY: true }, {}, "tty"],
    [{ isTTY: false }, {}, "plain"],
    [{ isTTY: true }, { CI: "true" }, "plain"],
    [{ isTTY: true }, { CI: "false" }, "tty"],
    [{ isTTY: true }, { TERM: "dumb" }, "plain"],
    [{ isTTY: true }, { NO_COLOR: "1" }, "plain"],
  ])("is chosen by stream %j and environment %j: %s", (stream, environment, mode) => {
    expect(progressMode({ ...stream, write: () => {} }, environment)).toBe(mode);
  });
});

it.each([
  [0.04, "0.0 s"],
  [12.34, "12.3 s"],
  [59.96, "1 min 00 s"],
  [303.4, "5 min 03 s"],
])("%d seconds are %s", (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
