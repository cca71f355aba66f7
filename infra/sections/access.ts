/** `pergola:access`: as whom builders push, and who may build. */
import { z } from "zod";
import { checked, namespaceName } from "../configValues.ts";
import { GITHUB_AUDIENCE } from "../documents/aws/ciTrust.ts";
import { annotationKeyProblem } from "../documents/names.ts";
import { allowAnyNamespace, boundNamespaces, namespacePatterns, namespaces } from "./accessNamespaces.ts";
import { oidcProviderArn, roleArn, roleOptions } from "./awsValues.ts";
import { githubRepository, gitlabProject, gitlabUrl } from "./ciJobs.ts";
import { serviceAccountKey, workloadIdentity } from "./gcpAccess.ts";

/** Nothing is made: an identity was arranged elsewhere, or none is needed. */
const noAccess = z.strictObject({
  kind: z.literal("none"),
  annotations: z
    .record(checked(annotationKeyProblem), z.string())
    .default({})
    .describe("annotations of the builders' service account, where an identity was arranged elsewhere"),
  namespacePatterns,
  allowAnyNamespace,
});

const issuer = z
  .string()
  .regex(/^https:\/\/[a-z0-9.-]+(?::\d+)?(?:\/[\w./-]*[\w-])?$/, "is not an https URL without a slash at its end")
  .describe("issuer of the cluster's tokens (aws eks describe-cluster: identity.oidc.issuer)");

const oidcProvider = z.union([
  oidcProviderArn,
  z.strictObject({ create: z.literal(true), issuer }).describe("made by this stack"),
]);

/** Part of an environment with a role of its own. */
const team = z.strictObject({
  namespaces: z.array(namespaceName).min(1),
  repositories: z.array(z.string().min(1)).min(1).describe("names of pergola:registry.repositories"),
  role: roleOptions.prefault({}),
});

const teamName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, "is not the name of a team: at most 32 of a-z, 0-9 and inner -");

const teams = z
  .record(teamName, team)
  .optional()
  .describe("a role for each team, instead of one for all; namespacePatterns are not for teams");

const reference = z.string().regex(/^[\w./*@+#=,-]+$/, "is not the name of a branch or tag");

const github = z.strictObject({
  repository: githubRepository,
  branches: z.array(reference).default([]),
  tags: z.array(reference).default([]),
  environments: z.array(z.string().regex(/^[\w .-]+$/, "is not the name of an environment")).default([]),
  pullRequests: z.boolean().default(false).describe("also workflows of pull requests: whoever can open one"),
  audience: z
    .string()
    .min(1)
    .default(GITHUB_AUDIENCE)
    .describe("`audience` of aws-actions/configure-aws-credentials, whose default this is"),
  oidcProvider: z.union([oidcProviderArn, z.strictObject({ create: z.literal(true) })]),
});

const gitlab = z.strictObject({
  project: gitlabProject,
  url: gitlabUrl,
  branches: z.array(reference).default([]),
  tags: z.array(reference).default([]),
  audience: z.string().min(1).optional().describe("`aud` of the job's id_tokens; default: the URL of GitLab"),
  oidcProvider: z.union([oidcProviderArn, z.strictObject({ create: z.literal(true) })]),
});

const ci = z
  .union([
    z.strictObject({ role: roleArn.describe("role of the jobs, made elsewhere") }),
    z.strictObject({ github, role: roleOptions.prefault({}) }),
    z.strictObject({ gitlab, role: roleOptions.prefault({}) }),
  ])
  .describe(
    "identity of CI jobs that run builds: an EKS access entry puts it into the group of pergola:cluster.ci (the cluster's " +
      "authentication mode has to have access entries). It gets no right in AWS, neither to the registry, which builders have, nor to " +
      "describe the cluster: jobs bring a kubeconfig with `aws eks get-token`",
  );

const irsa = z.strictObject({
  kind: z.literal("irsa"),
  oidcProviders: z.array(oidcProvider).min(1).describe("one for each cluster whose builders get the role"),
  namespaces,
  namespacePatterns,
  allowAnyNamespace,
  teams,
  role: roleOptions.prefault({}),
  ci: ci.optional(),
});

const podIdentity = z.strictObject({
  kind: z.literal("podIdentity"),
  namespaces: boundNamespaces,
  namespacePatterns: z
    .array(z.string())
    .default([])
    .describe("has to be empty: an association of EKS Pod Identity names one namespace"),
  teams,
  role: roleOptions.prefault({}),
  ci: ci.optional(),
});

const existingRole = z.strictObject({
  kind: z.literal("existing"),
  role: roleArn.describe("role that builders assume by IRSA; what it has to allow and trust is printed"),
  oidcProviders: z
    .array(oidcProviderArn)
    .default([])
    .describe("OIDC providers of the clusters in the role's account, for the trust that is printed"),
  namespaces,
  namespacePatterns,
  allowAnyNamespace,
  ci: ci.optional(),
});

export const access = z
  .discriminatedUnion("kind", [noAccess, irsa, podIdentity, existingRole, workloadIdentity, serviceAccountKey])
  .describe(
    "by what identity builders push: { kind, ... }; { kind: none } where they log in with a password, or need no login",
  );

export type AccessConfig = z.infer<typeof access>;
export type IrsaConfig = z.infer<typeof irsa>;
export type PodIdentityConfig = z.infer<typeof podIdentity>;
export type ExistingRoleConfig = z.infer<typeof existingRole>;
/** A role of AWS. */
export type AwsAccessConfig = IrsaConfig | PodIdentityConfig | ExistingRoleConfig;
export type TeamConfig = z.infer<typeof team>;
export type CiIdentityConfig = z.infer<typeof ci>;
export type RoleOptions = z.infer<typeof roleOptions>;
