/** `pergola:access` of the kinds `workloadIdentity` and `serviceAccountKey`: builders as a service account of Google Cloud. */
import { z } from "zod";
import { allowAnyNamespace, boundNamespaces, namespacePatterns } from "./accessNamespaces.ts";
import { ci } from "./gcpCi.ts";
import { projectId, serviceAccount } from "./gcpValues.ts";

const scope = z
  .enum(["repository", "project"])
  .default("repository")
  .describe(
    "project: builders may write to all repositories of the registry's project, also those that are made later",
  );

/** The kind of access to a registry of Google's whose file names none: no key is anywhere. */
export const DEFAULT_GCP_ACCESS = "workloadIdentity";

export const workloadIdentity = z.strictObject({
  kind: z.literal(DEFAULT_GCP_ACCESS).describe("may be left out where the registry is artifactRegistry or gcr"),
  serviceAccount: serviceAccount.describe(
    "service account that builders push as: an id to make one, or { existing: ADDRESS }",
  ),
  project: projectId.optional().describe("project of the service account; default: the registry's"),
  clusterProject: projectId
    .optional()
    .describe(
      "project of the cluster, of which builders are principals; default: cluster.gke.project. All clusters of a project share one pool " +
        "of them: in each, the same namespace and account are the same principal",
    ),
  namespaces: boundNamespaces,
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
  project: projectId.optional().describe("project of the service account; default: the registry's"),
  rotation: z
    .int()
    .min(1, "is less than 1")
    .describe(
      "number of the present key, 1 at first: one more makes a new key, puts it into the pull secrets, and deletes the one before the previous one; " +
        "two more delete the key that builds use, too. A first up above 1 makes the key before it, too, unless keep is none",
    ),
  keep: z
    .enum(["previous", "none"])
    .default("previous")
    .describe(
      "previous: the key before the present one works on, for builds that run while it is changed, if rotation is raised by one; " +
        "none: it is deleted at once",
    ),
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
