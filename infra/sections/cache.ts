/** `pergola:cache`: what BuildKit keeps of its builds in registries. */
import { z } from "zod";
import { registryHost, repositoryPrefix } from "../configValues.ts";
import { repositoryId } from "./artifactRegistry.ts";
import { accountId, assumeRole, region } from "./awsValues.ts";
import { product } from "./dockerRegistry.ts";
import { encryption } from "./ecrRegistry.ts";
import { impersonate, kmsKey, labels, projectId, registryLocation } from "./gcpValues.ts";

const namespace = repositoryPrefix.default("").describe("path between host and image name");

const dockerRegistry = z.strictObject({
  kind: z.literal("dockerRegistry"),
  host: registryHost,
  product: product.optional(),
  namespace,
  insecure: z.boolean().default(false).describe("plain HTTP"),
});

/** For images in ECR: the builders' roles get exactly what they need there. */
const ecr = z.strictObject({
  kind: z.literal("ecr"),
  account: accountId.describe("account of the registry of caches"),
  region: region.describe("region of the registry of caches"),
  namespace,
  existing: z
    .boolean()
    .default(false)
    .describe("its repositories are there and stay as they are: NAMESPACE/IMAGE, of kaniko NAMESPACE/IMAGE/cache"),
  assumeRole: assumeRole.optional().describe("role that makes its repositories"),
  encryption: encryption.default({ kind: "AES256" }).describe("of its repositories; it cannot be changed afterwards"),
});

/** For images in Artifact Registry or gcr.io: the builders' service account gets to write there. */
const artifactRegistry = z.strictObject({
  kind: z.literal("artifactRegistry"),
  project: projectId.describe("project of the repository of caches"),
  location: registryLocation.describe("location of the repository of caches"),
  repository: repositoryId,
  existing: z.boolean().default(false).describe("it is there and stays as it is; its tags have to be mutable"),
  kmsKey: kmsKey.optional(),
  labels,
  impersonate: impersonate.optional(),
});

const cacheRegistry = z.discriminatedUnion("kind", [dockerRegistry, ecr, artifactRegistry]);

export const cache = z.array(
  z.strictObject({
    tag: z.string().regex(/^[\w][\w.-]{0,127}$/, "is not an image tag"),
    mode: z.enum(["min", "max", "inline", "auto"]).default("max").describe("auto: what suits the registry best"),
    export: z.boolean().default(true).describe("false: builds read it and leave it as it is"),
    registry: cacheRegistry
      .optional()
      .describe(
        "another registry than that of the images: the cache is in HOST/NAMESPACE/IMAGE. The login of a dockerRegistry is an " +
          "entry of cluster.pullSecret.logins; in one of kind ecr builders have the right to push",
      ),
  }),
);

export type CacheRegistryConfig = z.infer<typeof cacheRegistry>;
export type EcrCacheRegistryConfig = z.infer<typeof ecr>;
export type GarCacheRegistryConfig = z.infer<typeof artifactRegistry>;
