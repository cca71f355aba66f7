import { describe, expect, it } from "vitest";
import {
  buildkitCache,
  cacheEntries,
  kanikoCacheOf,
  NO_CACHE_REQUEST,
  registrySupport,
} from "../../../../builders/plan/cache.ts";
import { destinationOf } from "../../../../builders/plan/destination.ts";
import type { BuildSetup } from "../../../../infra/setup.ts";
import { ecrSetup, errorOf, localSetup } from "../samples.ts";

const main = { tag: "_buildcache", mode: "max" };
const withCache = (cache: object[]): BuildSetup =>
  localSetup((input) => {
    input.cache = cache;
  });
const cacheOf = (setup: BuildSetup, request = NO_CACHE_REQUEST, name = "api", tag = "v1") =>
  buildkitCache(setup, destinationOf(setup, name, [tag]), request);

describe("what the command line says about caches", () => {
  const own = { tag: "own", mode: "auto" } as const;
  it.each<[string, object[], Parameters<typeof cacheEntries>[1], string[]]>([
    ["nothing", [main], { to: [], from: [] }, ["_buildcache max written"]],
    ["nothing, and no cache", [], { to: [], from: [] }, []],
    [
      "an own tag: the environment's is only read",
      [main],
      { to: [own], from: [] },
      ["own auto written", "_buildcache max"],
    ],
    ["an own tag where there is no cache", [], { to: [own], from: [] }, ["own auto written"]],
    ["a tag to read: nothing is written", [main], { to: [], from: ["main"] }, ["main auto"]],
    ["both", [main], { to: [own], from: ["main", "old"] }, ["own auto written", "main auto", "old auto"]],
    [
      "an own tag that is the environment's",
      [main],
      { to: [{ tag: "_buildcache", mode: "min" }], from: [] },
      ["_buildcache min written"],
    ],
    ["a tag twice", [main], { to: [own], from: ["own", "x", "x"] }, ["own auto written", "x auto"]],
  ])("%s", (_, cache, request, expected) => {
    const entries = cacheEntries(withCache(cache), request);
    expect(entries.map((entry) => `${entry.tag} ${entry.mode}${entry.export ? " written" : ""}`)).toEqual(expected);
  });

  /** Where the entries are, with their tags. */
  const places = (cache: object[], request: Parameters<typeof cacheEntries>[1]): string[] =>
    cacheEntries(withCache(cache), request).map(
      ({ tag, export: written, registry }) => `${registry?.namespace ?? "own"} ${tag}${written ? " written" : ""}`,
    );
  const at = (namespace: string) => ({ kind: "artifactRegistry", host: "europe-docker.pkg.dev", namespace });

  it("leaves one tag in two repositories of a host as two caches", () => {
    const cache = [
      { tag: "m", registry: at("p/layers") },
      { tag: "m", registry: at("p/old-layers") },
    ];
    expect(places(cache, { to: [own], from: [] })).toEqual(["p/layers own written", "p/layers m", "p/old-layers m"]);
  });

  const read = { tag: "m", export: false, registry: at("p/main") };
  it.each<[string, object[], string[], string[]]>([
    [
      "that of the images is the first written one",
      [read, { tag: "mine" }],
      ["own own written", "p/main m", "own mine"],
      ["own old"],
    ],
    [
      "another is the first written one",
      [read, { tag: "mine", registry: at("p/mine") }],
      ["p/mine own written", "p/main m", "p/mine mine"],
      ["p/mine old"],
    ],
    ["none is written", [read], ["own own written", "p/main m"], ["own old", "p/main old"]],
  ])("writes to no registry that is only read: %s", (_, cache, to, from) => {
    expect(places(cache, { to: [own], from: [] })).toEqual(to);
    expect(places(cache, { to: [], from: ["old"] })).toEqual(from);
  });
});

describe("a cache's flags", () => {
  it("say everything that a registry may take otherwise", () => {
    const reference = "172.30.0.11:30500/examples/api:_buildcache";
    expect(cacheOf(withCache([{ tag: "_buildcache", mode: "auto" }]))).toEqual({
      arguments: [
        ...["--import-cache", `type=registry,ref=${reference},registry.insecure=true`],
        "--export-cache",
        `type=registry,ref=${reference},mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true,registry.insecure=true`,
      ],
      inlineReferences: [],
    });
  });

  it("lead to a registry of its own, where the environment has one, for branches too", () => {
    const registry = { kind: "dockerRegistry", host: "caches.test", namespace: "team" };
    const flags = cacheOf(withCache([{ ...main, registry }]), { to: [{ tag: "b", mode: "auto" }], from: [] }).arguments;
    expect(flags.filter((word) => word.includes("ref="))).toEqual([
      "type=registry,ref=caches.test/team/api:b",
      "type=registry,ref=caches.test/team/api:b,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true",
      "type=registry,ref=caches.test/team/api:_buildcache",
    ]);
  });

  it("lead to the image's cache repository where its own tags cannot be moved", () => {
    const setup = ecrSetup();
    const [images] = setup.images;
    const immutable = { ...setup, images: [{ ...images!, tagMutability: "IMMUTABLE" as const }] };
    expect(cacheOf(setup, NO_CACHE_REQUEST, "shop/api").arguments[1]).toContain("/shop/api:_buildcache");
    expect(cacheOf(immutable, NO_CACHE_REQUEST, "shop/api").arguments[1]).toContain("/shop/api/cache:_buildcache");
  });

  it.each<[string, object[], string[], string[]]>([
    ["written", [{ tag: "i", mode: "inline" }], ["--import-cache", "--export-cache"], ["i"]],
    ["only read", [{ tag: "i", mode: "inline", export: false }], ["--import-cache"], []],
    [
      "two, of which one is only read",
      [
        { tag: "i", mode: "inline" },
        { tag: "j", mode: "inline", export: false },
      ],
      ["--import-cache", "--import-cache", "--export-cache"],
      ["i"],
    ],
  ])("inline: %s", (_, cache, flags, tags) => {
    const planned = cacheOf(withCache(cache));
    expect(planned.arguments.filter((word) => word.startsWith("--"))).toEqual(flags);
    expect(planned.inlineReferences.map((reference) => reference.split(":").at(-1))).toEqual(tags);
  });

  it("never take the place of the image", () => {
    expect(
      errorOf(() => cacheOf(withCache([main]), { to: [{ tag: "dev", mode: "auto" }], from: [] }, "api", "dev")),
    ).toMatchObject({
      code: "usage",
      message: expect.stringContaining("/api:dev"),
    });
  });

  it("cannot be inline in a registry that is reached otherwise than the image's", () => {
    const registry = { kind: "dockerRegistry", host: "caches.test" };
    expect(errorOf(() => cacheOf(withCache([{ tag: "i", mode: "inline", registry }]))).code).toBe("setup-invalid");
  });
});

describe("what is known of a registry", () => {
  const at = (kind: string, host: string, namespace: string): BuildSetup =>
    localSetup((input) => {
      Object.assign(input.registry, { kind, host, namespace, insecure: false });
      input.cache = [{ tag: "_buildcache", mode: "auto" }];
    });

  it.each([
    ["dockerHub", "docker.io", "shop", "docker.io/shop/api", "docker.io/shop/api-cache"],
    ["ghcr", "ghcr.io", "shop", "ghcr.io/shop/api", "ghcr.io/shop/api/cache"],
    [
      "gitlab",
      "registry.gitlab.com",
      "shop/dev",
      "registry.gitlab.com/shop/dev/api",
      "registry.gitlab.com/shop/dev/api-cache",
    ],
    ["quay", "quay.io", "shop", "quay.io/shop/api", "quay.io/shop/api/cache"],
    ["harbor", "harbor.test", "shop", "harbor.test/shop/api", "harbor.test/shop/api/cache"],
    ["acr", "shop.azurecr.io", "", "shop.azurecr.io/api", "shop.azurecr.io/api/cache"],
  ])(
    "%s: auto is max as an image manifest, attestations are plain, and kaniko's cache is where it can be",
    (kind, host, namespace, repository, cache) => {
      const setup = at(kind, host, namespace);
      const destination = destinationOf(setup, "api", ["v1"]);
      expect(destination).toMatchObject({ repository, cacheRepository: cache });
      expect(cacheOf(setup).arguments[3]).toBe(
        `type=registry,ref=${repository}:_buildcache,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true`,
      );
      expect(registrySupport(kind).ociArtifact).toBe(false);
    },
  );

  it("of Docker Hub: a name with a slash cannot be pushed there, which is said before anything is built", () => {
    expect(errorOf(() => destinationOf(at("dockerHub", "docker.io", "shop"), "team/api", ["v1"]))).toMatchObject({
      code: "image-definition",
      message: "The image team/api would be docker.io/shop/team/api, but a repository there has at most 2 parts.",
      hint: expect.stringContaining("--name"),
    });
    expect(destinationOf(at("ghcr", "ghcr.io", "shop"), "team/api", ["v1"]).repository).toBe("ghcr.io/shop/team/api");
  });

  it("of Docker Hub: nor can the cache of one be there, which nobody would see, as a cache that is refused fails no build", () => {
    const registry = { kind: "dockerHub", host: "docker.io", namespace: "shop" };
    const setup = withCache([{ ...main, registry }]);
    expect(errorOf(() => cacheOf(setup, NO_CACHE_REQUEST, "team/api"))).toMatchObject({
      code: "image-definition",
      message:
        "The cache of image team/api would be in docker.io/shop/team/api, but a repository there has at most 2 parts.",
      hint: expect.stringContaining("pergola:cache"),
    });
    expect(cacheOf(setup).arguments[1]).toBe("type=registry,ref=docker.io/shop/api:_buildcache");
    const elsewhere = withCache([{ ...main, registry: { ...registry, kind: "ghcr", host: "ghcr.io" } }]);
    expect(cacheOf(elsewhere, NO_CACHE_REQUEST, "team/api").arguments[1]).toContain("ghcr.io/shop/team/api");
  });

  it("that nobody knows, also one of an older BuildSetup, is treated as what takes everything usual", () => {
    expect(registrySupport("dockerRegistry")).toEqual(registrySupport("inCluster"));
    expect(kanikoCacheOf("dockerRegistry", "r.test/api")).toBe("r.test/api/cache");
  });
});
