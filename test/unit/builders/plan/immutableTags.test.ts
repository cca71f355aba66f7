// Images in a repository of Artifact Registry where no tag moves: images go there, and caches, whose tags move, to the second one.
import { describe, expect, it } from "vitest";
import type { CacheRequest } from "../../../../builders/plan/cache.ts";
import { makeBuildSetup } from "../../../../infra/buildSetup.ts";
import type { Change } from "../../infra/config.ts";
import { buildkitToo, caches, gcr, registry } from "../../infra/garChanges.ts";
import { gcpConfig } from "../../infra/gcpConfig.ts";
import { errorOf } from "../samples.ts";
import { buildkit, kaniko } from "./clusterPlans.ts";

const NAMES = { name: "team/api" };
const immutable: Change = registry((it) => (it.immutableTags = true));

const setupAfter = (...changes: Change[]) =>
  makeBuildSetup(
    gcpConfig((config) => {
      for (const change of [buildkitToo, ...changes]) change(config);
    }),
    { stack: "gcp-dev", clusterUid: "uid" },
  );

/** References of the image, and of caches, in a plan of BuildKit. */
function ofBuildkit(cache: CacheRequest | undefined, ...changes: Change[]) {
  const { argv } = buildkit(NAMES, cache === undefined ? {} : { cache }, setupAfter(...changes));
  const after = (flag: string) => argv.flatMap((word, at) => (argv[at - 1] === flag ? [word] : []));
  const reference = (words: string[]) => words.flatMap((word) => /(?:^|,)ref=([^,]+)/.exec(word)?.[1] ?? []);
  return {
    images: after("--output").flatMap((word) => word.match(/[a-z0-9.-]+\/[^",:]+:[^",]+/g) ?? []),
    imports: reference(after("--import-cache")),
    exports: reference(after("--export-cache")),
  };
}

/** The same of kaniko. */
function ofKaniko(...changes: Change[]) {
  return ofKanikoWith([], ...changes);
}

function ofKanikoWith(extraFlags: string[], ...changes: Change[]) {
  const { pod } = kaniko({ ...NAMES, extraFlags }, {}, setupAfter(...changes));
  const args = (pod.spec as { containers: { args: string[] }[] }).containers[0]?.args ?? [];
  const after = (flag: string) =>
    args.flatMap((word) => (word.startsWith(`${flag}=`) ? [word.slice(flag.length + 1)] : []));
  return { images: after("--destination"), caches: after("--cache-repo") };
}

/** What builders go by where no cache is written unless somebody asks for one. */
const NO_CACHES: readonly [string, Change][] = [
  ["no cache", (config) => (config["pergola:cache"] = [])],
  ["only one that is read", (config) => (config["pergola:cache"] = [{ tag: "m", export: false }])],
];

describe("the BuildSetup", () => {
  it.each([immutable, gcr({ host: "eu.gcr.io", immutableTags: true })])(
    "says the second repository in two places, which never differ, and builds need one of them",
    (...changes) => {
      const setup = setupAfter(...changes, (config) => {
        config["pergola:cache"] = [{ tag: "a" }, { tag: "b", mode: "inline" }, { tag: "c", export: false }];
      });
      const { registry, cache } = setup;
      expect(cache.map((entry) => entry.registry)).toEqual(
        cache.map(() => ({ kind: "artifactRegistry", insecure: false, ...registry.caches })),
      );
      const bare = { ...setup, cache: cache.map(({ registry: _, ...entry }) => entry) };
      const { argv } = buildkit(NAMES, {}, setup);
      expect(buildkit(NAMES, {}, bare).argv).toEqual(argv);
      expect(kaniko(NAMES, {}, bare).pod.spec).toEqual(kaniko(NAMES, {}, setup).pod.spec);
    },
  );
});

const HOST = "europe-central2-docker.pkg.dev/shop-registry";

describe("BuildKit", () => {
  it("caches in the repository of the images where tags move", () => {
    const { images, exports } = ofBuildkit(undefined);
    expect(images).toEqual([`${HOST}/shop/team/api:v-1a2b3c4d5e`]);
    expect(exports).toEqual([`${HOST}/shop/team/api:_buildcache`]);
  });

  it("pushes images to the first repository, and caches to the second", () => {
    const { images, imports, exports } = ofBuildkit(undefined, immutable);
    expect(images).toEqual([`${HOST}/shop/team/api:v-1a2b3c4d5e`]);
    expect(imports).toEqual([`${HOST}/shop-cache/team/api:_buildcache`]);
    expect(exports).toEqual(imports);
  });

  it("does so with caches of branches from the command line", () => {
    const request: CacheRequest = { to: [{ tag: "_buildcache-x", mode: "auto" }], from: [] };
    const { imports, exports } = ofBuildkit(request, immutable);
    expect(exports).toEqual([`${HOST}/shop-cache/team/api:_buildcache-x`]);
    expect(imports).toEqual([`${HOST}/shop-cache/team/api:_buildcache-x`, `${HOST}/shop-cache/team/api:_buildcache`]);
  });

  it("pushes an inline cache, which is the image once more, under a name in the second repository", () => {
    const { images } = ofBuildkit(undefined, immutable, (config) => {
      config["pergola:cache"] = [{ tag: "_buildcache", mode: "inline" }];
    });
    expect(images).toEqual([`${HOST}/shop/team/api:v-1a2b3c4d5e`, `${HOST}/shop-cache/team/api:_buildcache`]);
  });

  it.each(NO_CACHES)("pushes what the command line asks for to the second one where there is %s", (_, change) => {
    const request: CacheRequest = { to: [{ tag: "m", mode: "auto" }], from: ["m"] };
    const { imports, exports } = ofBuildkit(request, immutable, change);
    expect(exports).toEqual([`${HOST}/shop-cache/team/api:m`]);
    expect(imports).toEqual(exports);
  });

  it("does so where the environment's own caches are in a registry that is only read", () => {
    const request: CacheRequest = { to: [{ tag: "m", mode: "auto" }], from: [] };
    const onlyRead: Change = (config) => (config["pergola:cache"][0].export = false);
    expect(ofBuildkit(request, immutable, caches({}), onlyRead).exports).toEqual([`${HOST}/shop-cache/team/api:m`]);
  });

  it("caches in a registry of their own where the environment has one", () => {
    expect(ofBuildkit(undefined, immutable, caches({})).exports).toEqual([
      "europe-west3-docker.pkg.dev/shop-caches/layers/team/api:cache-0",
    ]);
  });
});

describe("kaniko", () => {
  it("caches beside the image where tags move", () => {
    expect(ofKaniko()).toEqual({
      images: [`${HOST}/shop/team/api:v-1a2b3c4d5e`],
      caches: [`${HOST}/shop/team/api/cache`],
    });
  });

  it("pushes images to the first repository, and layers to the second", () => {
    expect(ofKaniko(immutable)).toEqual({
      images: [`${HOST}/shop/team/api:v-1a2b3c4d5e`],
      caches: [`${HOST}/shop-cache/team/api/cache`],
    });
  });

  it("does so behind gcr.io, where the second repository has a host of Artifact Registry", () => {
    expect(ofKaniko(gcr({ host: "eu.gcr.io", immutableTags: true }))).toEqual({
      images: ["eu.gcr.io/shop-registry/team/api:v-1a2b3c4d5e"],
      caches: ["europe-docker.pkg.dev/shop-registry/eu-gcr-io-cache/team/api/cache"],
    });
  });

  it.each(NO_CACHES)("pushes layers that an image asks for to the second one where there is %s", (_, change) => {
    expect(ofKanikoWith(["--cache=true"], immutable, change).caches).toEqual([`${HOST}/shop-cache/team/api/cache`]);
  });

  it.each(["/team/api", "/team/api/cache", "/layers"])("pushes no layers to %s in the first one", (path) => {
    const planned = (namespace: string) => ofKanikoWith([`--cache-repo=${HOST}/${namespace}${path}`], immutable);
    expect(errorOf(() => planned("shop"))).toMatchObject({
      code: "repository-not-provisioned",
      message: expect.stringContaining("is where no tag moves in the environment gcp-dev"),
      hint: expect.stringContaining(`${HOST}/shop-cache/team/api/cache`),
    });
    expect(planned("shop-cache").caches).toEqual([`${HOST}/shop-cache${path}`]);
  });

  it("caches in a registry of their own where the environment has one", () => {
    expect(ofKaniko(immutable, caches({})).caches).toEqual([
      "europe-west3-docker.pkg.dev/shop-caches/layers/team/api/cache",
    ]);
  });
});
