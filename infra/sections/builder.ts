/** `pergola:builder`: the modes that builds may have. */
import { z } from "zod";
import { image, kanikoImage, namespaceName, quantities } from "../configValues.ts";

export const namespaceEntry = z.union([
  namespaceName,
  z.strictObject({
    name: namespaceName,
    existing: z
      .boolean()
      .default(false)
      .describe(
        "used as it is and checked: never created, relabelled or guarded. Its service account garden-in-cluster-builder is " +
          "taken over where there is one, and stays when the stack is destroyed",
      ),
    team: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "whose namespace it is; carried into the setup, where it tells people. Nothing is decided by it: pergola:access.teams does that",
      ),
    images: z.union([z.literal("*"), z.array(z.string().min(1)).min(1)]).default("*"),
  }),
]);

export const mode = z.strictObject({
  namespaces: z
    .array(namespaceEntry)
    .min(1)
    .describe("namespaces that builds of this mode run in, by name or as { name, existing, team, images }"),
  image: image.describe(
    "image that builds run in, such as docker.io/moby/buildkit:v0.23.2-rootless; it has to have the credential helpers of logins by helper",
  ),
  helpers: z
    .array(z.string().regex(/^[a-z0-9-]+$/, "is not the name of a credential helper"))
    .optional()
    .describe(
      "credential helpers in the image, without docker-credential-: where it is one of your own. Of Garden's images, BuildKit's and " +
        "kaniko's it is known",
    ),
  platforms: z
    .array(z.enum(["linux/amd64", "linux/arm64"]))
    .min(1)
    .optional()
    .describe("default: what the builder nodes are"),
  resources: z.strictObject({ limits: quantities.default({}), requests: quantities.default({}) }).default({
    limits: { cpu: "4", memory: "8Gi", "ephemeral-storage": "20Gi" },
    requests: { cpu: "100m", memory: "512Mi", "ephemeral-storage": "2Gi" },
  }),
});

export const builder = z
  .strictObject({
    default: z.enum(["cluster-buildkit", "kaniko", "local-docker"]).describe("mode of builds that name none"),
    modes: z
      .strictObject({
        "cluster-buildkit": mode
          .extend({
            profile: z.enum(["rootful", "rootless"]).describe("how buildkitd runs"),
            allowHostNetwork: z
              .boolean()
              .default(false)
              .describe(
                "steps may ask for BuildKit's network host (--network host, RUN --network=host): that of the builder's pod with its " +
                  "loopback, not the node's",
              ),
          })
          .optional(),
        kaniko: mode
          .extend({
            image: kanikoImage,
            extraFlags: z
              .array(z.string().min(1))
              .default([])
              .describe(
                "flags of the executor for every build, --flag=value or --flag and its value; those of an image win",
              ),
          })
          .optional(),
        "local-docker": z
          .strictObject({})
          .optional()
          .describe(
            "{} lets people build by the Docker of their own machine, with their own login; nothing is made for it",
          ),
      })
      .describe("each with its namespaces"),
  })
  .describe("how images are built: { default, modes }");
