import { describe, expect, it } from "vitest";
import { progressOn } from "../../../../builders/cli/output.ts";
import type { ProgressKind } from "../../../../builders/report/events.ts";

const stderr = (isTTY: boolean) => ({ isTTY, columns: 80, rows: 24 }) as NodeJS.WriteStream;
const xterm = { TERM: "xterm-256color" };

describe("the live view", () => {
  it.each<[boolean, string, ProgressKind, boolean, NodeJS.ProcessEnv, boolean]>([
    [true, "by default on a terminal", "auto", true, xterm, true],
    [false, "for plain", "plain", true, xterm, true],
    [false, "for quiet", "quiet", true, xterm, true],
    [false, "for rawjson", "rawjson", true, xterm, true],
    [false, "by default when stderr is no terminal", "auto", true, xterm, false],
    [false, "by default with NO_COLOR", "auto", true, { ...xterm, NO_COLOR: "1" }, true],
    [true, "with an empty NO_COLOR, which says nothing", "auto", true, { ...xterm, NO_COLOR: "" }, true],
    [false, "by default with --no-color", "auto", false, xterm, true],
    [false, "by default on a dumb terminal", "auto", true, { TERM: "dumb" }, true],
    [false, "by default on a terminal without a name", "auto", true, {}, true],
    [true, "when asked for, without colours too", "tty", false, { ...xterm, NO_COLOR: "1" }, true],
  ])("%s: %s", (live, _, progress, color, environment, terminal) => {
    const shown = progressOn({ progress, color }, stderr(terminal), environment);
    expect(shown.terminal !== null).toBe(live);
    expect(shown.kind).toBe(progress === "auto" || progress === "tty" ? "plain" : progress);
  });

  it.each<[string, NodeJS.ProcessEnv, boolean]>([
    ["needs a terminal on stderr, which is none", xterm, false],
    ['needs a terminal on stderr, and TERM is "dumb"', { TERM: "dumb" }, true],
  ])("that is asked for %s", (message, environment, terminal) => {
    expect(() => progressOn({ progress: "tty", color: true }, stderr(terminal), environment)).toThrow(message);
  });
});
