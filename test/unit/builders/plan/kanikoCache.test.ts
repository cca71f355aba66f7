// Whether kaniko keeps layers and where, when stack file, image and command line all say something.
import { describe, expect, it } from "vitest";
import type { KanikoPlan } from "../../../../builders/plan/plan.ts";
import { ecrSetup, errorOf, image, localSetup, planBuild, planOptions } from "../samples.ts";

const OWN = "172.30.0.11:30500/examples/api/cache";

interface Said {
  readonly setup?: string[];
  readonly image?: string[];
  readonly name?: string;
  readonly noCache?: boolean;
  readonly cache?: object[];
}

function plan(said: Said): KanikoPlan {
  const setup = localSetup((input) => {
    Object.assign(input.builders.modes.kaniko, said.setup ? { extraFlags: said.setup } : {});
    if (said.cache) input.cache = said.cache;
  });
  const options = { ...planOptions, mode: "kaniko" as const, noCache: said.noCache ?? false };
  return planBuild(setup, image({ name: said.name ?? "api", extraFlags: said.image ?? [] }), options) as KanikoPlan;
}

const argumentsOf = ({ pod }: KanikoPlan): string[] =>
  (pod.spec as { containers: { args: string[] }[] }).containers[0]?.args ?? [];
const cacheFlags = (one: KanikoPlan): string[] => argumentsOf(one).filter((word) => /^--(no-push-)?cache/.test(word));
const on = (repository: string, ttl = "336h") =>
  [`--cache=true`, `--cache-repo=${repository}`, `--cache-ttl=${ttl}`].toSorted();

describe("kaniko's cache", () => {
  it.each<[string, Said, string | null]>([
    ["nobody says anything", {}, OWN],
    ["the stack file says no", { setup: ["--cache=false"] }, null],
    ["the stack file says no in two words", { setup: ["--cache", "false"] }, null],
    ["the image says yes after all", { setup: ["--cache=false"], image: ["--cache"] }, OWN],
    ["the image says no", { setup: ["--cache=true"], image: ["--cache=false"] }, null],
    ["the image says yes where the environment has no cache", { cache: [], image: ["--cache=true"] }, OWN],
    ["the command line says no", { image: ["--cache=true", `--cache-repo=${OWN}`], noCache: true }, null],
    [
      "the image names a place",
      { image: ["--cache-repo", "172.30.0.11:30500/examples/other"] },
      "172.30.0.11:30500/examples/other",
    ],
    ["the stack file's place, the image's no", { setup: [`--cache-repo=${OWN}`], image: ["--cache=false"] }, null],
    [
      "a registry of caches",
      { cache: [{ tag: "c", registry: { kind: "x", host: "c.test" } }], image: ["--cache-repo=c.test/api"] },
      "c.test/api",
    ],
  ])("%s", (_, said, repository) => {
    const one = plan(said);
    expect(one.cacheRepository).toBe(repository);
    const flags = cacheFlags(one).toSorted();
    expect(flags).toEqual(repository === null ? ["--cache=false"] : on(repository));
  });

  it("in a registry of caches that has no repositories below others is beside the image's name", () => {
    const registry = { kind: "dockerHub", host: "docker.io", namespace: "shop" };
    const one = plan({ cache: [{ tag: "c", registry }] });
    expect(cacheFlags(one).toSorted()).toEqual(on("docker.io/shop/api-cache"));
  });

  it("in one that takes no such path is refused where it would be used, and only there", () => {
    const cache = [{ tag: "c", registry: { kind: "dockerHub", host: "docker.io", namespace: "shop" } }];
    const OTHER = "172.30.0.11:30500/examples/other";
    expect(errorOf(() => plan({ cache, name: "team/api" }))).toMatchObject({
      code: "image-definition",
      message: expect.stringContaining("docker.io/shop/team/api, but a repository there has at most 2 parts"),
    });
    expect(plan({ cache, name: "team/api", noCache: true }).cacheRepository).toBeNull();
    expect(plan({ cache, name: "team/api", image: [`--cache-repo=${OTHER}`] }).cacheRepository).toBe(OTHER);
  });

  const main = { tag: "m", export: false, registry: { kind: "x", host: "c.test", namespace: "main" } };
  const mine = { tag: "n", registry: { kind: "x", host: "c.test", namespace: "mine" } };
  const MAIN = "c.test/main/api/cache";
  it.each<[string, object[], string[], string, boolean]>([
    ["the images' is the first written one", [main, { tag: "n" }, mine], [], OWN, true],
    ["another is the first written one", [main, mine], [], "c.test/mine/api/cache", true],
    ["none is written", [{ tag: "n", export: false }, main], [], MAIN, false],
    ["none is written, and the image wants a cache", [main], ["--cache=true"], MAIN, false],
    ["the image names one that is only read", [main, mine], [`--cache-repo=${MAIN}`], MAIN, false],
  ])("pushes nothing to a registry that is only read: %s", (_, cache, flags, repository, pushes) => {
    const found = cacheFlags(plan({ cache, image: flags })).toSorted();
    expect(found).toEqual([...on(repository), ...(pushes ? [] : ["--no-push-cache"])].toSorted());
  });

  it("is reached by plain HTTP where that is how its registry is reached, also one that the image names", () => {
    const cache = [mine, { ...main, registry: { ...main.registry, host: "plain.test:5000", insecure: true } }];
    const insecure = (flags: string[]) =>
      argumentsOf(plan({ cache, image: flags })).filter((word) => word.startsWith("--insecure-registry=plain"));
    expect(insecure([])).toEqual([]);
    expect(insecure(["--cache-repo=plain.test:5000/main/api"])).toEqual(["--insecure-registry=plain.test:5000"]);
  });

  it("keeps layers as long as the image says", () => {
    expect(cacheFlags(plan({ image: ["--cache-ttl", "6h"] })).toSorted()).toEqual(on(OWN, "6h"));
    expect(cacheFlags(plan({ setup: ["--cache-ttl=1h"], image: ["--cache-ttl=6h"] })).toSorted()).toEqual(
      on(OWN, "6h"),
    );
  });

  it("is in no place that nothing grants", () => {
    const foreign = errorOf(() => plan({ image: ["--cache-repo=ghcr.io/me/cache"] }));
    expect(foreign).toMatchObject({
      code: "repository-not-provisioned",
      message: expect.stringContaining("--cache-repo=ghcr.io/me/cache of image api"),
      hint: expect.stringContaining(OWN),
      path: "spec.extraFlags",
    });
    const ofSetup = errorOf(() => plan({ setup: ["--cache-repo=ghcr.io/me/cache"] }));
    expect(ofSetup).toMatchObject({
      path: "pergola:builder.modes.kaniko.extraFlags",
      file: "stacks/Pulumi.local.yaml",
    });
    const ecr = (flags: string[], more: object = {}) => {
      const setup = ecrSetup();
      const images = setup.images.map((one) => ({ ...one, ...more }));
      const one = image({ name: "shop/api", extraFlags: flags });
      return planBuild({ ...setup, images }, one, { ...planOptions, mode: "kaniko" });
    };
    const { host } = ecrSetup().registry;
    expect(ecr([`--cache-repo=${host}/shop/api/cache`]).mode).toBe("kaniko");
    expect(errorOf(() => ecr([`--cache-repo=${host}/shop/web/cache`])).code).toBe("repository-not-provisioned");
    expect(ecr([`--cache-repo=${host}/shop/api`]).mode).toBe("kaniko");
    const fixed = { tagMutability: "IMMUTABLE_WITH_EXCLUSION" };
    expect(errorOf(() => ecr([`--cache-repo=${host}/shop/api`], fixed))).toMatchObject({
      code: "repository-not-provisioned",
      message: expect.stringContaining("is where no tag moves in the environment"),
      hint: `Leave it out, or name one of these: ${host}/shop/api/cache.`,
    });
    expect(errorOf(() => ecr([`--cache-repo=${host}/shop/api`], { ...fixed, cacheRepository: null }))).toMatchObject({
      hint: "Leave it out.",
    });
    expect(errorOf(() => ecr(["--cache=true"], { cacheRepository: null }))).toMatchObject({
      code: "repository-not-provisioned",
      message: expect.stringContaining("has no cache repository for image shop/api"),
    });
  });
});

describe("the stack file's flags", () => {
  it("are there unless the image says something else", () => {
    const setup = ["--snapshotMode", "redo", "--ignore-path=/a"];
    const flags = argumentsOf(plan({ setup, image: ["--ignore-path=/b"] }));
    expect(flags).toEqual(expect.arrayContaining(["--snapshot-mode=redo", "--ignore-path=/a", "--ignore-path=/b"]));
    const won = argumentsOf(plan({ setup, image: ["--snapshot-mode", "time"] }));
    expect(won.filter((word) => /snapshot/i.test(word))).toEqual(["--snapshot-mode=time"]);
  });

  it("are refused as the image's are, with their own place", () => {
    expect(errorOf(() => plan({ setup: ["--push"] }))).toMatchObject({
      code: "setup-invalid",
      message: "The extra flag --push of the environment local cannot be given.",
      file: "stacks/Pulumi.local.yaml",
    });
  });
});
