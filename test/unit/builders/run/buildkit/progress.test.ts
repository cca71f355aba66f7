import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { BuildEvent } from "../../../../../builders/report/events.ts";
import { BuildkitProgress } from "../../../../../builders/run/buildkit/progress.ts";

/** Replays stderr of a real buildctl v0.33.1. */
function replay(lines: readonly string[], succeeded: boolean) {
  const events: BuildEvent[] = [];
  const progress = new BuildkitProgress((event) => events.push(event));
  for (const line of lines) progress.line(line);
  progress.end(succeeded);
  return { progress, events };
}
const captured = (name: string) => readFileSync(new URL(`captured/${name}.txt`, import.meta.url), "utf8").split("\n");
const steps = (events: readonly BuildEvent[]) =>
  events.flatMap((event) => (event.type === "step" ? [`${event.state} ${event.name.slice(0, 16)}`] : []));

describe("progress of buildctl", () => {
  it("tells each step once as it starts and ends, and its output line by line", () => {
    const { events, progress } = replay(captured("success"), true);
    expect(steps(events).filter((step) => /\d\/\d/.test(step))).toEqual([
      "started [1/3] COPY busyb",
      "done [1/3] COPY busyb",
      'started [2/3] RUN ["/bin',
      'done [2/3] RUN ["/bin',
      "started [3/3] RUN echo s",
      "done [3/3] RUN echo s",
    ]);
    expect(events.flatMap((event) => (event.type === "log" ? [event.line] : []))).toEqual(["hello", "err"]);
    expect([progress.steps, progress.cachedSteps]).toEqual([3, 0]);
    expect(progress.warnings).toEqual([]);
  });

  it("counts bytes per transfer, not per report of one", () => {
    const { events, progress } = replay(captured("success"), true);
    expect(progress.bytesSent).toBe(207 + 2 + 1982653);
    expect(events.filter((event) => event.type === "context").at(-1)).toMatchObject({ bytes: 1982862 });
  });

  it("keeps the failing step, its output and the error text with the lines of the Dockerfile", () => {
    const { progress } = replay(captured("failing-run"), false);
    expect(progress.failedStep).toMatchObject({
      name: expect.stringMatching(/^\[3\/3\] RUN echo working/),
      logTail: "working\nsomething broke",
    });
    expect(progress.errorText).toMatch(/^Dockerfile:5\n-+\n[\s\S]*error: failed to solve: process /);
    expect([progress.steps, progress.cachedSteps]).toEqual([3, 1]);
  });

  const vertex = (fields: object) => JSON.stringify({ vertexes: [{ digest: "sha256:1", ...fields }] });
  it("warns of a cache that cannot be read, but not of one that does not exist yet", () => {
    const name = "importing cache manifest from r/x/cache:1";
    const times = { started: "2026-11-21T04:00:00Z", completed: "2026-11-21T04:00:01Z" };
    const refused = "failed to configure registry cache importer: dial tcp 10.0.0.1:443: connect: connection refused";
    expect(replay([vertex({ name, ...times, error: refused })], true).progress.warnings).toEqual([
      `${name}: ${refused}`,
    ]);
    const missing = "failed to configure registry cache importer: r/x/cache:1: not found";
    expect(replay([vertex({ name, ...times, error: missing })], true).progress.warnings).toEqual([]);
  });

  it("does not count FROM as a step, and shows what a terminal would of a rewritten line", () => {
    const log = JSON.stringify({
      logs: [{ vertex: "sha256:1", stream: 1, data: Buffer.from("10%\r50%\r100%\nrest").toString("base64") }],
    });
    const { progress, events } = replay([vertex({ name: "[1/2] FROM docker.io/library/x" }), log], true);
    expect(progress.steps).toBe(0);
    expect(events.flatMap((event) => (event.type === "log" ? [event.line] : []))).toEqual(["100%", "rest"]);
  });
});
