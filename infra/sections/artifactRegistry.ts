/** `pergola:registry` of the kinds `artifactRegistry` and `gcr`: a repository of Google's Artifact Registry. */
import { z } from "zod";
import { checked } from "../configValues.ts";
import { repositoryIdProblem } from "../documents/gcp/names.ts";
import { GCR_LOCATIONS } from "../documents/gcp/registryHosts.ts";
import { impersonate, kmsKey, labels, projectId, registryLocation, serviceAccountEmail } from "./gcpValues.ts";

export const repositoryId = checked(repositoryIdProblem).describe("id of a repository of Artifact Registry");

const time = z
  .string({ error: (issue) => (issue.input === undefined ? null : 'a time like "30d" or "12h"') })
  .regex(/^[1-9]\d*[dhms]$/, 'is not a time like "30d" or "12h"');

const packageNamePrefixes = z
  .array(z.string().min(1))
  .default([])
  .describe("beginnings of names of images, without host, project and repository");

/** One policy of clean-up (Artifact Registry, "Configure cleanup policies"), by its id. */
const cleanupPolicy = z.union([
  z.strictObject({
    action: z.enum(["delete", "keep"]),
    condition: z.strictObject({
      tagState: z.enum(["tagged", "untagged", "any"]).default("any"),
      tagPrefixes: z.array(z.string().min(1)).default([]).describe("beginnings of tags, one of which a version has"),
      packageNamePrefixes,
      olderThan: time.optional().describe("since it was pushed: 30d, 12h"),
      newerThan: time.optional().describe("since it was pushed: 30d, 12h"),
    }),
  }),
  z.strictObject({
    action: z.literal("keep"),
    mostRecentVersions: z.strictObject({
      keepCount: z.int().min(1, "is less than one version"),
      packageNamePrefixes,
    }),
  }),
]);

const cleanup = z.strictObject({
  dryRun: z
    .boolean()
    .default(true)
    .describe("policies only write to the audit log what they would delete; look there before this becomes false"),
  policies: z
    .record(
      z
        .string()
        .regex(
          /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
          "is not the id of a policy: a lower-case letter, then lower-case letters, digits and hyphens, at most 63 characters, no hyphen at the end",
        ),
      cleanupPolicy,
    )
    .default({})
    .describe("of the images' repository, by id; those of a repository of caches follow from the modes that build"),
});

const pull = z.strictObject({ serviceAccounts: z.array(serviceAccountEmail).default([]) });

/** A repository that fetches base images from elsewhere and keeps them. */
const remote = z.union([
  z.strictObject({
    repository: repositoryId,
    of: z
      .union([
        z.literal("dockerHub"),
        z
          .string()
          .regex(/^https:\/\/[^/\s]+(?:\/[^\s]*)?$/, "is neither dockerHub nor an https URL")
          .check((context) => {
            if (!/^https:\/\/(hub\.docker\.com|docker\.io)(\/|$)/.test(context.value)) return;
            context.issues.push({ code: "custom", message: "is Docker Hub; write dockerHub", input: context.value });
          }),
      ])
      .describe("dockerHub, or the URL of another registry; it has to let anybody pull"),
  }),
  z.strictObject({
    repository: repositoryId,
    existing: z.literal(true).describe("it is there and stays as it is: builders only get the right to pull"),
  }),
]);

const shared = {
  existing: z.boolean().default(false).describe("it is there and stays as it is: builders only get the right to push"),
  import: z
    .boolean()
    .default(false)
    .describe(
      "it is there, and is taken over: from then on it is this stack's, and what differs from the file is changed to it at once",
    ),
  immutableTags: z
    .boolean()
    .default(false)
    .describe(
      "no tag of the repository moves, without exceptions: caches are then in a second repository, which is made with movable tags",
    ),
  cacheRepository: z
    .union([repositoryId, z.strictObject({ existing: repositoryId })])
    .optional()
    .describe(
      "repository of the caches, of immutableTags; default: <repository>-cache. { existing: ID }: it is there and stays as it is; its " +
        "tags have to move",
    ),
  kmsKey: kmsKey
    .optional()
    .describe(
      "key of the repositories, default: Google's own. Another one later is another repository without the images, which protect refuses. " +
        "Artifact Registry's service agent needs roles/cloudkms.cryptoKeyEncrypterDecrypter on it",
    ),
  labels,
  scanning: z
    .enum(["inherited", "disabled"])
    .default("inherited")
    .describe("of images for vulnerabilities; inherited: as the project has it"),
  cleanup: cleanup.prefault({}),
  pull: pull
    .prefault({})
    .describe(
      "who else may pull images and base images, beside builders and node pools of this stack: the service account of nodes that others " +
        "made, or that Autopilot makes",
    ),
  enableApis: z
    .boolean()
    .default(true)
    .describe("the APIs that are needed are enabled; they stay enabled when the stack is destroyed"),
  protect: z
    .boolean()
    .default(true)
    .describe("pulumi destroy refuses to delete it, with all images in it, until this is false"),
  impersonate: impersonate.optional(),
};

export const artifactRegistry = z.strictObject({
  kind: z.literal("artifactRegistry"),
  project: projectId,
  location: registryLocation,
  repository: repositoryId,
  ...shared,
  remotes: z
    .array(remote)
    .default([])
    .describe(
      "repositories that keep base images of other registries: FROM LOCATION-docker.pkg.dev/PROJECT/REMOTE/library/node:24 is " +
        "node:24 of Docker Hub",
    ),
});

export const gcr = z.strictObject({
  kind: z.literal("gcr"),
  project: projectId,
  host: z
    .enum(Object.keys(GCR_LOCATIONS) as [keyof typeof GCR_LOCATIONS, ...(keyof typeof GCR_LOCATIONS)[]])
    .describe(
      "a repository of Artifact Registry by this id is behind it: of gcr.io and us.gcr.io in us, of the others in europe and asia",
    ),
  ...shared,
});

export type ArtifactRegistryConfig = z.infer<typeof artifactRegistry>;
export type GcrConfig = z.infer<typeof gcr>;
/** A registry that is Google's. */
export type GarConfig = ArtifactRegistryConfig | GcrConfig;
export type CleanupConfig = z.infer<typeof cleanup>;
