import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DockerBuilder, startDockerBuilder } from "../cluster/dockerBuilder.ts";
import { context, setupOf } from "../cluster/environment.ts";
import { readCases } from "./case.ts";
import { differencesBetween, type Outcome } from "./compare.ts";
import { type Judgement, judge, readDifferences } from "./differences.ts";
import { buildCases, type Refusal, refusals } from "./suite.ts";

const cases = readCases();
const refused = cases.filter((one) => one.refused.kaniko !== undefined);
/** By BuildKit in the cluster, which the others are held against. */
let reference: ReadonlyMap<string, Outcome>;
beforeAll(async () => {
  reference = (await buildCases(cases, "cluster-buildkit")).outcomes;
});
const built = cases.filter((one) => one.refused.kaniko === undefined);

describe("kaniko builds what BuildKit builds", () => {
  let outcomes: Record<"buildkit" | "kaniko", ReadonlyMap<string, Outcome>>;
  let judgement: Judgement;
  beforeAll(async () => {
    outcomes = { buildkit: reference, kaniko: (await buildCases(built, "kaniko")).outcomes };
    const lines = built.map(({ name, fails }) => {
      const [first, second] = [outcomes.buildkit.get(name)!, outcomes.kaniko.get(name)!];
      return [name, differencesBetween(first, second, fails)] as const;
    });
    judgement = judge(readDifferences(), "kaniko", new Map(lines));
  });

  it.each(built)("$name: $what", ({ name }) => {
    // A build that fails in both is worth a look at what it says.
    const failed = [outcomes.buildkit, outcomes.kaniko].map((found) => {
      const outcome = found.get(name)!;
      return "failed" in outcome ? outcome.failed : null;
    });
    expect(judgement.unexplained.get(name), failed.filter(Boolean).join("\n")).toEqual([]);
  });

  it("every difference of the table occurs", () => {
    expect(judgement.stale).toEqual([]);
  });

  it.each(refused)("$name: $what, which kaniko refuses, builds in BuildKit", ({ name }) => {
    expect(outcomes.buildkit.get(name)).not.toHaveProperty("failed");
  });

  it("builds the same image from its cache", async () => {
    // Its cache holds what RUN steps changed.
    const withSteps = built.filter(({ dockerfile }) => /^ *RUN /im.test(dockerfile));
    const again = await buildCases(withSteps, "kaniko");
    expect(again.cachedSteps).toBeGreaterThan(withSteps.length);
    const changed = withSteps.flatMap(({ name }) => {
      const [first, second] = [outcomes.kaniko.get(name)!, again.outcomes.get(name)!];
      // What failed is to fail again.
      return differencesBetween(first, second, "failed" in first).map((line) => `${name}: ${line}`);
    });
    expect(changed).toEqual([]);
  });
});

describe("Docker of this machine builds what BuildKit builds", () => {
  let docker: DockerBuilder;
  let judgement: Judgement;
  let outcomes: ReadonlyMap<string, Outcome>;
  beforeAll(async () => {
    docker = await startDockerBuilder({}, []);
    const setup = join(await context({}), "setup.json");
    const made = (await setupOf("cluster-buildkit")) as { builders: { modes: object } };
    Object.assign(made.builders.modes, { "local-docker": {} });
    await writeFile(setup, JSON.stringify(made));
    outcomes = (await buildCases(cases, "local-docker", { setup, env: docker.buildx })).outcomes;
    const lines = cases.map(({ name, fails }) => {
      return [name, differencesBetween(reference.get(name)!, outcomes.get(name)!, fails)] as const;
    });
    judgement = judge(readDifferences(), "local-docker", new Map(lines));
  });
  afterAll(() => docker?.remove());

  it.each(cases)("$name: $what", ({ name }) => {
    const outcome = outcomes.get(name)!;
    expect(judgement.unexplained.get(name), "failed" in outcome ? outcome.failed : "").toEqual([]);
  });

  it("every difference of the table occurs", () => {
    expect(judgement.stale).toEqual([]);
  });
});

describe("kaniko refuses before a pod starts, with file and line", () => {
  let said: Map<string, Refusal>;
  beforeAll(async () => {
    said = await refusals(refused, "kaniko");
  });

  it.each(refused)("$name: $what", ({ name, refused: { kaniko } }) => {
    const { exitCode, error } = said.get(name)!;
    expect(exitCode).toBe(2);
    expect(error).toMatchObject({ code: "mode-unsupported", message: expect.stringContaining(kaniko!.message) });
    expect(error.file).toMatch(/\/context\/Dockerfile$/);
    expect(error.line).toBe(kaniko!.line);
  });
});
