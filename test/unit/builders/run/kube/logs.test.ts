import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { KubeStatusError } from "../../../../../builders/run/kube/errors.ts";
import { followLogs, LogPosition } from "../../../../../builders/run/kube/logs.ts";
import type { KubeTransport } from "../../../../../builders/run/kube/transport.ts";

describe("LogPosition", () => {
  it("shows each line once when the server repeats the last second after a break", () => {
    const position = new LogPosition();
    const stream = [
      "2026-11-21T04:00:01.1Z one",
      "2026-11-21T04:00:01.25Z two",
      "2026-11-21T04:00:01.25Z two",
      "2026-11-21T04:00:02Z three",
      "2026-11-21T04:00:02Z four",
    ];
    const first = stream.slice(0, 4).map((line) => position.accept(line));
    expect(first).toEqual(["one", "two", "two", "three"]);
    expect(position.since).toBe("2026-11-21T04:00:02Z");
    position.restart();
    expect(stream.map((line) => position.accept(line)).filter((line) => line !== null)).toEqual(["four"]);
  });

  it("leaves out what the kubelet says itself", () => {
    expect(new LogPosition().accept("unable to retrieve container logs for containerd://17 ")).toBeNull();
  });

  it("keeps empty lines and compares fractions as numbers", () => {
    const position = new LogPosition();
    expect(position.accept("2026-11-21T04:00:01.123456789Z ")).toBe("");
    expect(position.accept("2026-11-21T04:00:01.2Z later")).toBe("later");
    expect(position.accept("2026-11-21T04:00:01.13Z earlier")).toBeNull();
  });
});

describe("the log of a pod", () => {
  const missing = () => new KubeStatusError({ code: "internal", message: "not found" }, 404, "NotFound");
  const ended = { status: { containerStatuses: [{ name: "main", state: { terminated: { exitCode: 0 } } }] } };

  /** Lines of a pod whose answers are these: null is 404. */
  async function linesOf(logs: (string | null)[], pods: (object | null)[]): Promise<string[]> {
    const answer = <T>(list: (T | null)[]): T => {
      const next = list.shift();
      if (next === undefined || next === null) throw missing();
      return next;
    };
    const transport = {
      stream: async () => Readable.from([answer(logs)]),
      json: async () => answer(pods),
    } as unknown as KubeTransport;
    const seen: string[] = [];
    for await (const line of followLogs(transport, { namespace: "n", pod: "p", container: "main" })) seen.push(line);
    return seen;
  }

  it("is waited for while the kubelet does not know the pod yet", async () => {
    const line = "2026-11-21T04:00:01Z one\n";
    expect(await linesOf([null, line, line], [{}, ended])).toEqual(["one"]);
  });

  it("is over when there is no such pod, or it goes meanwhile", async () => {
    expect(await linesOf([null], [null])).toEqual([]);
    expect(await linesOf(["2026-11-21T04:00:01Z one\n"], [null, null])).toEqual(["one"]);
  });
});
