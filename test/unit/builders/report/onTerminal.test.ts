import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ImageEvent } from "../../../../builders/report/events.ts";
import type { ImageResult } from "../../../../builders/report/result.ts";
import { BuildkitProgress } from "../../../../builders/run/buildkit/progress.ts";
import { hasPython, onTerminal } from "../../../terminal/onTerminal.ts";

const command = [process.execPath, join(import.meta.dirname, "showRecords.ts")];
const ESCAPE = String.fromCharCode(27);
const draws = (written: string): number => written.split(`${ESCAPE}[?25l`).length - 1;

/** The records of a real build, up to its end. */
function recorded(image: string, name: string): ImageEvent[] {
  const events: ImageEvent[] = [
    { image, event: { type: "started", reference: `R/${image}:1`, mode: "cluster-buildkit", namespace: "ns" } },
  ];
  const progress = new BuildkitProgress((event) => events.push({ image, event }));
  const file = new URL(`../run/buildkit/captured/${name}.txt`, import.meta.url);
  for (const line of readFileSync(file, "utf8").split("\n")) progress.line(line);
  return events;
}
const finished = (image: string, over: Partial<ImageResult> = {}): ImageEvent => ({
  image,
  event: {
    type: "finished",
    result: {
      name: image,
      mode: "cluster-buildkit",
      reference: `R/${image}:1`,
      digest: "sha256:aa",
      platforms: [],
      seconds: 3.14,
      steps: 6,
      cachedSteps: 2,
      firstUncachedStep: null,
      bytesSent: 248,
      loaded: null,
      status: "built",
      warnings: [],
      error: null,
      ...over,
    },
  },
});
const error = { code: "build-failed", message: "A step failed.", hint: "Mend it.", logTail: "last words" } as const;
const step = (name: string): ImageEvent => ({
  image: "api",
  event: { type: "step", id: name, name, state: "started" },
});
const text = (...events: ImageEvent[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join("");

describe.skipIf(!hasPython)("on a terminal", () => {
  const size = { columns: 60, rows: 12, env: {} };

  it("builds are shown while they run, at every width, and only what came of them stays", async () => {
    const run = onTerminal(command, size);
    run.stdin.write(text(...recorded("api", "edited-input"), ...recorded("web", "failing-run").slice(0, 5)));
    run.stdin.write(text(step("[3/3] RUN make a long line that the terminal cuts off at its edge")));
    await run.until("the step", ({ text }) => text.some((line) => line.includes("RUN make")));
    expect(run.screen.text[0]).toMatch(/^2 images: 2 running {2}\d+ s$/);
    expect(run.screen.text[1]).toMatch(/^api {2}2 steps cached {2}sent 248 B {2}\d+ s$/);
    for (const width of [30, 100, 45]) {
      run.resize(width);
      run.stdin.write(text(step(`[4/4] RUN ${width}`)));
      await run.until("the next step", ({ text }) => text.some((line) => line.includes(`RUN ${width}`)));
      expect(run.screen.text.filter((line) => line.startsWith("2 images:"))).toHaveLength(1);
      expect(Math.max(...run.screen.text.map((line) => line.length))).toBeLessThan(width);
    }
    run.stdin.end(text(finished("api"), finished("web", { status: "failed", error })));
    expect(await run.ended).toMatchObject({ code: 0, stdout: "" });
    expect(run.screen.text).toEqual(
      [
        "api  built in 3.1 s, 2 of 6 steps cached, sent 248 B",
        "web  failed: A step failed.",
        "web    | last words",
        "web    Mend it.",
      ]
        .flatMap((line) => line.match(/.{1,45}/g) ?? [])
        .map((line) => line.trimEnd()),
    );
    expect([run.screen.cursorVisible, run.screen.wraps]).toEqual([true, true]);
  });

  it("the view is drawn a few times a second, however much happens", async () => {
    const began = performance.now();
    const run = onTerminal(command, size);
    run.stdin.write(text(...recorded("api", "edited-input").slice(0, 1), step("RUN seq")));
    for (let line = 0; line < 50_000; line++) {
      run.stdin.write(text({ image: "api", event: { type: "log", step: "RUN seq", line: `line ${line}` } }));
    }
    await run.until("the last line", ({ text }) => text.some((line) => line.includes("line 49999")));
    run.stdin.end(text(finished("api")));
    await run.ended;
    const seconds = (performance.now() - began) / 1000;
    expect(draws(run.written())).toBeLessThanOrEqual(5 * seconds + 1);
    expect(run.screen.text).toEqual(["api  built in 3.1 s, 2 of 6 steps cached, sent 248 B"]);
  });

  it.each([{ NO_COLOR: "1" }, { TERM: "dumb" }])("with %j plain lines are all there is", async (env) => {
    const run = onTerminal(command, { ...size, env });
    run.stdin.end(text(...recorded("api", "edited-input"), finished("api")));
    await run.ended;
    expect(run.written()).not.toMatch(new RegExp(`${ESCAPE}\\[[^m]*[A-Zhl]`));
    expect(run.written()).toContain("[tools 3/4] COPY input /w/");
  });
});

it("where stderr is no terminal there is nothing of the live view", async () => {
  const [program = "", ...args] = command;
  const stderr = await new Promise<string>((resolve) => {
    const child = execFile(program, args, (_error, _stdout, stderr) => resolve(stderr));
    child.stdin?.end(text(...recorded("api", "edited-input"), finished("api")));
  });
  expect(stderr).not.toContain(`${ESCAPE}[?`);
  expect(stderr).toContain("api  [tools 3/4] COPY input /w/");
});
