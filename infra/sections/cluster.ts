/** `pergola:cluster`: the cluster, and what builders find and may do in it. */
import { z } from "zod";
import { checked, objectName, quantities, secretName } from "../configValues.ts";
import { CLUSTER_NAME_PATTERN, clusterNameProblem } from "../documents/gcp/names.ts";
import { reachedHostProblem } from "../documents/registryHost.ts";
import { accountId, assumeRole, region } from "./awsValues.ts";
import { builderNodes } from "./builderNodes.ts";
import { clusterLocation, impersonate, projectId } from "./gcpValues.ts";
import { pullSecret, pullSecrets } from "./pullSecrets.ts";

export const guardrails = z.strictObject({
  networkPolicy: z
    .boolean()
    .default(true)
    .describe(
      "nothing reaches builders; they reach DNS, the registries of this file, `hosts` and what `internet` allows. Policies see the pods " +
        "behind a Service: a registry or mirror that is a Service of the same cluster, in another namespace, is cut off unless " +
        "this is false",
    ),
  internet: z.boolean().default(true).describe("builders may reach ports 80 and 443 outside of the cluster"),
  hosts: z
    .array(checked(reachedHostProblem))
    .default([])
    .describe(
      "further host or host:port (443 where there is none) that builders reach: package mirrors, registries that only a docker config " +
        "names. Policies know no names: a host by name opens its port to every address, one by address opens that address alone",
    ),
  quota: quantities
    .default({
      pods: "20",
      "requests.cpu": "16",
      "requests.memory": "32Gi",
      "limits.memory": "128Gi",
      "requests.ephemeral-storage": "100Gi",
    })
    .describe("ResourceQuota of each builder namespace"),
  containerDefaults: z
    .strictObject({ limits: quantities.default({}), requests: quantities.default({}) })
    .default({
      limits: { cpu: "1", memory: "1Gi", "ephemeral-storage": "4Gi" },
      requests: { cpu: "10m", memory: "32Mi", "ephemeral-storage": "16Mi" },
    })
    .describe("LimitRange: what containers get that say nothing, such as Garden's init container"),
});

const ci = z.strictObject({
  group: z.string().min(1).optional().describe("group of the identities that may build; default pergola:ci:<stack>"),
  garden: z.boolean().default(false).describe("also what Garden's own builds need"),
});

export const cluster = z
  .strictObject({
    context: z
      .string()
      .min(1)
      .optional()
      .describe(
        "context of the ambient kubeconfig; without `name`, another name of it replaces everything in the cluster",
      ),
    kubeconfigSecret: secretName
      .optional()
      .describe(
        "secret that holds a kubeconfig, instead of a context; needs `name`, so that the secret may be renamed",
      ),
    name: objectName
      .optional()
      .describe("lasting name of the cluster, the context by default; changing it replaces everything in the cluster"),
    server: z
      .string()
      .regex(/^https:\/\/[^/\s]+/, "is not an https URL")
      .optional()
      .describe("API server that the context has to lead to"),
    uid: z.string().min(1).optional().describe("uid of the namespace kube-system that the cluster has to have"),
    eks: z
      .strictObject({
        name: z
          .string()
          .regex(/^[0-9A-Za-z][\w-]{0,99}$/, "is not the name of an EKS cluster")
          .describe("name of an EKS cluster"),
        region: region.describe("region of the cluster"),
        account: accountId.optional().describe("account of the cluster; default: that of the registry"),
        assumeRole: assumeRole.optional().describe("role that makes what the cluster's account gets"),
      })
      .optional()
      .describe("the cluster as AWS knows it, for what is made there: roles, nodes, access entries"),
    gke: z
      .strictObject({
        project: projectId,
        location: clusterLocation,
        name: z
          .string()
          .regex(CLUSTER_NAME_PATTERN, { error: ({ input }) => clusterNameProblem(String(input)) })
          .describe("name of a GKE cluster"),
        impersonate: impersonate.optional(),
        workloadIdentity: z
          .boolean()
          .default(true)
          .describe(
            "false for a cluster that has no Workload Identity: GKE's metadata server is not for its nodes, so pods there can be the nodes' " +
              "service account",
          ),
      })
      .optional()
      .describe("the cluster as Google Cloud knows it, for what is made there: nodes, members, rights of CI"),
    builderNodes,
    pullSecret,
    pullSecrets,
    guardrails: guardrails
      .prefault({})
      .describe("bounds of the builder namespaces that are made; namespaces that exist already get none of this"),
    ci: ci.prefault({}),
  })
  .describe("the cluster that builds run in: { context, builderNodes }");
