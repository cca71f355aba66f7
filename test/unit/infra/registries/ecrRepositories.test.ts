import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cachePlaceOf } from "../../../../infra/registries/cacheRegistries.ts";
import {
  builderRights,
  cacheRepositories,
  ecrHostOf,
  imageRepositories,
  repositoryArn,
} from "../../../../infra/registries/ecrRepositories.ts";
import type { EcrRegistryConfig } from "../../../../infra/sections/ecrRegistry.ts";
import { awsConfig } from "../awsConfig.ts";
import type { Change } from "../config.ts";

const ARN = "arn:aws:ecr:eu-central-1:123456789012:repository";

const registryAfter = (change: Change): EcrRegistryConfig => {
  const { registry } = awsConfig((config) => change(config["pergola:registry"]));
  if (registry.kind !== "ecr") throw new Error(registry.kind);
  return registry;
};

describe("hosts and ARNs are those of the region's partition", () => {
  test.each([
    ["eu-central-1", "123456789012.dkr.ecr.eu-central-1.amazonaws.com", "arn:aws:ecr:eu-central-1"],
    ["cn-north-1", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "arn:aws-cn:ecr:cn-north-1"],
    ["us-gov-west-1", "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", "arn:aws-us-gov:ecr:us-gov-west-1"],
  ])("%s", (region, host, arn) => {
    const place = { account: "123456789012", region };
    expect(ecrHostOf(place)).toBe(host);
    expect(repositoryArn(place, "shop/api")).toBe(`${arn}:123456789012:repository/shop/api`);
    expect(
      cachePlaceOf({ kind: "ecr", ...place, namespace: "c", existing: false, encryption: { kind: "AES256" } }),
    ).toEqual({ kind: "ecr", host, namespace: "c", insecure: false });
  });
});

describe("an image repository", () => {
  test("is what holds for all, but for what its entry says", () => {
    const registry = registryAfter((it) => {
      it.tags = { owner: "platform", stage: "dev" };
      it.scanOnPush = false;
      it.encryption = { kind: "KMS" };
      it.repositories = [
        "a/b",
        {
          name: "a/c",
          tagMutability: "immutableWithExclusion",
          mutableTags: ["_build*"],
          protect: false,
          tags: { stage: "test" },
        },
      ];
    });
    const [first, second] = imageRepositories(registry);
    expect(first).toMatchObject({
      ...{ name: "a/b", existing: false, import: false, tagMutability: "immutableWithExclusion" },
      ...{ mutableTags: ["_buildcache*"], scanOnPush: false, protect: true, forceDelete: false },
      ...{ encryption: { kind: "KMS" }, tags: { owner: "platform", stage: "dev" }, cacheRepository: "a/b/cache" },
    });
    expect(second).toMatchObject({
      ...{ mutableTags: ["_build*"], protect: false, tags: { owner: "platform", stage: "test" }, scanOnPush: false },
    });
  });

  test("has the cache that it names, or none", () => {
    const registry = registryAfter((it) => {
      it.repositories = [
        { name: "a/b", cache: { repository: "all/caches" } },
        { name: "a/c", cache: { repository: "all/caches" } },
        { name: "a/d", cache: false },
        { name: "a/e", cache: { existing: true } },
      ];
    });
    expect(imageRepositories(registry).map(({ cacheRepository }) => cacheRepository)).toEqual([
      "all/caches",
      "all/caches",
      null,
      "a/e/cache",
    ]);
    expect(cacheRepositories(registry).map(({ name, existing, of }) => [name, existing, of.length])).toEqual([
      ["all/caches", false, 2],
      ["a/e/cache", true, 1],
    ]);
  });
});

describe("builders may push", () => {
  test("to each repository and its cache, the one that the guides forgot", () => {
    expect(builderRights(awsConfig())).toEqual({
      push: [`${ARN}/shop/api`, `${ARN}/shop/api/cache`, `${ARN}/shop/web`, `${ARN}/shop/web/cache`],
      pull: [],
    });
  });

  test("to those of a team only, and to no repository whose name begins alike", () => {
    const config = awsConfig((config) => {
      config["pergola:registry"].repositories = ["shop/api", "shop/api-other", "shop/apis"];
    });
    expect(builderRights(config, ["shop/api"]).push).toEqual([`${ARN}/shop/api`, `${ARN}/shop/api/cache`]);
    expect(builderRights(config, []).push).toEqual([]);
    expect(builderRights(config, ["shop/nothing"])).toEqual({ push: [], pull: [] });
  });

  test("to a cache that several share, once", () => {
    const config = awsConfig((config) => {
      config["pergola:registry"].repositories = ["a/b", "a/c"].map((name) => ({ name, cache: { repository: "a/x" } }));
    });
    expect(builderRights(config).push).toEqual([`${ARN}/a/b`, `${ARN}/a/x`, `${ARN}/a/c`]);
  });

  test("to exactly the repositories of a registry of caches, and only pull where nothing is exported", () => {
    const place = { kind: "ecr", account: "210987654321", region: "cn-north-1", namespace: "caches" };
    const caches = "arn:aws-cn:ecr:cn-north-1:210987654321:repository/caches";
    const config = (more: object) =>
      awsConfig((config) => {
        config["pergola:cache"] = [{ tag: "_buildcache", registry: place, ...more }];
      });
    expect(builderRights(config({}), ["shop/web"])).toEqual({
      push: [`${ARN}/shop/web`, `${ARN}/shop/web/cache`, `${caches}/shop/web`],
      pull: [],
    });
    expect(builderRights(config({ export: false }), ["shop/web"])).toEqual({
      push: [`${ARN}/shop/web`, `${ARN}/shop/web/cache`],
      pull: [`${caches}/shop/web`],
    });
  });

  test("where kaniko keeps its layers, too, if it has a registry of caches", () => {
    const config = awsConfig((config) => {
      config["pergola:access"].namespaces.push("shop-kaniko");
      config["pergola:builder"].modes.kaniko = { namespaces: ["shop-kaniko"] };
      config["pergola:cache"] = [
        {
          tag: "_buildcache",
          registry: { kind: "ecr", account: "123456789012", region: "eu-central-1", namespace: "caches" },
        },
      ];
    });
    expect(builderRights(config, ["shop/api"]).push).toEqual([
      `${ARN}/shop/api`,
      `${ARN}/shop/api/cache`,
      `${ARN}/caches/shop/api`,
      `${ARN}/caches/shop/api/cache`,
    ]);
  });

  test("where kaniko pushes: not in a registry of caches that is only read before one that is written", () => {
    const place = (namespace: string) => ({ kind: "ecr", account: "123456789012", region: "eu-central-1", namespace });
    const rights = (...cache: object[]) =>
      builderRights(
        awsConfig((config) => {
          config["pergola:builder"] = { default: "kaniko", modes: { kaniko: { namespaces: ["shop-dev"] } } };
          config["pergola:cache"] = cache;
        }),
        ["shop/api"],
      );
    const main = { tag: "m", export: false, registry: place("main") };
    const own = [`${ARN}/shop/api`, `${ARN}/shop/api/cache`];
    expect(rights(main, { tag: "n" })).toEqual({ push: own, pull: [] });
    expect(rights(main, { tag: "n", registry: place("mine") })).toEqual({
      push: [...own, `${ARN}/mine/shop/api/cache`],
      pull: [],
    });
    expect(rights({ tag: "n", export: false }, main)).toEqual({ push: own, pull: [`${ARN}/main/shop/api/cache`] });
  });

  test("only by whole names: no ARN has a wildcard, and whatever is not listed is in none", () => {
    const segment = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
    const name = fc.array(segment, { minLength: 2, maxLength: 3 }).map((parts) => parts.join("/"));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), name, (names, other) => {
        const config = awsConfig();
        const registry = { ...registryAfter(() => {}), repositories: names };
        const { push, pull } = builderRights({ ...config, registry });
        const expected = names.flatMap((one) => [`${ARN}/${one}`, `${ARN}/${one}/cache`]);
        expect(new Set(push)).toEqual(new Set(expected));
        expect(pull).toEqual([]);
        expect(push.join("")).not.toMatch(/[*?]/);
        expect(push.includes(`${ARN}/${other}`)).toBe(expected.includes(`${ARN}/${other}`));
      }),
      { numRuns: 50 },
    );
  });
});
