/** Logins in a stack file: those of builders (`cluster.pullSecret`), and those of workloads (`cluster.pullSecrets`). */
import { z } from "zod";
import { credentialHelper, namespaceName, objectName, registryHost, secretName, username } from "../configValues.ts";
import { WORKLOAD_PULL_SECRET } from "../setupNames.ts";

const login = z.union([
  z.strictObject({ host: registryHost, username, passwordSecret: secretName }),
  z.strictObject({ host: registryHost, helper: credentialHelper }),
]);

const logins = z.array(login).default([]);

const dockerConfigSecrets = z
  .array(secretName)
  .default([])
  .describe(
    "entries of pergola:secrets that hold a docker config JSON, whose logins are added. Their hosts stay as secret as they are: " +
      "of these, builders reach ports other than 80 and 443, or all ports where cluster.guardrails.internet is false, only if this file " +
      "names them, too: in cluster.guardrails.hosts",
  );

export const pullSecret = z
  .strictObject({
    name: objectName.default("pergola-pull"),
    logins: logins.describe(
      "of builders, beside that of the registry: for caches elsewhere, and for private base images",
    ),
    dockerConfigSecrets,
  })
  .prefault({});

export const pullSecrets = z
  .array(
    z.strictObject({
      name: objectName
        .default(WORKLOAD_PULL_SECRET)
        .describe("name of the Secret; `pergola setup attach` adds it to a service account"),
      namespaces: z
        .array(namespaceName)
        .min(1)
        .describe("namespaces that get the Secret; they exist already, or are builder namespaces of this file"),
      logins: logins.describe("user and password; the kubelet runs no credential helpers"),
      dockerConfigSecrets,
    }),
  )
  .default([])
  .describe("Secrets by which workloads pull images: of no use to builders, who have cluster.pullSecret");

export type LoginConfig = z.infer<typeof login>;
export type PullSecretConfig = z.infer<typeof pullSecret>;
export type WorkloadSecretConfig = z.infer<typeof pullSecrets>[number];
