// Bad stack files: every rule about caches in ECR, beside the images or in a registry of their own, with the exact message.
import { expect, test } from "vitest";
import { awsCases } from "./awsConfig.ts";
import { type Change, problemsAfter } from "./config.ts";
import { entry, OTHER, registry } from "./ecrChanges.ts";

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
      "pergola:cache[0].registry.account: is missing (account of the registry of caches)",
      "pergola:cache[0].registry.region: is missing (region of the registry of caches)",
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
    "an image called like the cache of another",
    (config) => {
      config["pergola:registry"].repositories = [
        { name: "shop/api", cache: false },
        { name: "shop/api/cache", cache: false },
      ];
      config["pergola:builder"].modes.kaniko = { namespaces: ["shop-kaniko"] };
      config["pergola:access"].namespaces.push("shop-kaniko");
      caches({ ...place, namespace: "x" })(config);
    },
    [
      "pergola:cache[0].registry.namespace: would keep the cache of shop/api/cache in x/shop/api/cache, which is the cache repository of another image there; write a namespace that nothing else is in",
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
      `pergola:cluster.pullSecret.logins[0]: is the credential helper ecr-login for ${OTHER}.dkr.ecr.eu-west-1.amazonaws.com, which already has the credential helper ecr-login, of pergola:cache[0].registry; only one can be used: remove one of them`,
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
