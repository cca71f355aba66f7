// Bad stack files: every name and field of a repository in ECR once, with the exact message.
import { awsCases } from "./awsConfig.ts";
import { entry, registry } from "./ecrChanges.ts";

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
    ["pergola:registry.repositories[0].name: is missing (name of a repository, without the registry's host)"],
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
