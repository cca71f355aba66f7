/** Values of AWS that stack files are made of. */
import { z } from "zod";
import { checked } from "../configValues.ts";
import { accountProblem, arnProblem, regionProblem } from "../documents/aws/partition.ts";
import { roleNameProblem, rolePathProblem } from "../documents/aws/roleNames.ts";

/** Said of an account id that is a number: YAML made one of it, and whoever wrote it did not mean to. */
const UNQUOTED = "a string in quotes, as without them YAML takes an account id for a number and drops a leading zero";

/** Account id: twelve digits, in quotes. */
export const accountId = checked(accountProblem, (found) => (typeof found === "number" ? UNQUOTED : null)).describe(
  'id of an AWS account, in quotes: "123456789012"',
);

export const region = checked(regionProblem).describe("AWS region, such as eu-central-1");

/** ARN of a resource of one service. @param what what it names, in messages: `an IAM role` @param form beginning of its resource part */
export const arn = (service: string, form: RegExp, what: string) =>
  checked((value) => arnProblem(value, service, form, what)).describe(`ARN of ${what}`);

// Without wildcards: as a principal AWS refuses them, and in a condition on ARNs they mean any role.
export const roleArn = arn("iam", /^role\/(?:[^\s*?]+\/)?[\w+=,.@-]{1,64}$/, "an IAM role");
export const oidcProviderArn = arn("iam", /^oidc-provider\/[^\s*?]+$/, "an IAM OIDC provider");
export const policyArn = arn("iam", /^policy\/(?:[^\s*?]+\/)?[\w+=,.@-]{1,128}$/, "an IAM policy");
export const keyArn = arn("kms", /^key\//, "a KMS key");

/** Tags of AWS's resources (128 and 256 characters; keys that begin with aws: are AWS's own). */
export const tags = z
  .record(
    z.string().regex(/^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u, "is not the key of a tag, or begins with aws:"),
    z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u, "is not the value of a tag"),
  )
  .default({});

/** Tags that things which are there have, also those that AWS itself gave them (`aws:eks:cluster-name`). `*` is any value. */
export const tagSelector = z
  .record(
    z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u, "is not the key of a tag"),
    z.string().regex(/^(?:\*|[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256})$/u, 'is neither the value of a tag nor "*", any value'),
  )
  .default({});

/** Who a provider acts as, where it is not the ambient identity. */
export const assumeRole = z.strictObject({
  role: roleArn,
  externalId: z.string().min(2).max(1224).optional(),
  sessionName: z
    .string()
    .regex(/^[\w+=,.@-]{2,64}$/, "is not the name of a session")
    .default("pergola"),
});

/** How a role that is made is made. */
export const roleOptions = z.strictObject({
  name: checked(roleNameProblem)
    .optional()
    .describe("default: <stack>-builder; of a team: <stack>-builder-<team>; of CI jobs: <stack>-ci"),
  path: checked(rolePathProblem).default("/"),
  permissionsBoundary: policyArn.optional(),
  maxSessionSeconds: z.int().min(3600, "is less than 3600").max(43_200, "is more than 43200").default(3600),
  tags,
});
