// Bad stack files: every field of a registry of kind `ecr` once, with the exact message; and good ones of all partitions.
import { expect, test } from "vitest";
import { awsCases, awsConfig } from "./awsConfig.ts";
import { OTHER, registry } from "./ecrChanges.ts";

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
  [
    "no account",
    registry((it) => delete it.account),
    ["pergola:registry.account: is missing (account of the registry)"],
  ],
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
  ["no region", registry((it) => delete it.region), ["pergola:registry.region: is missing (region of the registry)"]],
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
    "any role of an account",
    registry((it) => (it.push = { roles: ["arn:aws:iam::123456789012:role/*"] })),
    ['pergola:registry.push.roles[0]: "arn:aws:iam::123456789012:role/*" is an ARN, but not of an IAM role'],
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
