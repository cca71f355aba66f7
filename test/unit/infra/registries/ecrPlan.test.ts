import { describe, expect, test } from "vitest";
import { type PlannedRepository, plannedRegistries } from "../../../../infra/registries/ecrPlan.ts";
import { awsConfig } from "../awsConfig.ts";
import type { Change } from "../config.ts";

/** The repositories that are made, by the names of their registries' resources. */
function planAfter(change: Change = () => {}): Record<string, Record<string, PlannedRepository>> {
  const registries = plannedRegistries(awsConfig(change), "aws-dev").map(
    ({ name, repositories }) => [name, Object.fromEntries(repositories.map((one) => [one.name, one]))] as const,
  );
  return Object.fromEntries(registries);
}

const registry =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:registry"]);

const selections = (repository: PlannedRepository | undefined) =>
  repository?.lifecycle?.rules.map(({ selection }) => [
    selection.tagStatus,
    selection.tagPatternList ?? null,
    selection.countNumber,
  ]);

const OTHER = "210987654321";

/** The cluster is in another account than the registry, and its OIDC provider with it. */
// biome-ignore lint/suspicious/noExplicitAny: parts of a stack file
function inOtherAccount(config: any): void {
  config["pergola:cluster"].eks.account = OTHER;
  config["pergola:access"].oidcProviders = [{ create: true, issuer: "https://oidc.example/id/X" }];
  config["pergola:access"].ci.github.oidcProvider = { create: true };
}

describe("image repositories and their caches", () => {
  test("are beside each other, each cache movable and like its image in all but its tags", () => {
    const key = "arn:aws:kms:eu-central-1:123456789012:key/1234";
    const { registry: made } = planAfter(
      registry((it) => {
        it.encryption = { kind: "KMS", key };
        it.repositories = ["a/b", { name: "a/c", tagMutability: "mutable", tags: { team: "c" } }];
        it.tags = { owner: "x" };
      }),
    ) as { registry: Record<string, PlannedRepository> };
    expect(Object.keys(made)).toEqual(["a/b", "a/b/cache", "a/c", "a/c/cache"]);
    for (const name of ["a/b", "a/c"]) {
      const [image, cache] = [made[name], made[`${name}/cache`]];
      expect(cache).toMatchObject({ tagMutability: "MUTABLE", mutableTags: [], protect: false, scanOnPush: false });
      expect(cache?.encryption).toEqual({ kind: "KMS", key });
      expect([cache?.encryption, cache?.tags]).toEqual([image?.encryption, image?.tags]);
      expect(selections(cache)).toEqual([["any", null, 14]]);
    }
    expect(made["a/c"]?.tags).toEqual({ owner: "x", team: "c" });
  });

  test("whose tags do not move take the caches of BuildKit all the same", () => {
    const { registry: made } = planAfter(
      registry((it) => {
        it.repositories = ["a/b", { name: "a/c", tagMutability: "mutable" }];
      }),
    ) as { registry: Record<string, PlannedRepository> };
    expect([made["a/b"]?.tagMutability, made["a/b"]?.mutableTags]).toEqual([
      "IMMUTABLE_WITH_EXCLUSION",
      ["_buildcache*"],
    ]);
    expect([made["a/c"]?.tagMutability, made["a/c"]?.mutableTags]).toEqual(["MUTABLE", []]);
  });

  test("share a cache that is made once, and goes only when all of them let it", () => {
    const { registry: made } = planAfter(
      registry((it) => {
        it.tags = { owner: "x" };
        it.repositories = [
          { name: "a/b", cache: { repository: "a/x" }, protect: false, forceDelete: true, tags: { team: "b" } },
          { name: "a/c", cache: { repository: "a/x" }, push: { accounts: [OTHER] } },
        ];
      }),
    ) as { registry: Record<string, PlannedRepository> };
    expect(Object.keys(made)).toEqual(["a/b", "a/x", "a/c"]);
    expect(made["a/x"]).toMatchObject({ forceDelete: false, tags: { owner: "x" } });
    expect(JSON.stringify(made["a/x"]?.policy)).toContain(`arn:aws:iam::${OTHER}:root`);
  });

  test("are left as they are where they exist, but for the cache", () => {
    const { registry: made } = planAfter(
      registry((it) => {
        it.repositories = [
          { name: "a/b", existing: true },
          { name: "a/c", existing: true, cache: { existing: true } },
          { name: "a/d", existing: true, cache: false },
          { name: "a/e", import: true },
        ];
      }),
    ) as { registry: Record<string, PlannedRepository> };
    expect(Object.keys(made)).toEqual(["a/b/cache", "a/e", "a/e/cache"]);
    expect(Object.values(made).map((one) => one.import)).toEqual([false, true, false]);
  });
});

describe("lifecycles", () => {
  test("by default keep the caches of the environment, and let those of branches and untagged images go", () => {
    const { registry: made } = planAfter((config) => {
      config["pergola:cache"] = [{ tag: "_buildcache" }, { tag: "_buildcache-main", export: false }];
    }) as { registry: Record<string, PlannedRepository> };
    expect(selections(made["shop/api"])).toEqual([
      ["tagged", ["_buildcache"], 1],
      ["tagged", ["_buildcache-main"], 1],
      ["tagged", ["_buildcache-*"], 30],
      ["untagged", null, 14],
    ]);
  });

  test.each([
    [
      "untagged images as an own rule has it",
      { rules: [{ tags: "untagged", expire: { beyondCount: 3 } }], buildCacheDays: null },
      [["untagged", null, 3]],
    ],
    ["nothing at all", { untaggedDays: null, buildCacheDays: null }, undefined],
    ["untagged images after so many days", { untaggedDays: 2, buildCacheDays: null }, [["untagged", null, 2]]],
  ])("take %s", (_, lifecycle, expected) => {
    const { registry: made } = planAfter(registry((it) => (it.lifecycle = lifecycle))) as {
      registry: Record<string, PlannedRepository>;
    };
    expect(selections(made["shop/api"])).toEqual(expected);
  });

  test("keep layers as long as the stack's flags let kaniko take them, in separate registries, too", () => {
    const { registry: made, ...others } = planAfter((config) => {
      const kaniko = { namespaces: ["shop-dev"], extraFlags: ["--cache-ttl=720h"] };
      config["pergola:builder"] = { default: "kaniko", modes: { kaniko } };
      config["pergola:cache"] = [
        { tag: "_buildcache", registry: { kind: "ecr", account: OTHER, region: "eu-central-1" } },
      ];
    });
    const separate = Object.assign({}, ...Object.values(others)) as Record<string, PlannedRepository>;
    for (const one of [made, separate]) expect(selections(one?.["shop/api/cache"])).toEqual([["any", null, 30]]);
  });
});

describe("policies of who may use a repository", () => {
  const builder = (account: string, name = "aws-dev-builder") => `arn:aws:iam::${account}:role/${name}`;
  const statements = (repository: PlannedRepository | undefined) => repository?.policy?.Statement ?? [];
  const named = (repository: PlannedRepository | undefined) =>
    statements(repository).map(({ Sid, Condition }) => [Sid, Condition?.ArnEquals?.["aws:PrincipalArn"] ?? null]);

  test("are none where everybody is of the registry's account", () => {
    const { registry: made } = planAfter() as { registry: Record<string, PlannedRepository> };
    expect(Object.values(made).map(({ policy }) => policy)).toEqual([null, null, null, null]);
  });

  test("let the builders of a cluster in another account push images and caches", () => {
    const { registry: made } = planAfter((config) => {
      inOtherAccount(config);
    }) as { registry: Record<string, PlannedRepository> };
    for (const repository of Object.values(made)) {
      expect(named(repository)).toEqual([["Builders", [builder(OTHER)]]]);
      expect(statements(repository)[0]?.Action).toContain("ecr:PutImage");
    }
  });

  test("let the builders of a team push only what is the team's", () => {
    const { registry: made } = planAfter((config) => {
      inOtherAccount(config);
      const { access } = { access: config["pergola:access"] };
      delete access.namespaces;
      delete access.namespacePatterns;
      access.teams = {
        a: { namespaces: ["shop-dev"], repositories: ["shop/api"] },
        b: { namespaces: ["b"], repositories: ["shop/web", "shop/api"] },
      };
    }) as { registry: Record<string, PlannedRepository> };
    const [a, b] = [builder(OTHER, "aws-dev-builder-a"), builder(OTHER, "aws-dev-builder-b")];
    expect(named(made["shop/api/cache"])).toEqual([["Builders", [a, b]]]);
    expect(named(made["shop/web"])).toEqual([["Builders", [b]]]);
  });

  test("let an existing role of another account push", () => {
    const { registry: made } = planAfter((config) => {
      config["pergola:access"] = { kind: "existing", role: builder(OTHER, "push") };
    }) as { registry: Record<string, PlannedRepository> };
    expect(named(made["shop/web/cache"])).toEqual([["Builders", [builder(OTHER, "push")]]]);
  });

  test("let others pull images, and caches only those who push", () => {
    const { registry: made } = planAfter(
      registry((it) => {
        it.pull = { accounts: [OTHER] };
        it.push = { roles: [builder(OTHER, "ci")] };
        it.repositories = ["a/b", { name: "a/c", pull: { organizations: ["o-abcdefghij"] }, push: {} }];
      }),
    ) as { registry: Record<string, PlannedRepository> };
    expect(statements(made["a/b"]).map(({ Sid }) => Sid)).toEqual(["Pull", "Push"]);
    expect(statements(made["a/b/cache"]).map(({ Sid }) => Sid)).toEqual(["Push"]);
    expect(statements(made["a/c"]).map(({ Sid }) => Sid)).toEqual(["PullOrganizations"]);
    expect(made["a/c/cache"]?.policy).toBeNull();
  });
});

describe("a registry that only holds caches", () => {
  const place = { kind: "ecr", account: OTHER, region: "eu-west-1", namespace: "caches" };

  test("has a repository for each image, movable, whose exports are kept as those of image repositories are", () => {
    const { "caches-210987654321-eu-west-1-caches": made } = planAfter((config) => {
      config["pergola:cache"] = [
        { tag: "_buildcache", registry: place },
        { tag: "_buildcache-main", registry: place, export: false },
        { tag: "elsewhere", registry: { ...place, namespace: "more" } },
      ];
    });
    expect(Object.keys(made ?? {})).toEqual(["caches/shop/api", "caches/shop/web"]);
    expect(made?.["caches/shop/api"]).toMatchObject({ tagMutability: "MUTABLE", protect: false, forceDelete: false });
    expect(selections(made?.["caches/shop/api"])).toEqual([
      ["tagged", ["_buildcache"], 1],
      ["tagged", ["_buildcache-main"], 1],
      ["tagged", ["_buildcache-*"], 30],
      ["untagged", null, 14],
    ]);
  });

  test("that is only read lets builders only pull", () => {
    const { "caches-210987654321-eu-west-1-caches": made } = planAfter((config) => {
      config["pergola:cache"] = [{ tag: "_buildcache", registry: place, export: false }];
    });
    expect(JSON.stringify(made?.["caches/shop/api"]?.policy)).not.toContain("PutImage");
  });

  test("that exists gets nothing", () => {
    const plan = planAfter((config) => {
      config["pergola:cache"] = [{ tag: "_buildcache", registry: { ...place, existing: true } }];
    });
    expect(Object.keys(plan)).toEqual(["registry"]);
  });

  test("leaves the image repositories alone: no tag of a cache is kept there", () => {
    const { registry: made } = planAfter((config) => {
      config["pergola:cache"] = [{ tag: "_buildcache", registry: place }];
    }) as { registry: Record<string, PlannedRepository> };
    expect(selections(made["shop/api"])).toEqual([
      ["tagged", ["_buildcache-*"], 30],
      ["untagged", null, 14],
    ]);
  });
});
