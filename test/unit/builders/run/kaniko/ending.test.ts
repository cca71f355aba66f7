import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { EndingReader } from "../../../../../builders/run/kaniko/ending.ts";

/** What of the lines is the build's, and how it ended well; null when that was not told. `@` stands for the word. */
async function read(...lines: string[]) {
  const reader = new EndingReader();
  let success: unknown = null;
  reader.succeeded.then((end) => {
    success = end;
  });
  const own = lines.map((line) => reader.read(line.replace("@", reader.word)));
  await setImmediate();
  return { own: own.map((line) => line?.replace(reader.word, "@") ?? null), success };
}

const digest = `sha256:${"a".repeat(64)}`;

describe("the end of a build", () => {
  it.each<[string, string[], (string | null)[], object | null]>([
    ["is told by both streams", [`@ 0 ${digest}`, `@ 0 ${digest}`], [null, null], { digest }],
    ["is not known by one of them", [`@ 0 ${digest}`, "a line"], [null, "a line"], null],
    ["lets no line between them be lost", ["@ 0 x", "late", "@ 0 x"], [null, "late", null], { digest: "x" }],
    ["follows output without a line's end", ["half@ 0 x", "@ 0 x"], ["half", null], { digest: "x" }],
    ["may have no digest", ["@ 0 ", "@ 0 "], [null, null], { digest: "" }],
    ["is left to the pod's status when it is a failure", ["@ 1 ", "@ 1 "], [null, null], null],
    ["is no line that only looks like it", ["0 sha256:x", "@ zero", "@0 x"], ["0 sha256:x", "@ zero", "@0 x"], null],
  ])("%s", async (_, lines, own, success) => {
    expect(await read(...lines)).toEqual({ own, success });
  });

  it("has another word each time", () => {
    expect(new EndingReader().word).not.toBe(new EndingReader().word);
    expect(new EndingReader().word).toMatch(/^[0-9a-f]{32}$/);
  });
});
