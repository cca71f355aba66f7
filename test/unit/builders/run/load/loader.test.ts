// Loading an image by programs of the tests' own: what they get, when, and what their failures become.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { describe, expect, it, vi } from "vitest";
import type { LoadPlan } from "../../../../../builders/plan/plan.ts";
import type { BuildEvent } from "../../../../../builders/report/events.ts";
import { startLoader } from "../../../../../builders/run/load/loader.ts";
import { folder, rejectionOf } from "../../samples.ts";

/** Starts a loader whose program is this shell script; `$OUT` is a file in `directory`. */
function start(script: string) {
  const directory = folder({});
  const archive = new PassThrough({ highWaterMark: 1024 * 1024 });
  const events: BuildEvent[] = [];
  const plan: LoadPlan = {
    target: { into: "docker" },
    place: "Docker",
    argv: ["/bin/sh", "-c", script],
    nodes: null,
    check: { argv: [] },
    verify: { argv: ["/bin/sh", "-c", "echo sha256:1; echo sha256:1"], prints: "docker", manifest: null },
    references: ["host/api:v1", "host/api:v2"],
  };
  const environment = { ...process.env, OUT: path.join(directory, "out"), PID: path.join(directory, "pid") };
  const loader = startLoader(plan, archive, { environment, emit: (event) => events.push(event) });
  const file = (name: string): string => path.join(directory, name);
  return { loader, archive, events, out: file("out"), pid: file("pid") };
}
const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => at % 251));
const KEEP = 64 * 1024;
const IMAGE = { state: "host/api:v1@sha256:1 is pushed", ids: ["sha256:1"] };
const never = new AbortController().signal;

/** Writes as a pipe gives it: in pieces. */
function write(archive: PassThrough, content: Buffer): void {
  for (let at = 0; at < content.length; at += 16_384) archive.write(content.subarray(at, at + 16_384));
}

describe("a loader", () => {
  it.each([0, 1, 1024, KEEP - 1, KEEP, KEEP + 1, 5_000_000])("hands on all of %i bytes", async (length) => {
    const { loader, archive, out, events } = start("cat > $OUT");
    write(archive, bytes(length));
    archive.end();
    await loader.finish(IMAGE, never);
    expect(readFileSync(out).equals(bytes(length))).toBe(true);
    expect(events.map((event) => (event.type === "step" ? event.state : event.type))).toEqual([
      ...["started", "done", "loaded", "loaded"],
    ]);
    expect(events.at(-1)).toEqual({ type: "loaded", reference: "host/api:v2", place: "Docker" });
  });

  it("holds the end back until the build has succeeded, and ends the program if it has not", async () => {
    const { loader, archive, out } = start("head -c 900000 > $OUT; echo rest >> $OUT.rest; cat >> $OUT.rest");
    write(archive, bytes(1_000_000));
    archive.end();
    await vi.waitFor(() => expect(existsSync(`${out}.rest`)).toBe(true));
    await loader.drop();
    expect(readFileSync(out)).toHaveLength(900_000);
    expect(readFileSync(`${out}.rest`).length).toBeLessThanOrEqual(5 + 100_000 - KEEP);
  });

  it("starts no program for a build that gives nothing", async () => {
    const { loader, archive, pid, events } = start("echo $$ > $PID; cat > $OUT");
    archive.end();
    await loader.drop();
    expect(existsSync(pid)).toBe(false);
    expect(events).toEqual([]);
  });

  it("starts no program once it was dropped, and reads what still comes", async () => {
    const { loader, archive, pid, events } = start("echo $$ > $PID; cat > $OUT");
    write(archive, bytes(60_000));
    await vi.waitFor(() => expect(archive.readableLength).toBe(0));
    await loader.drop();
    write(archive, bytes(5_000_000));
    archive.end();
    await finished(archive);
    expect(events).toEqual([]);
    expect(existsSync(pid)).toBe(false);
  });

  it("starts no program when the caller gives up before the archive was whole", async () => {
    const { loader, archive, events } = start("cat > $OUT");
    const over = new AbortController();
    const finishing = rejectionOf(loader.finish(IMAGE, over.signal));
    write(archive, bytes(60_000));
    over.abort();
    archive.end();
    expect(await finishing).toMatchObject({ code: "interrupted" });
    expect(events).toEqual([]);
  });

  it("ends what its program started too", async () => {
    const { loader, archive, pid } = start("sleep 1000 & echo $! > $PID; cat > $OUT; wait");
    write(archive, bytes(1_000_000));
    await vi.waitFor(() => expect(readFileSync(pid, "utf8")).toMatch(/\n/));
    await loader.drop();
    const child = Number(readFileSync(pid, "utf8"));
    await vi.waitFor(() => expect(stateOf(child)).toBe("gone"));
  });

  it.each<[string, string, string, string]>([
    [
      "words of its own",
      "echo 'open /x: no space left on device' >&2; exit 1",
      "open /x: no space left on device",
      "Make room on that disk",
    ],
    ["nothing but a code", "exit 3", "/bin/sh -c ended with exit code 3 and said nothing", "Mend that"],
    ["a signal", "kill -9 $$", "/bin/sh -c ended with SIGKILL and said nothing", "Mend that"],
    [
      "its stdin closed too early",
      "exec 0<&-; exit 0",
      "/bin/sh -c ended before it had read the whole image",
      "Mend that",
    ],
  ])("tells of a program that fails with %s, while the archive is still coming", async (_, script, said, hint) => {
    const { loader, archive } = start(script);
    const writing = setInterval(() => write(archive, bytes(200_000)), 5);
    try {
      expect(await rejectionOf(loader.failed)).toEqual({
        code: "load-failed",
        message: `The image cannot be loaded into Docker: ${said}; the build was stopped.`,
        hint: `${hint}; then build again: what was built is in the builder's cache.`,
      });
    } finally {
      clearInterval(writing);
    }
  });

  it("tells that the image is pushed when the program fails at the end", async () => {
    const { loader, archive } = start("cat > $OUT; echo progress >&2; echo 'Error: unpack failed.' >&2; exit 1");
    archive.end(bytes(100));
    expect(await rejectionOf(loader.finish(IMAGE, never))).toMatchObject({
      message: "host/api:v1@sha256:1 is pushed, but cannot be loaded into Docker: Error: unpack failed.",
    });
  });

  it("is ended when the caller gives up while the program still works", async () => {
    const { loader, archive, pid, events } = start("cat > $OUT; echo $$ > $PID; exec sleep 1000");
    archive.end(bytes(100));
    const over = new AbortController();
    const finishing = rejectionOf(loader.finish(IMAGE, over.signal));
    await vi.waitFor(() => expect(existsSync(pid)).toBe(true));
    over.abort();
    expect(await finishing).toEqual({ code: "interrupted", message: "Interrupted." });
    expect(events.map(({ type }) => type)).toEqual(["step"]);
  });

  it("reads no faster than the program does", async () => {
    const { loader, archive, pid } = start("echo $$ > $PID; while [ ! -e $OUT.go ]; do sleep 0.01; done; cat > $OUT");
    let taken = 0;
    const full = (): boolean => {
      while (taken < 100_000_000) {
        taken += 16_384;
        if (!archive.write(Buffer.alloc(16_384))) break;
      }
      return archive.writableNeedDrain;
    };
    // Until what is between here and the program is full, for as long as the program does not read.
    archive.on("drain", full);
    full();
    await vi.waitFor(() => expect(existsSync(pid)).toBe(true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBeLessThan(10_000_000);
    await loader.drop();
  });
});

/** Whether a process is still there; one that was ended and not yet collected counts as gone. */
function stateOf(pid: number): "there" | "gone" {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")) ? "gone" : "there";
  } catch {
    return "gone";
  }
}
