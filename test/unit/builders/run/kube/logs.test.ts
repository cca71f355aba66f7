import { describe, expect, it } from "vitest";
import { LogPosition } from "../../../../../builders/run/kube/logs.ts";

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
