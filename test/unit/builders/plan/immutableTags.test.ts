// Images in a repository of Artifact Registry where no tag moves: images go there, and caches, whose tags move, to the second one.
import { describe, expect, it } from "vitest";
import type { CacheRequest } from "../../../../builders/plan/cache.ts";
import { makeBuildSetup } from "../../../../infra/buildSetup.ts";
import type { Change } from "../../infra/config.ts";
import { buildkitToo, caches, gcr, registry } from "../../infra/garChanges.ts";
import { gcpConfig } from "../../infra/gcpConfig.ts";
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
  const { pod } = kaniko(NAMES, {}, setupAfter(...changes));
  const args = (pod.spec as { containers: { args: string[] }[] }).containers[0]?.args ?? [];
  const after = (flag: string) =>
    args.flatMap((word) => (word.startsWith(`${flag}=`) ? [word.slice(flag.length + 1)] : []));
  return { images: after("--destination"), caches: after("--cache-repo") };
}

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

  it("caches in a registry of their own where the environment has one", () => {
    expect(ofKaniko(immutable, caches({})).caches).toEqual([
      "europe-west3-docker.pkg.dev/shop-caches/layers/team/api/cache",
    ]);
  });
});
