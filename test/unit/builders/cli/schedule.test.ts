import { describe, expect, it } from "vitest";
import { buildGraph } from "../../../../builders/cli/schedule.ts";
import { PergolaError } from "../../../../builders/errors.ts";
import { imageGraph } from "../../../../builders/images/graph.ts";
import type { Image } from "../../../../builders/images/image.ts";
import type { BuildPlan, Sibling } from "../../../../builders/plan/plan.ts";
import type { BuildEvent } from "../../../../builders/report/events.ts";
import type { Outcome } from "../../../../builders/report/result.ts";
import { image } from "../samples.ts";

/** Builds that a test ends by hand. */
class Builds {
  readonly running = new Map<string, PromiseWithResolvers<Outcome>>();
  readonly siblings = new Map<string, readonly Sibling[]>();
  readonly aborted: string[] = [];
  most = 0;

  execute(plan: BuildPlan, io: { signal: AbortSignal; emit(event: BuildEvent): void }): Promise<Outcome> {
    const build = Promise.withResolvers<Outcome>();
    for (const text of ["told on the way", "told twice"]) io.emit({ type: "warning", text });
    this.running.set(plan.name, build);
    this.most = Math.max(this.most, this.running.size);
    io.signal.addEventListener("abort", () => {
      this.aborted.push(plan.name);
      this.fail(plan.name, new PergolaError({ code: "interrupted", message: "Interrupted." }));
    });
    return build.promise;
  }

  finish(name: string): Promise<void> {
    return this.#end(name, (build) =>
      build.resolve({
        digest: `sha256:${name}`,
        steps: 1,
        cachedSteps: 0,
        firstUncachedStep: null,
        bytesSent: 1,
        loaded: null,
        warnings: ["told twice"],
      }),
    );
  }

  fail(name: string, error: Error): Promise<void> {
    return this.#end(name, (build) => build.reject(error));
  }

  async #end(name: string, end: (build: PromiseWithResolvers<Outcome>) => void): Promise<void> {
    const build = this.running.get(name);
    if (!build) throw new Error(`${name} does not run; running: ${[...this.running.keys()]}`);
    this.running.delete(name);
    end(build);
    // Everything that follows from it happens in microtasks.
    await new Promise(setImmediate);
  }
}

function start(images: Image[], concurrency = 10) {
  const builds = new Builds();
  const abort = new AbortController();
  const done = buildGraph({
    graph: imageGraph(images),
    concurrency,
    signal: abort.signal,
    plan: (one, siblings) => {
      builds.siblings.set(one.name, siblings);
      return {
        name: one.name,
        mode: "kaniko",
        references: [`R/${one.name}:1`],
        platforms: [],
        namespace: "ns",
      } as unknown as BuildPlan;
    },
    execute: (plan, io) => builds.execute(plan, io),
    describe: ({ name }) => ({ mode: "kaniko", reference: `R/${name}:1` }),
    record: () => {},
  });
  return { builds, abort, done };
}

const chain = [
  image({ name: "base" }),
  image({ name: "app", from: "FROM base" }),
  image({ name: "top", from: "FROM app" }),
];
const summary = (results: Awaited<ReturnType<typeof buildGraph>>) =>
  results.map(({ name, status, error }) => [name, status, error?.code ?? null]);

describe("a graph of builds", () => {
  it("starts an image once all it needs is there, with the digests that came of it", async () => {
    const { builds, done } = start(chain);
    expect([...builds.running.keys()]).toEqual(["base"]);
    await builds.finish("base");
    expect([...builds.running.keys()]).toEqual(["app"]);
    expect(builds.siblings.get("app")).toEqual([
      { name: "base", reference: "R/base:1@sha256:base", digest: "sha256:base" },
    ]);
    await builds.finish("app");
    await builds.finish("top");
    expect(summary(await done)).toEqual([
      ["base", "built", null],
      ["app", "built", null],
      ["top", "built", null],
    ]);
  });

  it("has every warning in the result once, also those that only the way to the build told", async () => {
    const { builds, done } = start([image({ name: "base" })]);
    await builds.finish("base");
    expect((await done)[0]?.warnings).toEqual(["told on the way", "told twice"]);
  });

  it("does not wait for a slow image that nobody needs", async () => {
    const { builds, done } = start([image({ name: "slow" }), ...chain]);
    await builds.finish("base");
    await builds.finish("app");
    await builds.finish("top");
    await builds.finish("slow");
    expect((await done).map(({ name }) => name)).toEqual(["slow", "base", "app", "top"]);
  });

  it("skips what needed a failed image, and builds the rest", async () => {
    const { builds, done } = start([...chain, image({ name: "other" })]);
    await builds.fail("base", new PergolaError({ code: "build-failed", message: "No." }));
    await builds.finish("other");
    const results = await done;
    expect(summary(results)).toEqual([
      ["base", "failed", "build-failed"],
      ["app", "skipped", "dependency-failed"],
      ["top", "skipped", "dependency-failed"],
      ["other", "built", null],
    ]);
    expect(results[1]?.error?.message).toBe("Image app was not built, as base, which it needs, failed.");
  });

  it("runs no more builds at a time than allowed", async () => {
    const { builds, done } = start(
      [1, 2, 3, 4].map((n) => image({ name: `i${n}` })),
      2,
    );
    for (const name of ["i2", "i1", "i3", "i4"]) await builds.finish(name);
    await done;
    expect(builds.most).toBe(2);
  });

  it("cancels what runs and starts nothing more when interrupted", async () => {
    const { builds, abort, done } = start([...chain, image({ name: "other" })], 2);
    abort.abort();
    expect(summary(await done)).toEqual([
      ["base", "failed", "interrupted"],
      ["app", "skipped", "interrupted"],
      ["top", "skipped", "interrupted"],
      ["other", "failed", "interrupted"],
    ]);
    expect(builds.aborted.sort()).toEqual(["base", "other"]);
  });

  it("gives up an image after its time, and says so rather than that it was interrupted", async () => {
    const { done } = start([image({ name: "slow", timeoutSeconds: 0.01 })]);
    expect((await done)[0]?.error).toMatchObject({
      code: "timeout",
      message: expect.stringContaining("within 0.01 s"),
    });
  });

  it("takes an error that is not ours for a defect", async () => {
    const { builds, done } = start([image({ name: "a" })]);
    await builds.fail("a", new TypeError("x is undefined"));
    expect((await done)[0]?.error).toEqual({ code: "internal", message: "x is undefined" });
  });
});
