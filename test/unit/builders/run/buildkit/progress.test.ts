import { readFileSync } from "node:fs";
import fc from "fast-check";
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

  /** A record of output of the step "sha256:1". */
  const log = (data: Buffer | string, stream = 1) =>
    JSON.stringify({ logs: [{ vertex: "sha256:1", stream, data: Buffer.from(data).toString("base64") }] });
  const output = (events: readonly BuildEvent[]) =>
    events.flatMap((event) => (event.type === "log" ? [event.line] : []));

  it("shows what a terminal would of a rewritten line", () => {
    expect(output(replay([log("10%\r50%\r100%\nrest")], true).events)).toEqual(["100%", "rest"]);
  });

  it("gives the same lines wherever the records end, also within a character", () => {
    const line = fc.string({ unit: fc.constantFrom("a", "ö", "漢", "🙂"), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.array(fc.nat(40)), (text, lengths) => {
        const bytes = Buffer.from(`${text.join("\n")}\n`);
        const records: string[] = [];
        let at = 0;
        for (const length of [...lengths, bytes.length]) {
          records.push(log(bytes.subarray(at, at + length)));
          at += length;
        }
        expect(output(replay(records, true).events)).toEqual(text);
      }),
    );
  });

  it("loses none of 100,000 lines", () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `${index} of a long build`);
    const bytes = Buffer.from(`${lines.join("\n")}\n`);
    const records: string[] = [];
    // 4093 is prime: records end everywhere in a line.
    for (let at = 0; at < bytes.length; at += 4093) records.push(log(bytes.subarray(at, at + 4093)));
    expect(output(replay(records, true).events)).toEqual(lines);
  });

  describe("the cache", () => {
    it.each<[string, string, number, number, string | null]>([
      ["is empty: the base image is fetched", "base-image-pulled", 6, 0, "[tools 1/4] FROM docker.io/library/busybox"],
      ["ends at the input that was edited", "edited-input", 6, 2, "[tools 3/4] COPY input /w/"],
      ["has everything", "all-cached", 6, 6, null],
      ["has nothing of an image that is FROM scratch", "success", 3, 0, "[1/3] COPY busybox /bin/busybox"],
    ])("%s", (_, name, steps, cached, first) => {
      const { progress } = replay(captured(name), true);
      expect([progress.steps, progress.cachedSteps]).toEqual([steps, cached]);
      expect(progress.firstUncachedStep?.slice(0, first?.length) ?? null).toBe(first);
    });

    it("has a base image that BuildKit only looked up", () => {
      const name = "[1/2] FROM docker.io/library/x";
      const times = { started: "2026-11-21T04:00:00Z", completed: "2026-11-21T04:00:01Z" };
      const resolved = JSON.stringify({ statuses: [{ id: "resolve docker.io/library/x", vertex: "sha256:1" }] });
      const fetched = JSON.stringify({ statuses: [{ id: "extracting sha256:2", vertex: "sha256:1" }] });
      expect(replay([vertex({ name, ...times }), resolved], true).progress).toMatchObject({ steps: 1, cachedSteps: 1 });
      expect(replay([vertex({ name, ...times }), fetched], true).progress).toMatchObject({ cachedSteps: 0 });
      expect(replay([vertex({ name })], true).progress).toMatchObject({ steps: 1, cachedSteps: 0 });
    });

    it.each([
      ["[2/3] RUN make", true],
      ["[build 2/3] COPY a b", true],
      ["[linux/amd64 build 2/3] ADD https://example.com /", true],
      ["[stage-1 1/3] WORKDIR /app", true],
      ["[internal] load build context", false],
      ["exporting to image", false],
      ["RUN make", false],
    ])("counts %s: %s", (name, counted) => {
      expect(replay([vertex({ name })], true).progress.steps).toBe(counted ? 1 : 0);
    });
  });
});
