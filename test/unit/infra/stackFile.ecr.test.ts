// Bad stack files: every field of a registry of kind `ecr`, and every rule about it, once, with the exact message.
import { expect, test } from "vitest";
import { awsCases, awsConfig, awsProblems } from "./awsConfig.ts";
import { type Change, problemsAfter } from "./config.ts";

const registry =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:registry"]);

/** One repository, written out. */
const entry = (more: object): Change => registry((it) => (it.repositories = [{ name: "shop/api", ...more }]));

const OTHER = "210987654321";

awsCases("fields of a registry in ECR", [
  [
    "an account that is no string",
    registry((it) => (it.account = 123456789012)),
    [
      "pergola:registry.account: is 123456789012; allowed is a string in quotes, as without them YAML takes an account id for a number and drops a leading zero",
    ],
  ],
  [
    "an account whose leading zero YAML has dropped",
    registry((it) => (it.pull = { accounts: [12345678901] })),
    [
      "pergola:registry.pull.accounts[0]: is 12345678901; allowed is a string in quotes, as without them YAML takes an account id for a number and drops a leading zero",
    ],
  ],
  ["no account", registry((it) => delete it.account), ["pergola:registry.account: is missing (a string)"]],
  [
    "an account of eleven digits",
    registry((it) => (it.account = "12345678901")),
    ['pergola:registry.account: "12345678901" is not the id of an AWS account: twelve digits'],
  ],
  [
    "an account that is something else",
    registry((it) => (it.account = true)),
    ["pergola:registry.account: is true; allowed is a string"],
  ],
  ["no region", registry((it) => delete it.region), ["pergola:registry.region: is missing (a string)"]],
  [
    "an availability zone",
    registry((it) => (it.region = "eu-central-1a")),
    ['pergola:registry.region: "eu-central-1a" is an availability zone; its region is eu-central-1'],
  ],
  [
    "a region that is none",
    registry((it) => (it.region = "frankfurt")),
    ['pergola:registry.region: "frankfurt" is not the name of an AWS region, such as eu-central-1'],
  ],
  [
    "a region of a partition without hosts",
    registry((it) => (it.region = "us-iso-east-1")),
    ['pergola:registry.region: "us-iso-east-1" is in a partition that this version has no hosts and ARNs for'],
  ],
  [
    "a role that is none",
    registry((it) => (it.assumeRole = { role: "admin" })),
    ['pergola:registry.assumeRole.role: "admin" is not the ARN of an IAM role'],
  ],
  [
    "a user in the place of a role",
    registry((it) => (it.assumeRole = { role: "arn:aws:iam::123456789012:user/admin" })),
    ['pergola:registry.assumeRole.role: "arn:aws:iam::123456789012:user/admin" is an ARN, but not of an IAM role'],
  ],
  [
    "a session name with a space",
    registry((it) => (it.assumeRole = { role: "arn:aws:iam::123456789012:role/a", sessionName: "a b" })),
    ['pergola:registry.assumeRole.sessionName: "a b" is not the name of a session'],
  ],
  [
    "no repositories",
    registry((it) => (it.repositories = [])),
    ["pergola:registry.repositories: [] is empty; at least one entry is needed"],
  ],
  [
    "an unknown key",
    registry((it) => (it.repository = ["a/b"])),
    [
      'pergola:registry: unknown key "repository"; allowed: kind, account, region, assumeRole, repositories, tagMutability, mutableTags, scanOnPush, encryption, lifecycle, pull, push, protect, forceDelete, tags; did you mean repositories?',
    ],
  ],
  [
    "a mutability that is none",
    registry((it) => (it.tagMutability = "IMMUTABLE")),
    [
      'pergola:registry.tagMutability: is "IMMUTABLE"; allowed: mutable, immutable, immutableWithExclusion; did you mean immutable?',
    ],
  ],
  [
    "a filter with a slash",
    registry((it) => (it.mutableTags = ["_buildcache*", "a/b"])),
    ['pergola:registry.mutableTags[1]: "a/b" is no filter of tags: at most 128 letters, digits, . _ - and *'],
  ],
  [
    "a filter with three wildcards",
    registry((it) => (it.mutableTags = ["_buildcache*", "*a*b*"])),
    ['pergola:registry.mutableTags[1]: "*a*b*" has 3 *, ECR takes at most 2'],
  ],
  [
    "six filters",
    registry((it) => (it.mutableTags = ["_buildcache*", "a", "b", "c", "d", "e"])),
    [
      'pergola:registry.mutableTags: ["_buildcache*","a","b","c","d","e"] has more than five entries, the most that ECR takes',
    ],
  ],
  [
    "no filters",
    registry((it) => (it.mutableTags = [])),
    ["pergola:registry.mutableTags: [] is empty; at least one entry is needed"],
  ],
  [
    "scanOnPush as text",
    registry((it) => (it.scanOnPush = "yes")),
    ['pergola:registry.scanOnPush: is "yes"; allowed is true or false'],
  ],
  [
    "an encryption that is none",
    registry((it) => (it.encryption = { kind: "kms" })),
    ['pergola:registry.encryption.kind: is "kms"; allowed: AES256, KMS; did you mean KMS?'],
  ],
  [
    "an alias in the place of a key",
    registry((it) => (it.encryption = { kind: "KMS", key: "arn:aws:kms:eu-central-1:123456789012:alias/a" })),
    [
      'pergola:registry.encryption.key: "arn:aws:kms:eu-central-1:123456789012:alias/a" is an ARN, but not of a KMS key',
    ],
  ],
  [
    "a key for AES256",
    registry((it) => (it.encryption = { kind: "AES256", key: "a" })),
    ['pergola:registry.encryption: unknown key "key"; allowed: kind'],
  ],
  [
    "no days",
    registry((it) => (it.lifecycle = { untaggedDays: 0, buildCacheDays: 0 })),
    [
      "pergola:registry.lifecycle.untaggedDays: 0 is less than one day",
      "pergola:registry.lifecycle.buildCacheDays: 0 is less than one day",
    ],
  ],
  [
    "a rule that says when in two ways",
    registry((it) => (it.lifecycle = { rules: [{ tags: "any", expire: { afterDays: 1, beyondCount: 1 } }] })),
    ['pergola:registry.lifecycle.rules[0].expire: unknown key "beyondCount"; allowed: afterDays'],
  ],
  [
    "a rule that keeps nothing",
    registry((it) => (it.lifecycle = { rules: [{ tags: "any", expire: { beyondCount: 0 } }] })),
    ["pergola:registry.lifecycle.rules[0].expire.beyondCount: 0 is less than one image"],
  ],
  [
    "a rule for tags that is none",
    registry((it) => (it.lifecycle = { rules: [{ tags: "all", expire: { afterDays: 1 } }] })),
    ['pergola:registry.lifecycle.rules[0].tags: is "all"; allowed is "untagged" or "any" or a list'],
  ],
  [
    "a pattern with five wildcards",
    registry((it) => (it.lifecycle = { rules: [{ tags: ["*a*b*c*d*"], expire: { afterDays: 1 } }] })),
    ['pergola:registry.lifecycle.rules[0].tags[0]: "*a*b*c*d*" has 5 *, ECR takes at most 4'],
  ],
  [
    "a description that is too long",
    registry(
      (it) => (it.lifecycle = { rules: [{ description: "a".repeat(257), tags: "any", expire: { afterDays: 1 } }] }),
    ),
    [
      `pergola:registry.lifecycle.rules[0].description: "${"a".repeat(116)}... has 257 characters, at most 256 are allowed`,
    ],
  ],
  [
    "an organization that is none",
    registry((it) => (it.pull = { organizations: ["123456789012"] })),
    ['pergola:registry.pull.organizations[0]: "123456789012" is not the id of an organization (o-...)'],
  ],
  [
    "a role by its name",
    registry((it) => (it.push = { roles: ["ci"] })),
    ['pergola:registry.push.roles[0]: "ci" is not the ARN of an IAM role'],
  ],
  [
    "protect as text",
    registry((it) => (it.protect = "no")),
    ['pergola:registry.protect: is "no"; allowed is true or false'],
  ],
  [
    "forceDelete as text",
    registry((it) => (it.forceDelete = "no")),
    ['pergola:registry.forceDelete: is "no"; allowed is true or false'],
  ],
  [
    "a tag of AWS's own",
    registry((it) => (it.tags = { "aws:x": "a" })),
    ['pergola:registry.tags["aws:x"]: the key "aws:x" is not the key of a tag, or begins with aws:'],
  ],
]);

awsCases("names of repositories, with the part that is wrong", [
  [
    "upper case",
    registry((it) => (it.repositories = ["shop/Api"])),
    ['pergola:registry.repositories[0]: "shop/Api" has upper-case letters in "Api"; ECR takes lower-case ones'],
  ],
  [
    "two slashes",
    registry((it) => (it.repositories = ["shop//api"])),
    ['pergola:registry.repositories[0]: "shop//api" has an empty part: no slash at its ends, and no two in a row'],
  ],
  [
    "a part that begins with a hyphen",
    registry((it) => (it.repositories = ["shop/-cache"])),
    [
      'pergola:registry.repositories[0]: "shop/-cache" has the part "-cache", which is not lower-case letters and digits with single . _ - between them',
    ],
  ],
  [
    "one letter",
    registry((it) => (it.repositories = ["a"])),
    ['pergola:registry.repositories[0]: "a" has 1 characters, ECR takes 2 to 256'],
  ],
  [
    "the host before the name",
    registry((it) => (it.repositories = ["123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop"])),
    [
      'pergola:registry.repositories[0]: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop" begins with the registry\'s host; write what stands behind it',
    ],
  ],
  [
    "a name that is too long with /cache",
    registry((it) => (it.repositories = ["a".repeat(251)])),
    [
      `pergola:registry.repositories[0]: "${"a".repeat(251)}" has a cache repository whose name, with /cache, has 257 characters, ECR takes 2 to 256; name another (cache: { repository })`,
    ],
  ],
  [
    "of a cache, in an entry",
    entry({ cache: { repository: "Cache" } }),
    [
      'pergola:registry.repositories[0].cache.repository: "Cache" has upper-case letters in "Cache"; ECR takes lower-case ones',
    ],
  ],
  [
    "an entry without one",
    registry((it) => (it.repositories = [{ import: true }])),
    ["pergola:registry.repositories[0].name: is missing (a string)"],
  ],
]);

awsCases("fields of an entry", [
  [
    "an unknown key",
    entry({ tagMutabilty: "mutable" }),
    [
      'pergola:registry.repositories[0]: unknown key "tagMutabilty"; allowed: name, existing, import, cache, encryption, tagMutability, mutableTags, scanOnPush, lifecycle, pull, push, protect, forceDelete, tags; did you mean tagMutability?',
    ],
  ],
  [
    "a mutability",
    entry({ tagMutability: "no" }),
    ['pergola:registry.repositories[0].tagMutability: is "no"; allowed: mutable, immutable, immutableWithExclusion'],
  ],
  [
    "filters",
    entry({ mutableTags: ["a b"] }),
    [
      'pergola:registry.repositories[0].mutableTags[0]: "a b" is no filter of tags: at most 128 letters, digits, . _ - and *',
    ],
  ],
  ["existing", entry({ existing: 1 }), ["pergola:registry.repositories[0].existing: is 1; allowed is true or false"]],
  ["import", entry({ import: 1 }), ["pergola:registry.repositories[0].import: is 1; allowed is true or false"]],
  [
    "scanOnPush",
    entry({ scanOnPush: 1 }),
    ["pergola:registry.repositories[0].scanOnPush: is 1; allowed is true or false"],
  ],
  ["protect", entry({ protect: 1 }), ["pergola:registry.repositories[0].protect: is 1; allowed is true or false"]],
  [
    "forceDelete",
    entry({ forceDelete: 1 }),
    ["pergola:registry.repositories[0].forceDelete: is 1; allowed is true or false"],
  ],
  [
    "a cache that is none",
    entry({ cache: true }),
    ["pergola:registry.repositories[0].cache: is true; allowed is false or an object"],
  ],
  [
    "a cache's existing",
    entry({ cache: { existing: 1 } }),
    ["pergola:registry.repositories[0].cache.existing: is 1; allowed is true or false"],
  ],
  [
    "an encryption",
    entry({ encryption: { kind: "DES" } }),
    ['pergola:registry.repositories[0].encryption.kind: is "DES"; allowed: AES256, KMS'],
  ],
  [
    "a lifecycle",
    entry({ lifecycle: { untaggedDays: -1 } }),
    ["pergola:registry.repositories[0].lifecycle.untaggedDays: -1 is less than one day"],
  ],
  [
    "who pulls",
    entry({ pull: { accounts: ["1"] } }),
    ['pergola:registry.repositories[0].pull.accounts[0]: "1" is not the id of an AWS account: twelve digits'],
  ],
  [
    "who pushes",
    entry({ push: { accounts: [1] } }),
    [
      "pergola:registry.repositories[0].push.accounts[0]: is 1; allowed is a string in quotes, as without them YAML takes an account id for a number and drops a leading zero",
    ],
  ],
  ["tags", entry({ tags: { a: "b;" } }), ['pergola:registry.repositories[0].tags.a: "b;" is not the value of a tag']],
]);

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

/** Each of the guides that this kit comes from leaves BuildKit's cache in a repository whose tags may not move. */
awsCases("no tag of BuildKit's cache is frozen", [
  [
    "by all repositories",
    registry((it) => {
      it.tagMutability = "immutable";
      it.repositories = ["shop/api", "shop/web"];
    }),
    [
      'pergola:registry.tagMutability: shop/api, shop/web would take the tag _buildcache of pergola:cache[0] once and never again, as no tag moves there: BuildKit\'s cache would stay what it was at the first build; write tagMutability: immutableWithExclusion with mutableTags: ["_buildcache*"], or give pergola:cache[0] a registry',
    ],
  ],
  [
    "by one repository",
    entry({ tagMutability: "immutable" }),
    [
      'pergola:registry.repositories[0]: shop/api would take the tag _buildcache of pergola:cache[0] once and never again, as no tag moves there: BuildKit\'s cache would stay what it was at the first build; write tagMutability: immutableWithExclusion with mutableTags: ["_buildcache*"], or give pergola:cache[0] a registry',
    ],
  ],
  [
    "by filters for other tags",
    entry({ mutableTags: ["v-*", "latest"] }),
    [
      'pergola:registry.repositories[0]: shop/api would take the tag _buildcache of pergola:cache[0] once and never again, as mutableTags (v-*, latest) has no filter for it: BuildKit\'s cache would stay what it was at the first build; add "_buildcache*" to mutableTags, or give pergola:cache[0] a registry',
    ],
  ],
  [
    "by another name of it",
    (config) => {
      config["pergola:cache"] = [{ tag: "_buildcache" }, { tag: "layers" }];
    },
    [
      'pergola:registry.tagMutability: shop/api would take the tag layers of pergola:cache[1] once and never again, as mutableTags (_buildcache*) has no filter for it: BuildKit\'s cache would stay what it was at the first build; add "layers" to mutableTags, or give pergola:cache[1] a registry',
    ],
  ],
  [
    "by a repository that exists",
    entry({ existing: true, tagMutability: "immutable" }),
    [
      'pergola:registry.repositories[0]: shop/api would take the tag _buildcache of pergola:cache[0] once and never again, as no tag moves there: BuildKit\'s cache would stay what it was at the first build; have "_buildcache*" excluded from its immutability, and say so here, or give pergola:cache[0] a registry',
    ],
  ],
  [
    "where it is only read",
    (config) => {
      entry({ tagMutability: "immutable" })(config);
      config["pergola:cache"] = [{ tag: "_buildcache", export: false }];
    },
    [],
  ],
  [
    "where only kaniko builds, which has repositories of its own",
    (config) => {
      entry({ tagMutability: "immutable" })(config);
      config["pergola:builder"] = { default: "kaniko", modes: { kaniko: { namespaces: ["shop-dev"] } } };
    },
    [],
  ],
  [
    "where it has a registry of its own",
    (config) => {
      entry({ tagMutability: "immutable" })(config);
      const registry = { kind: "ecr", account: OTHER, region: "eu-central-1" };
      config["pergola:cache"] = [{ tag: "_buildcache", registry }];
    },
    [],
  ],
]);

const caches =
  (...entries: object[]): Change =>
  (config) => {
    config["pergola:cache"] = entries.map((registry) => ({ tag: "_buildcache", registry }));
  };
const place = { kind: "ecr", account: OTHER, region: "eu-west-1", namespace: "caches" };

awsCases("registries of caches", [
  ["one of another account", caches(place), []],
  [
    "no account and region",
    caches({ kind: "ecr" }),
    [
      "pergola:cache[0].registry.account: is missing (a string)",
      "pergola:cache[0].registry.region: is missing (a string)",
    ],
  ],
  [
    "an account that is no string",
    caches({ ...place, account: 1 }),
    [
      "pergola:cache[0].registry.account: is 1; allowed is a string in quotes, as without them YAML takes an account id for a number and drops a leading zero",
    ],
  ],
  [
    "an unknown key",
    caches({ ...place, host: "a" }),
    [
      'pergola:cache[0].registry: unknown key "host"; allowed: kind, account, region, namespace, existing, assumeRole, encryption',
    ],
  ],
  [
    "a namespace with a slash at its end",
    caches({ ...place, namespace: "a/" }),
    [
      'pergola:cache[0].registry.namespace: "a/" is not a repository path: lower-case letters, digits and single separators, without leading or trailing slash',
    ],
  ],
  [
    "existing as text",
    caches({ ...place, existing: "no" }),
    ['pergola:cache[0].registry.existing: is "no"; allowed is true or false'],
  ],
  [
    "an encryption that is none",
    caches({ ...place, encryption: { kind: "x" } }),
    ['pergola:cache[0].registry.encryption.kind: is "x"; allowed: AES256, KMS'],
  ],
  [
    "a role and a key of elsewhere",
    caches({
      ...place,
      assumeRole: { role: "arn:aws:iam::123456789012:role/a" },
      encryption: { kind: "KMS", key: `arn:aws:kms:eu-central-1:${OTHER}:key/a` },
    }),
    [
      `pergola:cache[0].registry.assumeRole.role: is a role of the account 123456789012, but the repositories are made in ${OTHER}; name a role of that account`,
      "pergola:cache[0].registry.encryption.key: is a key of eu-central-1, but the repositories are in eu-west-1, whose keys they take",
    ],
  ],
  [
    "the registry of the images",
    caches({ kind: "ecr", account: "123456789012", region: "eu-central-1" }),
    ["pergola:cache[0].registry: is the registry of the images itself; remove it, or add a namespace for the caches"],
  ],
  [
    "a namespace that images are in",
    (config) => {
      config["pergola:registry"].repositories = ["shop/api", "x/shop/api"];
      caches({ ...place, account: "123456789012", region: "eu-central-1", namespace: "x" })(config);
    },
    [
      "pergola:cache[0].registry.namespace: would keep the cache of shop/api in x/shop/api, which is an image repository; write a namespace that nothing else is in",
    ],
  ],
  [
    "a namespace that kaniko's caches are in",
    (config) => {
      config["pergola:registry"].repositories = ["shop/api", { name: "shop/web", cache: { repository: "x/shop/api" } }];
      caches({ ...place, account: "123456789012", region: "eu-central-1", namespace: "x" })(config);
    },
    [
      "pergola:cache[0].registry.namespace: would keep the cache of shop/api in x/shop/api, which is a cache repository of kaniko; write a namespace that nothing else is in",
    ],
  ],
  [
    "a namespace that makes names too long",
    (config) => {
      config["pergola:registry"].repositories = [{ name: "a".repeat(250), cache: false }];
      caches(place)(config);
    },
    [
      `pergola:cache[0].registry.namespace: makes a repository for ${"a".repeat(250)} whose name "caches/${"a".repeat(250)}" has 257 characters, ECR takes 2 to 256; write a shorter one`,
    ],
  ],
  [
    "two entries of one place that say different things",
    (config) => {
      config["pergola:cache"] = [
        { tag: "_buildcache", registry: place },
        { tag: "_buildcache-main", registry: { ...place, existing: true } },
      ];
    },
    [
      "pergola:cache[1].registry: is the registry of pergola:cache[0], but its entry says something else; write the same in both",
    ],
  ],
  ["the same tag twice", caches(place, place), ['pergola:cache[1].tag: "_buildcache" is listed twice']],
  [
    "ECR by its host, where the builders' role would get no right",
    caches({ kind: "dockerRegistry", host: `${OTHER}.dkr.ecr.eu-west-1.amazonaws.com` }),
    [
      `pergola:cache[0].registry.host: "${OTHER}.dkr.ecr.eu-west-1.amazonaws.com" has no login: builders could not write there, and would cache nothing; add one for this host to pergola:cluster.pullSecret.logins`,
      `pergola:cache[0].registry.host: "${OTHER}.dkr.ecr.eu-west-1.amazonaws.com" is a registry of ECR, to which the builders' role gets no right in this way; write kind: ecr, account: "${OTHER}" and region: eu-west-1 instead of the host`,
    ],
  ],
  [
    "ECR by its host, by a login that brings no right",
    (config) => {
      const host = `${OTHER}.dkr.ecr.cn-north-1.amazonaws.com.cn`;
      config["pergola:cluster"].pullSecret = { logins: [{ host, helper: "ecr-login" }] };
      caches({ kind: "dockerRegistry", host })(config);
    },
    [
      `pergola:cache[0].registry.host: "${OTHER}.dkr.ecr.cn-north-1.amazonaws.com.cn" is a registry of ECR, to which the builders' role gets no right in this way; write kind: ecr, account: "${OTHER}" and region: cn-north-1 instead of the host`,
    ],
  ],
  [
    "a registry that is not of AWS, without a login",
    caches({ kind: "dockerRegistry", host: "caches.example" }),
    [
      'pergola:cache[0].registry.host: "caches.example" has no login: builders could not write there, and would cache nothing; add one for this host to pergola:cluster.pullSecret.logins',
    ],
  ],
  [
    "a login that there is already",
    (config) => {
      const host = `${OTHER}.dkr.ecr.eu-west-1.amazonaws.com`;
      config["pergola:cluster"].pullSecret = { logins: [{ host, helper: "ecr-login" }] };
      caches(place)(config);
    },
    [
      `pergola:cluster.pullSecret.logins[0]: ${OTHER}.dkr.ecr.eu-west-1.amazonaws.com already has a login, at pergola:cache[0].registry; only one can be used`,
    ],
  ],
]);

test("a registry of caches in ECR is for images in ECR", () => {
  const change: Change = (config) => {
    config["pergola:cache"] = [{ tag: "_buildcache", registry: place }];
  };
  expect(problemsAfter(change)).toEqual([
    'pergola:cache[0].registry.kind: is "ecr", whose repositories are made for the images of a registry of kind ecr, but pergola:registry is of kind inCluster; write kind: dockerRegistry with its host, and a login for it',
  ]);
});

const mode =
  (more: object): Change =>
  (config) => {
    Object.assign(config["pergola:builder"].modes["cluster-buildkit"], more);
  };
const HOST = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

awsCases("the image that builders run from", [
  [
    "without the helper of the registry",
    mode({ image: "moby/buildkit:v0.33.1-rootless" }),
    [
      `pergola:builder.modes.cluster-buildkit.image: "moby/buildkit:v0.33.1-rootless" has no docker-credential-ecr-login, by which builders log in to ${HOST}; write an image that has it (docker.io/gardendev/buildkit, or one of your own with helpers: [ecr-login])`,
    ],
  ],
  ["one of their own, which is not known", mode({ image: "registry.example/builders/buildkit:1" }), []],
  [
    "one that is said to have the helper",
    mode({ image: "registry.example/moby/buildkit:1-rootless", helpers: ["ecr-login"] }),
    [],
  ],
  [
    "one that is said to have another",
    mode({ image: "registry.example/builders/buildkit:1", helpers: ["gcr"] }),
    [
      `pergola:builder.modes.cluster-buildkit.helpers: has no ecr-login: builders need docker-credential-ecr-login, by which builders log in to ${HOST}; write an image that has it, and its name here`,
    ],
  ],
  [
    "a helper that is no name",
    mode({ helpers: ["docker credential"] }),
    ['pergola:builder.modes.cluster-buildkit.helpers[0]: "docker credential" is not the name of a credential helper'],
  ],
  [
    "rootless, with an image that is not",
    mode({ image: "docker.io/gardendev/buildkit:v0.23.2" }),
    [
      'pergola:builder.modes.cluster-buildkit.profile: is "rootless", but "docker.io/gardendev/buildkit:v0.23.2" is made to run rootful; write rootful, or the same image with -rootless at the end of its tag',
    ],
  ],
  [
    "rootful, with an image that is not",
    mode({ profile: "rootful" }),
    [
      'pergola:builder.modes.cluster-buildkit.profile: is "rootful", but "docker.io/gardendev/buildkit:v0.23.2-rootless" is made to run rootless; write rootless, or the same image without -rootless in its tag',
    ],
  ],
  [
    "without the helper of another login",
    (config) => {
      config["pergola:cluster"].pullSecret = { logins: [{ host: "europe-docker.pkg.dev", helper: "gcr" }] };
      mode({ image: "registry.example/b:1", helpers: ["ecr-login"] })(config);
    },
    [
      "pergola:builder.modes.cluster-buildkit.helpers: has no gcr: builders need docker-credential-gcr, by which builders log in to europe-docker.pkg.dev; write an image that has it, and its name here",
    ],
  ],
  [
    "of kaniko, slim",
    (config) => {
      config["pergola:access"].namespaces.push("shop-kaniko");
      config["pergola:builder"].modes.kaniko = {
        namespaces: ["shop-kaniko"],
        image: "ghcr.io/osscontainertools/kaniko:v1.28.3-slim",
      };
    },
    [
      `pergola:builder.modes.kaniko.image: "ghcr.io/osscontainertools/kaniko:v1.28.3-slim" has no docker-credential-ecr-login, by which builders log in to ${HOST}; write an image that has it (ghcr.io/osscontainertools/kaniko, or one of your own with helpers: [ecr-login])`,
    ],
  ],
]);

test("stacks of all partitions are accepted, with a role and keys of their own", () => {
  for (const [region, partition] of [
    ["cn-north-1", "aws-cn"],
    ["us-gov-west-1", "aws-us-gov"],
  ]) {
    const { registry } = awsConfig((config) => {
      config["pergola:access"] = { kind: "none" };
      config["pergola:cluster"] = { context: "dev", builderNodes: [{ kind: "existing" }] };
      Object.assign(config["pergola:registry"], {
        region,
        assumeRole: { role: `arn:${partition}:iam::123456789012:role/registry` },
        encryption: { kind: "KMS", key: `arn:${partition}:kms:${region}:123456789012:key/1` },
        pull: { roles: [`arn:${partition}:iam::${OTHER}:role/nodes`] },
      });
    });
    expect(registry.kind).toBe("ecr");
  }
});
