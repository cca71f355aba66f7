import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Hung } from "../../../../../builders/run/buildkit/bridge.ts";
import type { Builder } from "../../../../../builders/run/buildkit/builder.ts";
import { builderLost, type Watched, watchBuilder } from "../../../../../builders/run/buildkit/watchdog.ts";
import { LIMITS } from "../../../../../builders/run/pods/limits.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pod = { metadata: { name: "builder-1", namespace: "shop", uid: "1" } };
const pods = {
  pods: new Map([["builder-1", pod]]),
  gone: new Map(),
  next: (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};
const builder = { pod, pods } as unknown as Builder;

/** Watches a bridge whose counters the test changes; `lost` is why it was given up. */
function watch() {
  const bridge = { sent: 0, received: 1, taken: 0, waiting: 0, broken: new Promise<Error>(() => {}) };
  const over = new AbortController();
  const seen: { lost?: Error | string } = {};
  const watched = { builder, container: "buildkitd", bridge, limits: LIMITS, signal: over.signal };
  watchBuilder(watched as unknown as Watched).then((why) => {
    seen.lost = why;
  });
  return { bridge, seen, over };
}

/** Lets seconds pass, with something happening in each. */
async function pass(seconds: number, each: () => void = () => {}): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    each();
    await vi.advanceTimersByTimeAsync(1000);
  }
}

describe("the watch over a builder", () => {
  it("gives it up when not a byte comes for longer than the daemon is ever silent", async () => {
    const { seen, over } = watch();
    await pass(LIMITS.silence - 1);
    expect(seen.lost).toBeUndefined();
    await pass(2);
    expect(seen.lost).toBeInstanceOf(Hung);
    over.abort();
  });

  it("keeps it as long as bytes come", async () => {
    const { bridge, seen, over } = watch();
    await pass(60, () => bridge.received++);
    expect(seen.lost).toBeUndefined();
    over.abort();
  });

  it("keeps it as long as a slow link carries what waits, and not for what is taken at once", async () => {
    const { bridge, seen, over } = watch();
    bridge.waiting = 1000;
    await pass(60, () => bridge.taken++);
    expect(seen.lost).toBeUndefined();
    bridge.waiting = 0;
    await pass(LIMITS.silence + 1, () => bridge.taken++);
    expect(seen.lost).toBeInstanceOf(Hung);
    over.abort();
  });
});

describe("the error of a lost builder", () => {
  it("waits for the pod's reason when the connection broke, and not when it fell silent", async () => {
    const lost = (why: Error | string) => builderLost({ builder, container: "buildkitd", why });
    const silent = await lost(new Hung("not a byte came from buildkitd for 8 s"));
    expect(silent.data).toMatchObject({ code: "builder-gone", message: expect.stringContaining("not a byte came") });
    let broken: unknown;
    lost("EOF").then((error) => {
      broken = error;
    });
    await vi.advanceTimersByTimeAsync(2000);
    expect(broken).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2000);
    expect(broken).toMatchObject({ data: { code: "builder-gone" } });
  });
});
