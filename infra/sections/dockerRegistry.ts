/** `pergola:registry` of kind `dockerRegistry`: any registry that is there. */
import { z } from "zod";
import { checked, host, repositoryPrefix, secretName, username } from "../configValues.ts";
import { caBundleProblem } from "../documents/certificates.ts";
import { mirroredHostProblem } from "../documents/registryHost.ts";

export const dockerRegistry = z.strictObject({
  kind: z.literal("dockerRegistry"),
  host,
  namespace: repositoryPrefix.default("").describe("path between host and image name: of Docker Hub the account"),
  login: z
    .union([
      z.strictObject({ username, passwordSecret: secretName }),
      z.strictObject({
        helper: z.string().regex(/^[a-z0-9-]+$/, "is not the name of a credential helper"),
      }),
    ])
    .optional()
    .describe("how builders log in; left out, anybody may push"),
  insecure: z.boolean().default(false).describe("plain HTTP"),
  caBundle: checked(caBundleProblem)
    .optional()
    .describe("certificates (PEM) of authorities that vouch for the registry, where not every system knows them"),
  mirrors: z
    .record(checked(mirroredHostProblem), z.array(host).min(1))
    .default({})
    .describe("registry host (docker.io for Docker Hub) -> mirrors that builders ask instead"),
});

export type DockerRegistryConfig = z.infer<typeof dockerRegistry>;
