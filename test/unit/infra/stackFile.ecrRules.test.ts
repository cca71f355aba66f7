// Bad stack files: every rule about repositories in ECR and their documents once, with the exact message.
import { expect, test } from "vitest";
import { awsCases, awsProblems } from "./awsConfig.ts";
import { entry, OTHER, registry } from "./ecrChanges.ts";

awsCases("rules about the repositories", [
  [
    "one listed twice",
    registry((it) => (it.repositories = ["shop/api", "shop/web", { name: "shop/api", protect: false }])),
    ['pergola:registry.repositories[2]: "shop/api" is listed twice'],
  ],
  [
    "one named like the cache of another",
    registry((it) => (it.repositories = ["shop/api", "shop/api/cache"])),
    [
      'pergola:registry.repositories[1]: "shop/api/cache" is the cache repository of shop/api, where every image goes after two weeks; name another one there (cache: { repository }), or here',
    ],
  ],
  [
    "one that is the cache of several",
    registry((it) => {
      const cache = { repository: "shop/caches" };
      it.repositories = ["shop/caches", { name: "shop/api", cache }, { name: "shop/web", cache }];
    }),
    [
      'pergola:registry.repositories[0]: "shop/caches" is the cache repository of shop/api, shop/web, where every image goes after two weeks; name another one there (cache: { repository }), or here',
    ],
  ],
  [
    "one that is its own cache",
    entry({ cache: { repository: "shop/api" } }),
    [
      'pergola:registry.repositories[0]: "shop/api" is the cache repository of shop/api, where every image goes after two weeks; name another one there (cache: { repository }), or here',
    ],
  ],
  [
    "existing and imported",
    entry({ existing: true, import: true }),
    [
      "pergola:registry.repositories[0]: has both existing, which leaves it as it is, and import, which takes it over; keep one",
    ],
  ],
  [
    "existing, with settings of what is made",
    entry({ existing: true, scanOnPush: true, lifecycle: {}, pull: {}, push: {}, protect: false, forceDelete: true }),
    ["scanOnPush", "lifecycle", "pull", "push", "protect", "forceDelete"].map(
      (key) =>
        `pergola:registry.repositories[0].${key}: changes nothing: shop/api is existing and stays as it is; remove it, or write import: true instead of existing`,
    ),
  ],
  [
    "existing without a cache that is made, with what one would have",
    entry({ existing: true, cache: { existing: true }, encryption: { kind: "AES256" }, tags: { a: "b" } }),
    ["encryption", "tags"].map(
      (key) =>
        `pergola:registry.repositories[0].${key}: changes nothing: shop/api is existing and stays as it is; remove it, or write import: true instead of existing`,
    ),
  ],
  [
    "existing, under KMS, without its key",
    (config) => {
      entry({ existing: true })(config);
      config["pergola:registry"].encryption = { kind: "KMS" };
    },
    [
      "pergola:registry.repositories[0].existing: is true, and pergola:registry.encryption is KMS: the cache of shop/api would have that key, whatever shop/api has, and layers are shared only under one key; add encryption to the entry, with what the repository has",
    ],
  ],
  [
    "existing for one of two that share a cache",
    registry((it) => {
      it.repositories = [
        { name: "a/b", cache: { repository: "a/x" } },
        { name: "a/c", cache: { repository: "a/x", existing: true } },
      ];
    }),
    [
      "pergola:registry.repositories[1].cache: a/x is existing for one of a/b and a/c, which share it, and not for the other",
    ],
  ],
  [
    "two keys for one cache",
    registry((it) => {
      it.repositories = [
        { name: "a/b", cache: { repository: "a/x" } },
        { name: "a/c", cache: { repository: "a/x" }, encryption: { kind: "KMS" } },
      ];
    }),
    [
      "pergola:registry.repositories[1].cache: a/x is shared by a/b and a/c, which are encrypted differently; give each a cache of its own",
    ],
  ],
  [
    "keys of another region",
    registry((it) => {
      const key = "arn:aws:kms:eu-west-1:123456789012:key/regional";
      it.encryption = { kind: "KMS", key };
      it.repositories = [{ name: "shop/api", encryption: { kind: "KMS", key } }];
    }),
    [
      "pergola:registry.encryption.key: is a key of eu-west-1, but the repositories are in eu-central-1, whose keys they take",
      "pergola:registry.repositories[0].encryption.key: is a key of eu-west-1, but the repositories are in eu-central-1, whose keys they take",
    ],
  ],
  [
    "a role of another account",
    registry((it) => (it.assumeRole = { role: `arn:aws:iam::${OTHER}:role/registry` })),
    [
      `pergola:registry.assumeRole.role: is a role of the account ${OTHER}, but the repositories are made in 123456789012; name a role of that account`,
    ],
  ],
  [
    "filters where all tags move",
    registry((it) => {
      it.tagMutability = "mutable";
      it.mutableTags = ["a"];
      it.repositories = ["shop/api", { name: "shop/web", tagMutability: "mutable", mutableTags: ["a"] }];
    }),
    [
      "pergola:registry.mutableTags: has no effect: tagMutability is mutable, and only immutableWithExclusion has exceptions; remove it, or write that",
      "pergola:registry.repositories[1].mutableTags: has no effect: tagMutability is mutable, and only immutableWithExclusion has exceptions; remove it, or write that",
    ],
  ],
  [
    "filters twice",
    registry((it) => {
      it.mutableTags = ["_buildcache*", "_buildcache*"];
      it.repositories = [{ name: "shop/api", mutableTags: ["a", "_buildcache*", "a"] }];
    }),
    [
      'pergola:registry.mutableTags[1]: "_buildcache*" is listed twice',
      'pergola:registry.repositories[0].mutableTags[2]: "a" is listed twice',
    ],
  ],
  [
    "all protected, and deleted with their images",
    registry((it) => (it.forceDelete = true)),
    [
      "pergola:registry.forceDelete: is true, but the repositories are protected, so that nothing would ever be deleted; write protect: false as well, or remove it",
    ],
  ],
  [
    "one protected, and deleted with its images",
    entry({ forceDelete: true }),
    [
      "pergola:registry.repositories[0].forceDelete: is true, but shop/api is protected, so that nothing would ever be deleted; write protect: false as well, or remove it",
    ],
  ],
  [
    "principals twice",
    registry((it) => {
      it.pull = { accounts: [OTHER, OTHER, "111111111111"], organizations: ["o-abcdefghij"] };
      it.push = { accounts: ["111111111111"], organizations: ["o-abcdefghij"] };
      const roles = [`arn:aws:iam::${OTHER}:role/ci`, `arn:aws:iam::${OTHER}:role/ci`];
      it.repositories = ["shop/api", { name: "shop/web", push: { roles } }];
    }),
    [
      `pergola:registry.pull.accounts[1]: "${OTHER}" is listed twice`,
      'pergola:registry.pull.accounts[2]: "111111111111" is also in push, which lets it pull; remove it here',
      'pergola:registry.pull.organizations[0]: "o-abcdefghij" is also in push, which lets it pull; remove it here',
      `pergola:registry.repositories[1].push.roles[1]: "arn:aws:iam::${OTHER}:role/ci" is listed twice`,
    ],
  ],
  [
    "a role of another partition",
    registry((it) => (it.pull = { roles: [`arn:aws-cn:iam::${OTHER}:role/ci`] })),
    [
      `pergola:registry.pull.roles[0]: "arn:aws-cn:iam::${OTHER}:role/ci" is of another partition than the registry (aws): AWS lets nobody in across them`,
    ],
  ],
]);

awsCases("rules about documents", [
  [
    "two rules about untagged images",
    registry((it) => {
      const rule = { tags: "untagged", expire: { afterDays: 1 } };
      it.lifecycle = { rules: [rule, rule] };
    }),
    ["pergola:registry.lifecycle.rules[1].tags: is untagged for a second time, ECR takes one such rule"],
  ],
  [
    "two rules about any image",
    entry({ lifecycle: { rules: [1, 2].map((afterDays) => ({ tags: "any", expire: { afterDays } })) } }),
    ["pergola:registry.repositories[0].lifecycle.rules[1].tags: is any for a second time, ECR takes one such rule"],
  ],
  [
    "untagged images in two ways",
    registry((it) => {
      it.lifecycle = { untaggedDays: 3, rules: [{ tags: "untagged", expire: { beyondCount: 1 } }] };
    }),
    [
      "pergola:registry.lifecycle.untaggedDays: is a rule about untagged images, and `rules` has one, too: ECR takes one; keep one of them",
    ],
  ],
  [
    "more rules than ECR takes",
    registry((it) => {
      it.lifecycle = { rules: Array.from({ length: 48 }, (_, at) => ({ tags: [`a${at}`], expire: { afterDays: 1 } })) };
    }),
    [
      "pergola:registry: the lifecycle policy has 51 rules, ECR takes at most 50; write fewer, each with more general patterns: that of shop/api, shop/web",
    ],
  ],
]);

test("a policy of who may use repositories that is too long is refused before anything is made, with what to write instead", () => {
  const [problem, ...others] = awsProblems((config) => {
    const accounts = Array.from({ length: 320 }, (_, at) => String(100000000000 + at));
    config["pergola:registry"].pull = { accounts };
  });
  expect(others).toEqual([]);
  expect(problem).toMatch(
    /^pergola:registry: the policy of who may use it has 1\d{4} characters, ECR takes at most 10240; name accounts instead of their roles, or an organization instead of its accounts: that of shop\/api, shop\/web$/,
  );
});
