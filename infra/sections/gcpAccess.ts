/** `pergola:access` of the kinds `workloadIdentity` and `serviceAccountKey`: builders as a service account of Google Cloud. */
import { z } from "zod";
import { allowAnyNamespace, namespacePatterns, namespaces } from "./accessNamespaces.ts";
import { projectId, serviceAccount, serviceAccountEmail } from "./gcpValues.ts";

const reference = z.string().regex(/^[\w./@+#=,-]+$/, "is not the name of a branch or tag");

const workloadIdentityPool = z
  .union([
    z
      .string()
      .regex(
        /^projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/,
        "is not projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
      ),
    z.strictObject({
      create: z.literal(true),
      pool: z
        .string()
        .regex(/^[a-z0-9-]{4,32}$/, "is not the id of a pool: 4 to 32 of a-z, 0-9 and -")
        .optional(),
    }),
  ])
  .describe("provider of Workload Identity Federation that the jobs' tokens come by");

const github = z.strictObject({
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "is not OWNER/REPOSITORY"),
  branches: z.array(reference).default([]),
  tags: z.array(reference).default([]),
  provider: workloadIdentityPool,
});

const gitlab = z.strictObject({
  project: z.string().regex(/^[\w.-]+(?:\/[\w.-]+)+$/, "is not GROUP/PROJECT"),
  url: z
    .string()
    .regex(/^https:\/\/[a-z0-9.-]+(?::\d+)?$/, "is not an https URL without a path")
    .default("https://gitlab.com"),
  branches: z.array(reference).default([]),
  tags: z.array(reference).default([]),
  provider: workloadIdentityPool,
});

const ci = z
  .union([
    z.strictObject({ serviceAccount: serviceAccountEmail.describe("service account of the jobs, made elsewhere") }),
    z.strictObject({ github, serviceAccount: serviceAccount.optional() }),
    z.strictObject({ gitlab, serviceAccount: serviceAccount.optional() }),
  ])
  .describe(
    "identity of CI jobs that run builds: it may reach the cluster's API, where it is bound to what building needs; it gets no " +
      "right to the registry, which builders have",
  );

const scope = z
  .enum(["repository", "project"])
  .default("repository")
  .describe("project: builders may write to all repositories of the registry's project");

export const workloadIdentity = z.strictObject({
  kind: z.literal("workloadIdentity"),
  serviceAccount: serviceAccount.describe(
    "service account that builders push as: an id to make one, or { existing: ADDRESS }",
  ),
  project: projectId.optional().describe("project that it is made in; default: the registry's"),
  clusterProject: projectId.optional().describe("project of the cluster; default: cluster.gke.project"),
  namespaces,
  namespacePatterns: z
    .array(z.string())
    .default([])
    .describe("has to be empty: a member of Workload Identity names one namespace"),
  scope,
  ci: ci.optional(),
});

export const serviceAccountKey = z.strictObject({
  kind: z.literal("serviceAccountKey"),
  serviceAccount: serviceAccount.describe(
    "service account whose keys builders have: an id to make one, or { existing: ADDRESS }",
  ),
  project: projectId.optional().describe("project that it is made in; default: the registry's"),
  rotation: z
    .int()
    .min(1, "is less than 1")
    .describe("number of the present key: one more makes a new key, and deletes the last but one"),
  keep: z
    .enum(["previous", "none"])
    .default("previous")
    .describe("previous: the key before the present one works on, for builds that run while it is changed"),
  username: z
    .enum(["_json_key_base64", "_json_key"])
    .default("_json_key_base64")
    .describe("form in which the registry gets the key"),
  namespacePatterns,
  allowAnyNamespace,
  scope,
  ci: ci.optional(),
});

export type WorkloadIdentityConfig = z.infer<typeof workloadIdentity>;
export type ServiceAccountKeyConfig = z.infer<typeof serviceAccountKey>;
/** A service account of Google Cloud. */
export type GcpAccessConfig = WorkloadIdentityConfig | ServiceAccountKeyConfig;
export type GcpCiConfig = z.infer<typeof ci>;
