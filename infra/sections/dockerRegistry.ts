/** `pergola:registry` of kind `dockerRegistry`: any registry that is there. */
import { z } from "zod";
import {
  checked,
  credentialHelper,
  host,
  registryHost,
  repositoryPrefix,
  secretName,
  username,
} from "../configValues.ts";
import { caBundleProblem } from "../documents/certificates.ts";
import { mirroredHostProblem } from "../documents/registryHost.ts";
import { PRODUCT_NAMES } from "../documents/registryProducts.ts";

export const product = z
  .enum(PRODUCT_NAMES)
  .describe(
    "what the registry is, where its host does not tell: Harbor, and GitLab, Quay or another on a host of one's own",
  );

export const insecureMirrors = z
  .array(host)
  .default([])
  .describe(
    "those of the mirrors that are reached by plain HTTP, beside the registry itself where `insecure` says so of it",
  );

export const dockerRegistry = z.strictObject({
  kind: z.literal("dockerRegistry"),
  host: registryHost,
  product: product.optional(),
  namespace: repositoryPrefix
    .default("")
    .describe(
      "path between host and image name: of Docker Hub the account, of GitHub the owner, of GitLab GROUP/PROJECT, of Harbor the " +
        "project, of Quay the organization; they have to be there",
    ),
  login: z
    .union([z.strictObject({ username, passwordSecret: secretName }), z.strictObject({ helper: credentialHelper })])
    .optional()
    .describe("how builders log in; left out, anybody may push, or cluster.pullSecret has a login"),
  insecure: z.boolean().default(false).describe("plain HTTP"),
  caBundle: checked(caBundleProblem)
    .optional()
    .describe("certificates (PEM) of authorities that vouch for the registry, where not every system knows them"),
  mirrors: z
    .record(checked(mirroredHostProblem), z.array(host).min(1))
    .default({})
    .describe("registry host (docker.io for Docker Hub) -> mirrors that builders ask instead"),
  insecureMirrors,
});

export type DockerRegistryConfig = z.infer<typeof dockerRegistry>;
