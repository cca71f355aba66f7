/** `pergola:registry` of kind `ecr`: Amazon ECR, and what its repositories are like. */
import { z } from "zod";
import { checked } from "../configValues.ts";
import { ecrNameProblem } from "../documents/aws/ecrName.ts";
import { tagFilterProblem, tagPatternProblem } from "../documents/aws/ecrTags.ts";
import { accountId, assumeRole, keyArn, region, roleArn, tags } from "./awsValues.ts";

const repositoryName = checked(ecrNameProblem).describe("name of a repository, without the registry's host");
const days = z.int().min(1, "is less than one day");

const mutability = z
  .enum(["mutable", "immutable", "immutableWithExclusion"])
  .describe(
    "immutableWithExclusion: no tag moves but those of `mutableTags`. BuildKit's cache is a tag of the image repository, which has " +
      "to move",
  );

/** ECR takes one to five filters (API reference, CreateRepository: imageTagMutabilityExclusionFilters). */
const mutableTags = z
  .array(checked(tagFilterProblem))
  .min(1)
  .max(5, "has more than five entries, the most that ECR takes")
  .describe("tags that may be moved, of immutableWithExclusion");

export const encryption = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("AES256") }),
  z.strictObject({ kind: z.literal("KMS"), key: keyArn.optional().describe("default: AWS's own key for ECR") }),
]);

/** One rule of a lifecycle policy (ECR user guide, "Lifecycle policy properties"), without its priority. */
const lifecycleRule = z.strictObject({
  description: z.string().max(256).optional(),
  tags: z
    .union([z.literal("untagged"), z.literal("any"), z.array(checked(tagPatternProblem)).min(1)])
    .describe("patterns of tags (a rule is about images that have a tag for each of them), untagged, or any"),
  expire: z.union([
    z.strictObject({ afterDays: days.describe("since it was pushed") }),
    z.strictObject({ beyondCount: z.int().min(1, "is less than one image").describe("all but the newest") }),
  ]),
});

const lifecycle = z.strictObject({
  untaggedDays: days
    .nullable()
    .optional()
    .describe(
      "images without a tag go so many days after they were pushed, but for parts of an image index, which go with it. Default: 14, " +
        "or as `rules` say. null: they stay",
    ),
  buildCacheDays: days
    .nullable()
    .default(30)
    .describe(
      "tags _buildcache-* (of branches) go after so many days; those of pergola:cache stay, whatever their age. null: they all stay",
    ),
  rules: z.array(lifecycleRule).default([]).describe("before those above, in this order; one for `any` comes last"),
});

const principals = z.strictObject({
  accounts: z.array(accountId).default([]),
  organizations: z
    .array(z.string().regex(/^o-[a-z0-9]{10,32}$/, "is not the id of an organization (o-...)"))
    .default([]),
  roles: z.array(roleArn).default([]),
});

/** What holds for every repository unless its own entry says otherwise. */
const shared = {
  tagMutability: mutability,
  mutableTags,
  scanOnPush: z.boolean().describe("basic scanning of each image that is pushed"),
  lifecycle,
  pull: principals.describe(
    "who else may pull, beside the builders and whoever the registry's account allows to: the account of a cluster, too, where it is another",
  ),
  push: principals.describe("who else may push and pull"),
  protect: z.boolean().describe("pulumi destroy refuses to delete it until this is false"),
  forceDelete: z.boolean().describe("it is deleted with the images that are in it"),
  tags,
};

const repository = z.strictObject({
  name: repositoryName,
  existing: z
    .boolean()
    .default(false)
    .describe(
      "it is there and stays as it is: only its cache repository is made. tagMutability and mutableTags say what it is like. In " +
        "another account than the builders' roles, its own policy has to let them push",
    ),
  import: z
    .boolean()
    .default(false)
    .describe(
      "it is there, and is taken over: from then on it is this stack's. What this file says otherwise changes with the first pulumi up; " +
        "policies that it has are replaced",
    ),
  cache: z
    .union([
      z.literal(false),
      z.strictObject({
        repository: repositoryName.optional().describe("default: <name>/cache; may be shared by several repositories"),
        existing: z.boolean().default(false).describe("it is there and stays as it is; its tags have to be mutable"),
      }),
    ])
    .optional()
    .describe("repository of kaniko's cache, always mutable; default: <name>/cache. false: none"),
  encryption: encryption
    .optional()
    .describe("of the repository and its cache; of one that exists: what it has, so that its cache has the same"),
  tagMutability: shared.tagMutability.optional(),
  mutableTags: shared.mutableTags.optional(),
  scanOnPush: shared.scanOnPush.optional(),
  lifecycle: shared.lifecycle.optional(),
  pull: shared.pull.optional(),
  push: shared.push.optional(),
  protect: shared.protect.optional(),
  forceDelete: shared.forceDelete.optional(),
  tags: shared.tags.optional(),
});

export const ecrRegistry = z.strictObject({
  kind: z.literal("ecr"),
  account: accountId.describe("account of the registry"),
  region: region.describe("region of the registry"),
  assumeRole: assumeRole
    .optional()
    .describe("role that makes the repositories, such as one of the registry's own account"),
  repositories: z.array(z.union([repositoryName, repository])).min(1),
  tagMutability: shared.tagMutability.default("immutableWithExclusion"),
  mutableTags: shared.mutableTags.optional().describe("default: _buildcache*"),
  scanOnPush: shared.scanOnPush.default(true),
  encryption: encryption
    .default({ kind: "AES256" })
    .describe("of all repositories and their caches; it cannot be changed once they are there"),
  lifecycle: shared.lifecycle.prefault({}),
  pull: shared.pull.prefault({}),
  push: shared.push.prefault({}),
  protect: shared.protect.default(true),
  forceDelete: shared.forceDelete.default(false),
  tags,
});

export type EcrRegistryConfig = z.infer<typeof ecrRegistry>;
export type EcrRepositoryConfig = z.infer<typeof repository>;
export type EncryptionConfig = z.infer<typeof encryption>;
export type EcrLifecycleConfig = z.infer<typeof lifecycle>;
export type PrincipalsConfig = z.infer<typeof principals>;
