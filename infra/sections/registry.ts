/** `pergola:registry`: where images are pushed to. */
import { z } from "zod";
import {
  checked,
  host,
  image,
  namespaceName,
  nodeName,
  quantity,
  repositoryPrefix,
  secretName,
  username,
} from "../configValues.ts";
import { caBundleProblem } from "../documents/certificates.ts";
import { mirroredHostProblem } from "../documents/registryHost.ts";
import { artifactRegistry, gcr } from "./artifactRegistry.ts";
import { dockerRegistry, insecureMirrors } from "./dockerRegistry.ts";
import { ecrRegistry } from "./ecrRegistry.ts";

/** A registry in the cluster itself. */
export const inClusterRegistry = z.strictObject({
  kind: z.literal("inCluster"),
  host: host.describe("<node address>:<node port>: the one name that nodes and pods know the registry by"),
  namespace: repositoryPrefix.default("").describe("path between host and image name"),
  insecure: z.boolean().describe("plain HTTP; this registry serves nothing else"),
  mirrors: z
    .record(checked(mirroredHostProblem), z.array(host).min(1))
    .default({})
    .describe(
      "registry host (docker.io for Docker Hub) -> mirrors that builders ask instead. A mirror that is a Service of the same " +
        "cluster needs cluster.guardrails.networkPolicy: false",
    ),
  insecureMirrors,
  basicAuth: z.strictObject({ username, passwordSecret: secretName }).optional(),
  caBundle: checked(caBundleProblem)
    .optional()
    .describe(
      "certificates (PEM) of authorities that vouch for mirrors and for registries of caches, where not every system knows them",
    ),
  image: image.describe("image of the registry itself"),
  clusterNamespace: namespaceName
    .default("pergola-registry")
    .describe("Kubernetes namespace that the registry runs in"),
  storage: z.strictObject({
    node: nodeName.describe("node that holds the files, and runs the registry"),
    path: z
      .string()
      .regex(/^\/[^\0]+$/, "is not an absolute path")
      .default("/var/lib/registry"),
    size: quantity.default("10Gi"),
  }),
});

export const registry = z
  .discriminatedUnion("kind", [inClusterRegistry, ecrRegistry, artifactRegistry, gcr, dockerRegistry])
  .describe("where images go: { kind, ... }");
