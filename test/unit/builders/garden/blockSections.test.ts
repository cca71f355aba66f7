/** What stands in a provider block of `pergola garden`, section by section. */
import { describe, expect, it } from "vitest";
import type { GardenProvider } from "../../../../builders/garden/provider.ts";
import type { BuildSetup } from "../../../../infra/setup.ts";
import { ecrSetup, errorOf, localSetup } from "../samples.ts";
import { buildkit, kaniko, lacking } from "./oneBlock.ts";

describe("deploymentRegistry", () => {
  const withRepositories = (...names: string[]): BuildSetup => ({
    ...ecrSetup(),
    images: names.map((name) => ({
      name,
      repository: name,
      cacheRepository: `${name}/cache`,
      tagMutability: "MUTABLE",
    })),
  });

  it.each<[string[], string, string[]]>([
    [["shop/api", "shop/web"], "shop", []],
    [["team/shop/api"], "team/shop", []],
    [["tools/lint", "shop/api", "shop/web"], "shop", ["tools/lint"]],
    [["shop/api", "tools/lint"], "shop", ["tools/lint"]],
    [["api", "web", "shop/api"], "shop", ["api, web"]],
    [["shop/api", "shop/api/front"], "shop", ["shop/api/front"]],
  ])("of %j has the namespace %s and says what is not in it", (names, namespace, others) => {
    const block = buildkit(withRepositories(...names));
    expect(block.provider.deploymentRegistry.namespace).toBe(namespace);
    expect(lacking(block)).toEqual(
      others.map(
        (list) =>
          `Garden has one namespace for all images, so with ${namespace} it cannot push to ${list}: build these with pergola build.`,
      ),
    );
  });

  it("is never without a namespace: Garden would write an underscore", () => {
    expect(errorOf(() => buildkit(withRepositories("api", "web")))).toMatchObject({
      code: "setup-invalid",
      message:
        'Garden puts a namespace between 123456789012.dkr.ecr.eu-central-1.amazonaws.com and the name of an image, "_" where it knows none, and these repositories have none: api, web.',
    });
    const bare = localSetup((input) => {
      input.registry.namespace = "";
    });
    expect(errorOf(() => buildkit(bare))).toMatchObject({ code: "setup-invalid", path: "pergola:registry" });
  });

  it("says which names no action can have", () => {
    const { remarks } = buildkit(withRepositories("shop/api.v2", "shop/web"));
    expect(remarks.find(({ at }) => at === "deploymentRegistry")?.text).toContain(
      "No action can be called api.v2: give that name in spec.localId.",
    );
  });
});

describe("cache of cluster-buildkit", () => {
  type Cache = BuildSetup["cache"][number];
  const cacheOf = (setup: BuildSetup, ...cache: Cache[]) => buildkit({ ...setup, cache });

  it.each<[string, Cache, object]>([
    ["auto", { tag: "_buildcache", mode: "auto", export: true }, { mode: "max", export: true }],
    ["min", { tag: "_buildcache", mode: "min", export: true }, { mode: "min", export: true }],
    ["inline", { tag: "_buildcache", mode: "inline", export: true }, { mode: "inline", export: true }],
    ["inline, read only", { tag: "main", mode: "inline", export: false }, { mode: "max", tag: "main", export: false }],
  ])("has an explicit mode for %s", (_title, entry, expected) => {
    expect(cacheOf(localSetup(), entry).provider.clusterBuildkit?.cache).toEqual([expect.objectContaining(expected)]);
  });

  it("keeps the order, and an empty list, which turns caches off", () => {
    const [main, branch] = [
      { tag: "_buildcache-x", mode: "max", export: true },
      { tag: "_buildcache", mode: "max", export: false },
    ] as const;
    expect(cacheOf(localSetup(), main, branch).provider.clusterBuildkit?.cache.map(({ tag }) => tag)).toEqual([
      "_buildcache-x",
      "_buildcache",
    ]);
    expect(cacheOf(localSetup()).provider.clusterBuildkit?.cache).toEqual([]);
  });

  it("may be in another registry, if that has a namespace", () => {
    const registry = { kind: "dockerRegistry", host: "cache.example:5000", insecure: true };
    const entry = { tag: "c", mode: "max", export: true } as const;
    const there = cacheOf(localSetup(), { ...entry, registry: { ...registry, namespace: "layers" } });
    expect(there.provider.clusterBuildkit?.cache[0]?.registry).toEqual({
      hostname: "cache.example",
      port: 5000,
      namespace: "layers",
      insecure: true,
    });
    const nameless = cacheOf(localSetup(), { ...entry, registry: { ...registry, namespace: "" } });
    expect(nameless.provider.clusterBuildkit?.cache).toEqual([]);
    expect(lacking(nameless)).toHaveLength(1);
  });

  it("in another registry is where the environment has it: Garden knows the last part of an image's name only", () => {
    const registry = { kind: "ecr", host: "210987654321.dkr.ecr.eu-central-1.amazonaws.com", insecure: false };
    const namespaceFor = (namespace: string) =>
      cacheOf(ecrSetup(), { tag: "c", mode: "max", export: true, registry: { ...registry, namespace } }).provider
        .clusterBuildkit?.cache[0]?.registry?.namespace;
    expect([namespaceFor("caches"), namespaceFor("")]).toEqual(["caches/shop", "shop"]);
  });

  it("is left out where no tag of a repository moves", () => {
    const setup = ecrSetup();
    const fixed = setup.images.map((image) => ({ ...image, tagMutability: "IMMUTABLE" as const }));
    const block = buildkit({ ...setup, images: fixed });
    expect(block.provider.clusterBuildkit?.cache).toEqual([]);
    expect(lacking(block)[0]).toContain("no tag of shop/api moves");
  });
});

describe("flags of kaniko", () => {
  const flags = (setup: BuildSetup) => kaniko(setup).provider.kaniko?.extraFlags;
  const images = (...list: Partial<BuildSetup["images"][number]>[]): BuildSetup => ({
    ...ecrSetup(),
    images: list.map((image, index) => {
      const repository = `shop/${["api", "web"][index]}`;
      const whole = { name: repository, repository, cacheRepository: `${repository}/cache`, ...image };
      return { tagMutability: "MUTABLE", ...whole };
    }),
  });
  const host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

  it.each<[string, BuildSetup, string[]]>([
    ["kaniko's own cache repositories are not named", images({}, {}), ["--cache=true"]],
    [
      "tags that cannot be moved are no failure",
      images({ tagMutability: "IMMUTABLE_WITH_EXCLUSION" }, {}),
      ["--cache=true", "--push-ignore-immutable-tag-errors"],
    ],
    [
      "one cache that all share is named, and the cache turned on beside it",
      images({ cacheRepository: "shop/layers" }, { cacheRepository: "shop/layers" }),
      ["--cache=true", `--cache-repo=${host}/shop/layers`],
    ],
    ["several caches cannot be named", images({ cacheRepository: "shop/layers" }, {}), ["--cache=true"]],
    ["no cache repository at all", images({ cacheRepository: null }), ["--cache=false"]],
    ["an environment without caches", { ...images({}), cache: [] }, ["--cache=false"]],
    [
      "caches that are only read",
      { ...images({}), cache: [{ tag: "_buildcache", mode: "max", export: false }] },
      ["--cache=true", "--no-push-cache"],
    ],
    [
      "a registry of caches that is only read, before the images' own",
      {
        ...images({}),
        cache: [
          {
            tag: "m",
            mode: "max",
            export: false,
            registry: { kind: "x", host: "c.test", namespace: "", insecure: false },
          },
          { tag: "n", mode: "max", export: true },
        ],
      },
      ["--cache=true"],
    ],
  ])("%s", (_title, setup, expected) => {
    expect(flags(setup)).toEqual(expected);
  });

  it("says which Build actions need a cache repository of their own", () => {
    expect(lacking(kaniko(images({ cacheRepository: "shop/layers" }, {})))).toEqual([
      `A provider names one cache for all images. These have others, for extraFlags of the Build actions: shop/api: [--cache=true, --cache-repo=${host}/shop/layers].`,
    ]);
    expect(lacking(kaniko(images({ cacheRepository: null }, {})))[0]).toMatch(/^shop\/api has no cache repository/);
  });

  it("has those of the stack file as one word each, which win", () => {
    const setup = localSetup((input) => {
      Object.assign(input.builders.modes.kaniko, { extraFlags: ["--snapshot-mode", "redo", "--cache=false"] });
    });
    expect(flags(setup)).toContain("--snapshot-mode=redo");
    expect(flags(setup)?.filter((flag) => flag.startsWith("--cache"))).toEqual(["--cache=false"]);
    expect(flags(setup)?.every((flag) => /^--[a-z-]+(=|$)/.test(flag))).toBe(true);
  });
});

it("leads builders to nodes of one architecture where the mode builds for several: Garden builds for the node it is on", () => {
  const setup = localSetup((input) => {
    Object.assign(input.builders.modes.kaniko, { platforms: ["linux/arm64", "linux/amd64"] });
  });
  const { provider, remarks } = kaniko(setup);
  expect(provider.kaniko?.nodeSelector).toEqual({ "garden-build": "true", "kubernetes.io/arch": "arm64" });
  expect(remarks.map(({ text }) => text)).toContain(
    "Not in Garden's schema: platforms beside linux/arm64, on whose nodes Garden's builders are.",
  );
});

describe("resources", () => {
  const builderOf = (limits: Record<string, string>, requests: Record<string, string> = {}) => {
    const setup = localSetup((input) => {
      Object.assign(input.builders.modes.kaniko, { resources: { limits, requests } });
    });
    const { provider, remarks } = kaniko(setup);
    return { ...provider.resources.builder, text: remarks.find(({ at }) => at === "resources")?.text };
  };

  it.each<[string, string, Partial<GardenProvider["resources"]["builder"]["limits"]>]>([
    ["cpu", "4", { cpu: 4000 }],
    ["cpu", "100m", { cpu: 100 }],
    ["cpu", "0.29", { cpu: 290 }],
    ["cpu", "1500000u", { cpu: 1500 }],
    ["memory", "8Gi", { memory: 8192 }],
    ["memory", "512Mi", { memory: 512 }],
    ["memory", "500M", { memory: 477 }],
    ["memory", "1e9", { memory: 954 }],
    ["memory", "1", { memory: 1 }],
    ["ephemeral-storage", "20Gi", { ephemeralStorage: 20480 }],
  ])("has %s %s as %j", (name, quantity, expected) => {
    expect(builderOf({ [name]: quantity }).limits).toEqual(expected);
  });

  it("says what Garden fills in, and what its schema has not", () => {
    const { limits, requests, text } = builderOf({ "nvidia.com/gpu": "1" }, { cpu: "1" });
    expect([limits, requests]).toEqual([undefined, { cpu: 1000 }]);
    expect(text).toBe(
      "cpu in thousandths, the rest in MiB. The environment does not say, and Garden fills in: limits.cpu: 4000, limits.memory: 8192, requests.memory: 512. Garden's schema has no nvidia.com/gpu.",
    );
  });
});
