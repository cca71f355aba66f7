// A registry whose tags cannot be moved, as Amazon ECR's can be set to be: what a second build of a tag comes to.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ImageResult } from "../../builders/report/result.ts";
import { build, context, MODES, setupOf } from "./environment.ts";
import { type FaultPlace, faultPlace } from "./faultPlace.ts";
import { digestOf } from "./registry.ts";

let place: FaultPlace;
let upstream: string;
beforeAll(async () => {
  place = await faultPlace("test-taken");
  upstream = ((await setupOf("kaniko")).registry as { host: string }).host;
}, 120_000);
afterAll(() => place.remove());

/** ECR's two wordings, as the front tells them: of the repository, and since 2025 of the tag. */
const WORDINGS = ["tag-405", "tag-400"];
const nonce = `${process.pid}-${Date.now()}`;

async function attempt(folder: string, fault: string, args: readonly string[], platforms?: string[]) {
  const setup = await place.setupFile((own) => {
    const { kaniko } = own.builders.modes;
    const modes = { ...own.builders.modes, kaniko: { ...kaniko, ...(platforms ? { platforms } : {}) } };
    const registry = { ...own.registry, namespace: `${fault}/taken` };
    return { ...own, registry, builders: { ...own.builders, modes } };
  });
  const { code, result, stderr } = await build([folder, "--setup", setup, ...args]);
  return { code, image: result.images[0] as ImageResult, stderr };
}

/** Digest that the real registry has under the tag of a reference to the front. */
const held = ({ reference }: ImageResult) => digestOf(reference.replace(/^[^/]+\/[^/]+\//, `${upstream}/`));

it("a cache repository that takes no layers costs kaniko no build, and the warning names it", async () => {
  const folder = await context({ Dockerfile: `FROM busybox:1.36\nRUN echo ${nonce} > /a\nRUN true\n` });
  const setup = await place.setupFile((own) => ({
    ...own,
    registry: { ...own.registry, namespace: "cache-403/taken" },
    cache: [{ tag: "_buildcache", mode: "max", export: true }],
  }));
  const args = [folder, "--setup", setup, "--mode", "kaniko", "--name", "w-uncached"];
  const { code, result, stderr } = await build(args);
  const image = result.images[0] as ImageResult;
  expect({ code, error: image.error }).toEqual({ code: 0, error: null });
  const repository = image.reference.replace(/:[^:/]*$/, "/cache");
  expect(image.warnings).toEqual([
    expect.stringMatching(new RegExp(`^Layers do not get into the cache repository ${repository}, .*DENIED`)),
  ]);
  expect(stderr).toContain(image.warnings[0]);
  expect(await held(image)).toBe(image.digest);
  expect((await place.refusals())["cache-403"]).toBeGreaterThan(0);
});

describe.concurrent.each(MODES)("a tag that cannot be moved, in %s", (mode) => {
  const name = `w-taken-${mode}`;
  const project = (text: string) => context({ Dockerfile: "FROM scratch\nCOPY file /\n", file: `${nonce} ${text}` });

  it.each(WORDINGS)("and holds another image, fails with both digests (%s)", async (fault) => {
    const args = ["--mode", mode, "--name", name, "--tag", `${fault}-${nonce}`];
    const first = await attempt(await project("one"), fault, args);
    expect(first.image.error).toBeNull();
    const second = await attempt(await project("two"), fault, args);
    expect(second.code).toBe(1);
    expect(second.image).toMatchObject({ status: "failed", digest: null, error: { code: "tag-taken" } });
    const { message, hint } = second.image.error!;
    const [, there, built] = /holds (sha256:\w{64}), and what was built is (sha256:\w{64})\.$/.exec(message) ?? [];
    expect(message).toContain(first.image.reference);
    expect(there, message).toBe(first.image.digest);
    expect(built).not.toBe(there);
    expect(hint).toContain("--tag");
    expect(await held(first.image)).toBe(first.image.digest);
    expect((await place.refusals())[fault]).toBeGreaterThan(0);
  });

  it("and follows from the content, is as good as a push, and says which image there is", async () => {
    const folder = await project("same");
    const [fault] = WORDINGS as [string];
    const args = ["--mode", mode, "--name", `${name}-own`, "--no-cache"];
    const first = await attempt(folder, fault, args);
    const before = (await place.refusals())[fault] ?? 0;
    const second = await attempt(folder, fault, args);
    expect(second.image.error).toBeNull();
    expect(second.code).toBe(0);
    expect(second.image).toMatchObject({
      status: "built",
      reference: first.image.reference,
      digest: first.image.digest,
    });
    expect(await held(first.image)).toBe(first.image.digest);
    const [warning = ""] = second.image.warnings;
    expect(warning).toMatch(/stays as it is \(sha256:\w{64}\).* built now \(sha256:\w{64}\)/);
    expect(warning).toContain(first.image.digest);
    expect(second.stderr).toContain(warning);
    expect((await place.refusals())[fault]).toBeGreaterThan(before);
  });
});

it("a tag of several platforms that cannot be moved fails with both digests, in kaniko", async () => {
  // One architecture, so that no node of it is looked for: nothing runs in these images.
  const platforms = ["linux/arm/v6", "linux/arm/v7"];
  const [fault] = WORDINGS as [string];
  const flags = ["--mode", "kaniko", "--name", "w-taken-index", "--tag", `${fault}-${nonce}`];
  const project = (text: string) => context({ Dockerfile: "FROM scratch\nCOPY file /\n", file: `${nonce} ${text}` });
  const args = [...flags, "--platform", platforms.join(",")];
  const first = await attempt(await project("one"), fault, args, platforms);
  expect(first.image.error).toBeNull();
  const second = await attempt(await project("two"), fault, args, platforms);
  expect(second.image).toMatchObject({ status: "failed", digest: null, error: { code: "tag-taken" } });
  const { message } = second.image.error!;
  const [, there, built] = /holds (sha256:\w{64}), and what was built is (sha256:\w{64})\.$/.exec(message) ?? [];
  expect(there).toBe(first.image.digest);
  expect(built).not.toBe(there);
  expect(await held(first.image)).toBe(first.image.digest);
});
