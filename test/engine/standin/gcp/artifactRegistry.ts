/** Artifact Registry (REST reference, `projects.locations.repositories`; provider docs, `google_artifact_registry_repository`). */
import { z } from "zod";
import type { Value, ValueMap } from "../../../../local/pulumi/wire.ts";
import { isList, isMap } from "../../../../local/pulumi/wire.ts";
import type { Place, ResourceType } from "../resourceType.ts";
import { asSet, text } from "../values.ts";
import { keyProblem } from "./keys.ts";
import { authoritative, iamMember, isBelow, notOffered } from "./members.ts";
import { apiReference } from "./projects.ts";
import { googleError, isRegion, kmsKey, labelled, labels, projectId, projectOf } from "./values.ts";

export const REPOSITORY = "gcp:artifactregistry/repository:Repository";
const REPOSITORY_MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember";

/** Repositories that are behind hosts of gcr.io, and where ("Transition to repositories with gcr.io domain support"). */
const GCR: Readonly<Record<string, string>> = {
  "gcr.io": "us",
  "us.gcr.io": "us",
  "eu.gcr.io": "europe",
  "asia.gcr.io": "asia",
};

const location = z
  .string()
  .refine((one) => ["us", "europe", "asia"].includes(one) || isRegion(one), "is no location of Artifact Registry");

/** "Create standard repositories": lower-case letters, digits and hyphens, at most 63. */
const repositoryId = z
  .string()
  .refine((id) => id in GCR || /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(id), "is not the id of a repository");

/** Seconds, or with the units that the provider knows (provider: parseDurationAsSeconds). */
const duration = z.string().regex(/^\d+[smhd]$/, "is not a duration");
const prefixes = z.array(z.string().min(1)).optional();

/** REST reference, `CleanupPolicy`: either a condition or the most recent versions, and these are only kept. */
const cleanupPolicy = z
  .strictObject({
    id: z.string().min(1).max(127, "is longer than 127 characters"),
    action: z.enum(["DELETE", "KEEP"]),
    condition: z
      .strictObject({
        tagState: z.enum(["TAGGED", "UNTAGGED", "ANY"]).optional(),
        tagPrefixes: prefixes,
        versionNamePrefixes: prefixes,
        packageNamePrefixes: prefixes,
        olderThan: duration.optional(),
        newerThan: duration.optional(),
      })
      .optional(),
    mostRecentVersions: z.strictObject({ keepCount: z.int().min(1), packageNamePrefixes: prefixes }).optional(),
  })
  .refine((one) => (one.condition === undefined) !== (one.mostRecentVersions === undefined), {
    message: "has either a condition or mostRecentVersions",
  })
  .refine((one) => one.mostRecentVersions === undefined || one.action === "KEEP", {
    message: "mostRecentVersions goes only with KEEP",
  });

/** Provider schema: exactly one of the sources; `customRepository` of a Docker source is deprecated for `commonRepository`. */
const remote = z
  .strictObject({
    description: z.string().optional(),
    disableUpstreamValidation: z.boolean().optional(),
    dockerRepository: z.strictObject({ publicRepository: z.literal("DOCKER_HUB") }).optional(),
    commonRepository: z
      .strictObject({
        uri: z
          .string()
          .regex(
            /^(https:\/\/[^/\s]+(\/\S*)?|projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/]+)$/,
            "is no registry",
          ),
      })
      .optional(),
    upstreamCredentials: z
      .strictObject({
        usernamePasswordCredentials: z.strictObject({
          username: z.string().min(1),
          passwordSecretVersion: z
            .string()
            .regex(/^projects\/[^/]+\/secrets\/[\w-]+\/versions\/[\w-]+$/, "is no version of a secret"),
        }),
      })
      .optional(),
  })
  .refine((one) => (one.dockerRepository === undefined) !== (one.commonRepository === undefined), {
    message: "has exactly one source",
  });

const repositoryInputs = z
  .strictObject({
    project: projectId.optional(),
    location,
    repositoryId,
    format: z.string().refine((one) => one.toUpperCase() === "DOCKER", "is not for images"),
    mode: z.enum(["STANDARD_REPOSITORY", "REMOTE_REPOSITORY"]),
    description: z.string().max(1024).optional(),
    labels,
    kmsKeyName: kmsKey.optional(),
    dockerConfig: z.strictObject({ immutableTags: z.boolean().optional() }).optional(),
    cleanupPolicies: z.array(cleanupPolicy).optional(),
    cleanupPolicyDryRun: z.boolean().optional(),
    vulnerabilityScanningConfig: z.strictObject({ enablementConfig: z.enum(["INHERITED", "DISABLED"]) }).optional(),
    remoteRepositoryConfig: remote.optional(),
  })
  .superRefine((inputs, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    const { repositoryId: id, location: place, kmsKeyName: key, cleanupPolicies = [] } = inputs;
    if (id in GCR && GCR[id] !== place) problem("location", `is not where ${id} is: ${GCR[id]}`);
    // "Enabling customer-managed encryption keys": repository and key are in one location.
    if (key !== undefined && key.split("/")[3] !== place) problem("kmsKeyName", `is not in ${place}`);
    // REST reference, `mode` and `remoteRepositoryConfig`, which is "specific for a Remote Repository"; the words are ours.
    if ((inputs.mode === "REMOTE_REPOSITORY") !== (inputs.remoteRepositoryConfig !== undefined)) {
      problem("remoteRepositoryConfig", "goes with mode REMOTE_REPOSITORY, and only with it");
    }
    // REST reference: ids are the keys of the map `cleanupPolicies`, so of two the provider would send one.
    if (new Set(cleanupPolicies.map((one) => one.id)).size < cleanupPolicies.length) {
      problem("cleanupPolicies", "two policies have one id");
    }
  });

/** `projects/P/locations/L/repositories/R`. */
function fullName(project: string, place: string, id: string): string {
  return `projects/${project}/locations/${place}/repositories/${id}`;
}

const repositoryName = (inputs: ValueMap, place: Place) =>
  fullName(projectOf(inputs, place), text(inputs, "location"), text(inputs, "repositoryId"));

/** A repository that a policy is of, by its id or full name (provider: CompareSelfLinkOrResourceName). */
const parentOf = (inputs: ValueMap, place: Place) =>
  fullName(projectOf(inputs, place), text(inputs, "location"), text(inputs, "repository").split("/").at(-1) as string);

/** Durations in seconds, as the API answers with them, and the default of `tagState`; policies are a set. */
function policiesForm(value: Value): Value {
  return isList(value) ? asSet(value.map((one) => (isMap(one) ? policyForm(one) : one))) : value;
}

function policyForm(policy: ValueMap): ValueMap {
  if (!isMap(policy.condition)) return policy;
  const inSeconds = Object.entries(policy.condition).map(([key, value]) => [
    key,
    key === "olderThan" || key === "newerThan" ? `${seconds(String(value))}s` : value,
  ]);
  return { ...policy, condition: { tagState: "ANY", ...Object.fromEntries(inSeconds) } };
}

function seconds(text: string): number {
  return Number.parseInt(text, 10) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[text.at(-1) as "s" | "m" | "h" | "d"] ?? 1);
}

/** What Google says of scanning beside what was asked for is nobody's change. */
function scanningForm(value: Value): Value {
  return isMap(value) ? { enablementConfig: value.enablementConfig } : value;
}

export const ARTIFACT_REGISTRY: Readonly<Record<string, ResourceType>> = {
  [REPOSITORY]: {
    inputs: repositoryInputs,
    defaults: { mode: "STANDARD_REPOSITORY" },
    key: repositoryName,
    unique: "cloud",
    duplicate: googleError(409, "the repository already exists: %s"),
    references: (inputs, place) => [apiReference(projectOf(inputs, place), "artifactregistry")],
    refuses: (inputs, all, place) => keyProblem(inputs, projectOf(inputs, place), all),
    takesAlong: (properties, other) =>
      isBelow(
        fullName(text(properties, "project"), text(properties, "location"), text(properties, "name")),
        [REPOSITORY_MEMBER],
        other,
      ),
    // What is immutable in the provider's description of it (GoogleCloudPlatform/magic-modules, mmv1/products/artifactregistry).
    replaces: [
      ...["project", "location", "repositoryId", "format", "mode", "kmsKeyName"],
      ...["remoteRepositoryConfig.dockerRepository", "remoteRepositoryConfig.commonRepository"],
      "remoteRepositoryConfig.description",
    ],
    forms: {
      format: (value) => String(value).toUpperCase(),
      cleanupPolicies: policiesForm,
      vulnerabilityScanningConfig: scanningForm,
    },
    returns: (inputs) => ({
      ...inputs,
      format: text(inputs, "format").toUpperCase(),
      ...(inputs.cleanupPolicies === undefined ? {} : { cleanupPolicies: policiesForm(inputs.cleanupPolicies) }),
      vulnerabilityScanningConfig: {
        enablementConfig: "INHERITED",
        ...(inputs.vulnerabilityScanningConfig as ValueMap | undefined),
        enablementState: "SCANNING_DISABLED",
      },
    }),
    computes: (inputs, place) => {
      const project = projectOf(inputs, place);
      const host = `${text(inputs, "location")}-docker.pkg.dev`;
      return {
        project,
        name: text(inputs, "repositoryId"),
        registryUri: `${host}/${project.replace(":", "/")}/${text(inputs, "repositoryId")}`,
        createTime: "2026-01-01T00:00:00.000000Z",
        updateTime: "2026-01-01T00:00:00.000000Z",
        ...labelled(inputs),
      };
    },
  },
  [REPOSITORY_MEMBER]: iamMember({
    parent: { project: projectId.optional(), location, repository: z.string().min(1) },
    resource: parentOf,
    reference: (inputs, place) => {
      const key = parentOf(inputs, place);
      return { type: REPOSITORY, key, missing: googleError(404, `Requested entity was not found: ${key}`) };
    },
    roles: ["roles/artifactregistry.reader", "roles/artifactregistry.writer", "roles/artifactregistry.repoAdmin"],
    tooMuch: { "roles/artifactregistry.admin": "lets the member change the repository's own policy" },
    forms: { repository: (value) => String(value).split("/").at(-1) as string },
    // Provider: the updater writes the full name.
    returns: (inputs, place) => ({ ...inputs, project: projectOf(inputs, place), repository: parentOf(inputs, place) }),
  }),
  "gcp:artifactregistry/repositoryIamBinding:RepositoryIamBinding": authoritative("a role in the repository"),
  "gcp:artifactregistry/repositoryIamPolicy:RepositoryIamPolicy": authoritative("the repository's whole policy"),
  "gcp:container/registry:Registry": notOffered("is a bucket of Container Registry, which is shut down"),
};
