// Flags of stack file and image, as a real executor takes them.
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildIn, makeBuilderNamespace, setupIn } from "./builderNamespace.ts";
import { context, kubectl, pergola, pods } from "./environment.ts";

const NAMESPACE = "test-kaniko-flags";
let setup: string;

beforeAll(async () => {
  await makeBuilderNamespace(NAMESPACE);
  setup = await setupIn(NAMESPACE, ({ builders }) => {
    Object.assign(builders.modes.kaniko ?? {}, {
      extraFlags: ["--snapshotMode", "redo", "--cache=false", "--push-retry=1"],
    });
  });
}, 60_000);

afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

/** A Garden Build action with flags, and a step that is worth keeping. */
const action = (flags: readonly string[], made: number): Promise<string> =>
  context({
    Dockerfile: `FROM busybox:1.36\nRUN echo ${made} > /made\n`,
    "garden.yml": `kind: Build\ntype: container\nname: test-kaniko-flags\nspec: ${JSON.stringify({ extraFlags: flags })}\n`,
  });

it("both spellings, old names and values apart are taken, and the image's win", async () => {
  const image = [
    "--cache",
    "true",
    "--snapshotMode=time",
    "--cache-ttl",
    "6h",
    "--compressed-caching=false",
    "-v",
    "debug",
  ];
  const folder = await action(image, Math.random());
  const first = await buildIn("kaniko", setup, [folder, "-t", "first"]);
  expect(first.image).toMatchObject({ error: null, cachedSteps: 0 });
  const second = await buildIn("kaniko", setup, [folder, "-t", "second"]);
  expect(second.image).toMatchObject({ error: null, cachedSteps: 1 });
});

it("the stack file's hold where the image says nothing", async () => {
  const folder = await action([], Math.random());
  for (const tag of ["one", "two"]) {
    const { image } = await buildIn("kaniko", setup, [folder, "-t", tag]);
    expect(image).toMatchObject({ error: null, cachedSteps: 0 });
  }
});

it.each([
  ["--push", "kaniko pushes what it built"],
  ["--cache-repo=ghcr.io/somebody/cache", "test-kaniko-flags/cache"],
])("%s is refused before a pod starts", async (flag, hint) => {
  const folder = await action([flag], 1);
  const done = await pergola(["build", folder, "--mode", "kaniko", "--setup", setup, "--output", "json"]);
  expect(done.exitCode).toBe(2);
  expect(JSON.parse(String(done.stdout)).error).toMatchObject({
    message: expect.stringContaining(flag),
    hint: expect.stringContaining(hint),
    path: "spec.extraFlags",
  });
  expect(await pods(NAMESPACE)).toEqual([]);
});
