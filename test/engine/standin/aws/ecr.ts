/** Amazon ECR (API reference: CreateRepository, PutLifecyclePolicy, SetRepositoryPolicy). */
import { z } from "zod";
import type { Value, ValueMap } from "../../../../local/pulumi/wire.ts";
import { isList, isMap } from "../../../../local/pulumi/wire.ts";
import type { Place, Reference, ResourceType } from "../resourceType.ts";
import { asSet, canonical, text } from "../values.ts";
import { lifecyclePolicyText } from "./lifecycleGrammar.ts";
import { policyForm, policyText } from "./policies.ts";
import { arn, arnText, tagged, tags } from "./values.ts";

const REPOSITORY = "aws:ecr/repository:Repository";

const repositoryName = z
  .string()
  .min(2, "Repository name is shorter than 2 characters")
  .max(256, "Repository name is longer than 256 characters")
  .regex(
    /^(?:[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*\/)*[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/,
    "Invalid parameter at 'repositoryName' failed to satisfy constraint",
  );

const exclusionFilter = z.strictObject({
  filter: z
    .string()
    .regex(/^[0-9a-zA-Z._*-]{1,128}$/, "is no filter of tags")
    .refine((filter) => filter.split("*").length <= 3, "has more than two wildcards"),
  filterType: z.literal("WILDCARD"),
});

const repositoryInputs = z
  .strictObject({
    name: repositoryName,
    imageTagMutability: z.enum(["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"]),
    imageTagMutabilityExclusionFilters: z.array(exclusionFilter).min(1).max(5, "has more than five filters").optional(),
    imageScanningConfiguration: z.strictObject({ scanOnPush: z.boolean() }).optional(),
    encryptionConfigurations: z
      .array(
        z
          .strictObject({
            encryptionType: z.enum(["AES256", "KMS", "KMS_DSSE"]).optional(),
            kmsKey: arnText.optional(),
          })
          .refine(
            ({ encryptionType, kmsKey }) => kmsKey === undefined || encryptionType !== "AES256",
            "a KMS key is for the encryption type KMS",
          ),
      )
      .max(1)
      .optional(),
    forceDelete: z.boolean().optional(),
    tags,
  })
  .superRefine(({ imageTagMutability, imageTagMutabilityExclusionFilters }, context) => {
    const excludes = imageTagMutability.endsWith("_WITH_EXCLUSION");
    if (excludes === (imageTagMutabilityExclusionFilters !== undefined)) return;
    const message = `${excludes ? "are needed for" : "are not for"} ${imageTagMutability}`;
    context.addIssue({ code: "custom", path: ["imageTagMutabilityExclusionFilters"], message });
  });

const needsRepository = (inputs: ValueMap, { account }: Place): Reference[] => [
  {
    type: REPOSITORY,
    key: text(inputs, "repository"),
    missing:
      `RepositoryNotFoundException: The repository with name '${text(inputs, "repository")}' does not exist in the ` +
      `registry with id '${account}'`,
  },
];

/** A policy that hangs on one repository. */
const onRepository = (name: string, policy: z.ZodType, form: (value: Value) => Value): ResourceType => ({
  inputs: z.strictObject({ repository: repositoryName, policy }),
  key: (inputs) => text(inputs, "repository"),
  unique: "region",
  duplicate: `%s has a ${name} already`,
  references: needsRepository,
  replaces: ["repository"],
  forms: { policy: form },
  computes: (_, { account }) => ({ registryId: account }),
});

/** The provider sorts rules by priority and what they select by name (ecr: equivalentLifecyclePolicyJSON). */
function lifecycleForm(value: Value): Value {
  const document = JSON.parse(String(value)) as { rules: ValueMap[] };
  const rules = [...document.rules]
    .sort((a, b) => Number(a.rulePriority) - Number(b.rulePriority))
    .map((rule) => ({ ...rule, selection: sortedSelection(rule.selection as ValueMap) }));
  return JSON.stringify(canonical({ ...document, rules }));
}

function sortedSelection(selection: ValueMap): ValueMap {
  return Object.fromEntries(Object.entries(selection).map(([key, item]) => [key, asSet(item ?? null)]));
}

export const ECR: Readonly<Record<string, ResourceType>> = {
  [REPOSITORY]: {
    inputs: repositoryInputs,
    defaults: { imageTagMutability: "MUTABLE" },
    key: (inputs) => text(inputs, "name"),
    unique: "region",
    duplicate: "RepositoryAlreadyExistsException: The repository with name '%s' already exists in the registry",
    replaces: ["name", "encryptionConfigurations"],
    forms: { imageTagMutabilityExclusionFilters: asSet, encryptionConfigurations: encryptionForm },
    computes(inputs, place) {
      const { account, region } = place;
      const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
      const name = text(inputs, "name");
      return {
        arn: arn(place, "ecr", `repository/${name}`),
        registryId: account,
        repositoryUrl: `${account}.dkr.ecr.${region}.${domain}/${name}`,
        ...tagged(inputs),
      };
    },
  },
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": onRepository("lifecycle policy", lifecyclePolicyText, lifecycleForm),
  "aws:ecr/repositoryPolicy:RepositoryPolicy": onRepository("policy", policyText("repository"), policyForm),
};

/** Without a type it is AES256. */
function encryptionForm(value: Value): Value {
  return isList(value) ? value.map((one) => (isMap(one) ? { encryptionType: "AES256", ...one } : one)) : value;
}
