/** `pergola:cache`: what BuildKit keeps of its builds in registries. */
import { z } from "zod";
import { host, repositoryPrefix } from "../configValues.ts";

const cacheRegistry = z.strictObject({
  kind: z.literal("dockerRegistry"),
  host,
  namespace: repositoryPrefix.default("").describe("path between host and image name"),
  insecure: z.boolean().default(false).describe("plain HTTP"),
});

export const cache = z.array(
  z.strictObject({
    tag: z.string().regex(/^[\w][\w.-]{0,127}$/, "is not an image tag"),
    mode: z.enum(["min", "max", "inline", "auto"]).default("max").describe("auto: what suits the registry best"),
    export: z.boolean().default(true).describe("false: builds read it and leave it as it is"),
    registry: z
      .discriminatedUnion("kind", [cacheRegistry])
      .optional()
      .describe(
        "another registry than that of the images: the cache is in HOST/NAMESPACE/IMAGE. Its login is an entry of " +
          "cluster.pullSecret.logins",
      ),
  }),
);
