import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../../builders/errors.ts";
import type { ImageEvent } from "../../../../builders/report/events.ts";
import { makeProgress, type ProgressOptions } from "../../../../builders/report/progress.ts";
import { buildResult, exitCodeOf, type ImageResult, resultTable } from "../../../../builders/report/result.ts";
import { duration, size, table } from "../../../../builders/report/table.ts";

const built: ImageResult = {
  name: "api",
  mode: "cluster-buildkit",
  reference: "R/api:v-1",
  digest: "sha256:aa",
  platforms: ["linux/amd64"],
  seconds: 3.1,
  steps: 9,
  cachedSteps: 7,
  firstUncachedStep: "[build 3/5] RUN make",
  bytesSent: 4121,
  loaded: null,
  status: "built",
  warnings: [],
  error: null,
};
const failed = (code: ErrorCode): ImageResult => ({
  ...built,
  name: "web",
  digest: null,
  steps: null,
  cachedSteps: null,
  firstUncachedStep: null,
  bytesSent: null,
  status: "failed",
  error: { code, message: "It broke.", hint: "Mend it.", logTail: "last words" },
});

describe("the result", () => {
  it("has the version and all fields, for failed images too", () => {
    const result = buildResult([built, failed("build-failed")]);
    expect(result.version).toBe(1);
    for (const one of result.images) expect(Object.keys(one).sort()).toEqual(Object.keys(built).sort());
  });

  it("is a table for people", () => {
    expect(resultTable(buildResult([built, failed("build-failed")]))).toBe(
      `IMAGE  STATUS  TIME   STEPS CACHED  SENT    REFERENCE
api    built   3.1 s  7/9           4.1 kB  R/api:v-1@sha256:aa
web    failed  3.1 s  -             -       R/api:v-1

First step that was not in the cache:
  api  [build 3/5] RUN make`,
    );
  });

  it("names no step when all were cached, keeps long ones on a line, and says when a mode cannot count", () => {
    expect(resultTable(buildResult([{ ...built, firstUncachedStep: null }]))).not.toContain("not in the cache");
    const long = resultTable(buildResult([{ ...built, firstUncachedStep: `RUN a\n  ${"b".repeat(200)}` }])).split("\n");
    expect(long.at(-1)).toMatch(/^ {2}api {2}RUN a b{50,}\.\.\.$/);
    expect(resultTable(buildResult([{ ...built, cachedSteps: null }]))).toContain("  ?/9  ");
  });

  it.each<[ErrorCode[], number]>([
    [[], 0],
    [["build-failed"], 1],
    [["builder-gone"], 75],
    [["builder-gone", "build-failed"], 1],
    [["context-missing", "builder-gone"], 2],
    [["build-failed", "dependency-failed"], 1],
    [["builder-gone", "interrupted"], 130],
  ])("with %j exits %i", (codes, exitCode) => {
    expect(exitCodeOf(buildResult([built, ...codes.map(failed)]))).toBe(exitCode);
  });
});

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [41_170_000, "41.2 MB"],
  [2.5e15, "2500.0 TB"],
])("%i bytes are %s", (bytes, text) => expect(size(bytes)).toBe(text));

it.each([
  [0.04, "0.0 s"],
  [99.9, "99.9 s"],
  [125.2, "2 min 5 s"],
])("%f seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));

it("columns are as wide as their widest cell", () => {
  expect(table(["A", "B"], [["long", ""]])).toBe("A     B\nlong");
});

describe("progress", () => {
  const events: ImageEvent["event"][] = [
    { type: "started", reference: "R/api:1", mode: "kaniko", namespace: "ns" },
    { type: "status", text: "waiting" },
    { type: "step", id: "1", name: "RUN a", state: "started" },
    { type: "log", step: "1", line: "hello" },
    { type: "raw", line: '{"vertexes":[]}' },
    { type: "step", id: "1", name: "RUN a", state: "done", seconds: 2 },
    { type: "step", id: "2", name: "RUN b", state: "cached" },
    { type: "step", id: "3", name: "RUN c", state: "done", seconds: 0.1 },
    { type: "context", bytes: 10, total: null },
    { type: "context", bytes: 2000, total: null },
    { type: "warning", text: "careful" },
    { type: "finished", result: failed("build-failed") },
  ];
  const lines = (kind: ProgressOptions["kind"], images: string[], color = false): string[] => {
    const written: string[] = [];
    const progress = makeProgress({ kind, terminal: null, color, images, write: (line) => void written.push(line) });
    for (const event of events) progress.record({ image: "api", event });
    progress.end();
    return written;
  };

  it("tells what happens, line by line, and does not repeat the log at the end", () => {
    expect(lines("plain", ["api"])).toEqual([
      "building R/api:1 (kaniko, namespace ns)",
      "waiting",
      "RUN a",
      "| hello",
      "RUN a done in 2.0 s",
      "RUN b CACHED",
      "warning: careful",
      "sent 2.0 kB of build context",
      "failed: It broke.",
      "  Mend it.",
    ]);
  });

  it("names the image on every line when there are several", () => {
    for (const line of lines("plain", ["api", "worker"])) expect(line).toMatch(/^api {5}/);
  });

  it("shows only what went wrong when it is to be quiet, with the log", () => {
    expect(lines("quiet", ["api"])).toEqual(["warning: careful", "failed: It broke.", "  | last words", "  Mend it."]);
  });

  it("passes BuildKit's records through untouched, and says at the end why a build failed", () => {
    expect(lines("rawjson", ["api"])).toEqual(['{"vertexes":[]}', "error: api: It broke.", "  Mend it."]);
  });

  it("has colours only when asked for", () => {
    const code = String.fromCharCode(27);
    expect(lines("plain", ["api"]).join("")).not.toContain(code);
    expect(lines("plain", ["api"], true).join("")).toContain(code);
  });
});
