/** GKE (Kubernetes Engine REST reference, `projects.locations.clusters.nodePools`; provider docs, `google_container_node_pool`). */
import { z } from "zod";
import type { Value, ValueMap } from "../../../../local/pulumi/wire.ts";
import { isList, isMap } from "../../../../local/pulumi/wire.ts";
import type { Place, ResourceType, Stored } from "../resourceType.ts";
import { asSet, text } from "../values.ts";
import { ACCOUNT, CLUSTER } from "./members.ts";
import { projectReference } from "./projects.ts";
import { accountEmail, googleError, isRegion, isZone, kmsKey, projectId, projectOf } from "./values.ts";

export const NODE_POOL = "gcp:container/nodePool:NodePool";

const SCOPES = "https://www.googleapis.com/auth/";

const location = z.string().refine((one) => isRegion(one) || isZone(one), "is neither a region nor a zone");
/** REST reference, `clusters`: name. */
const name = z.string().regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, "is not a name of GKE: at most 40 characters");
const count = z.int().min(0);

/** Labels of Kubernetes; some prefixes are Kubernetes' own (provider docs, `node_config`: labels). */
const nodeLabels = z.record(
  z
    .string()
    .regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/, "is not the key of a label")
    .refine((key) => !/(^|\.)(kubernetes|k8s)\.io\//.test(key), "is a label that Kubernetes keeps for itself"),
  z.string().regex(/^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/, "is not the value of a label"),
);

/** REST reference, `ResourceLabels`; the prefix is Google's own ("Requirements for labels"). */
const resourceLabels = z
  .record(z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/), z.string().regex(/^[a-z0-9_-]{0,63}$/))
  .refine(
    (all) => Object.keys(all).every((key) => !key.startsWith("goog-")),
    "has a label that Google keeps for itself",
  );

/** REST reference, `NodeTaint`: effects in this API's spelling. */
const taint = z.strictObject({
  key: z.string().min(1).max(253),
  value: z.string().max(63),
  effect: z.enum(["NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE"]),
});

/** REST reference, `NodeConfig`; of its fields those that builder nodes may have. */
const nodeConfig = z.strictObject({
  machineType: z.string().regex(/^[a-z]\w*-[a-z0-9-]+$/, "is not a machine type"),
  spot: z.boolean().optional(),
  imageType: z
    .string()
    .refine((one) => ["COS_CONTAINERD", "UBUNTU_CONTAINERD"].includes(one.toUpperCase()), "is no image of Linux nodes"),
  diskSizeGb: z.int().min(10, "is less than 10").max(65_536).optional(),
  diskType: z.enum(["pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"]).optional(),
  bootDiskKmsKey: kmsKey.optional(),
  serviceAccount: z.union([accountEmail, z.literal("default")]).optional(),
  oauthScopes: z
    .array(z.string().refine((one) => /^[a-z._-]+$/.test(one) || one.startsWith(SCOPES), "is no scope"))
    .optional(),
  labels: nodeLabels.optional(),
  resourceLabels: resourceLabels.optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  tags: z.array(z.string().regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/)).optional(),
  taints: z.array(taint).optional(),
  workloadMetadataConfig: z.strictObject({ mode: z.enum(["GCE_METADATA", "GKE_METADATA"]) }).optional(),
  shieldedInstanceConfig: z
    .strictObject({ enableSecureBoot: z.boolean().optional(), enableIntegrityMonitoring: z.boolean().optional() })
    .optional(),
  linuxNodeConfig: z
    .strictObject({
      sysctls: z.record(z.string().regex(/^(net|kernel|vm|fs|user)\./, "is no sysctl of GKE's"), z.string()).optional(),
      cgroupMode: z.enum(["CGROUP_MODE_V1", "CGROUP_MODE_V2"]).optional(),
    })
    .optional(),
});

/** Provider docs, "autoscaling": limits for each zone or for the whole pool, not both. */
const autoscaling = z
  .strictObject({
    minNodeCount: count.optional(),
    maxNodeCount: count.min(1).optional(),
    totalMinNodeCount: count.optional(),
    totalMaxNodeCount: count.min(1).optional(),
    locationPolicy: z.enum(["BALANCED", "ANY"]).optional(),
  })
  .superRefine((one, context) => {
    const problem = (message: string) => context.addIssue({ code: "custom", message });
    const perZone = one.maxNodeCount !== undefined;
    const total = one.totalMaxNodeCount !== undefined;
    if (perZone === total) problem("has limits either for each zone or for the whole pool");
    if (perZone ? one.totalMinNodeCount !== undefined : one.minNodeCount !== undefined) problem("mixes limits");
    if ((one.minNodeCount ?? 0) > (one.maxNodeCount ?? Infinity)) problem("has a minimum above its maximum");
    if ((one.totalMinNodeCount ?? 0) > (one.totalMaxNodeCount ?? Infinity)) problem("has a minimum above its maximum");
  });

const poolInputs = z
  .strictObject({
    name,
    cluster: z.string().regex(/^(projects\/[^/]+\/locations\/[^/]+\/clusters\/)?[a-z][a-z0-9-]*$/, "is not a cluster"),
    location,
    project: projectId.optional(),
    autoscaling: autoscaling.optional(),
    nodeCount: count.optional(),
    initialNodeCount: count.optional(),
    ignoreNodeCountChanges: z.boolean().optional(),
    nodeLocations: z.array(z.string().refine(isZone, "is not a zone")).min(1).optional(),
    management: z.strictObject({ autoRepair: z.boolean().optional(), autoUpgrade: z.boolean().optional() }).optional(),
    maxPodsPerNode: z.int().min(8).max(256).optional(),
    upgradeSettings: z
      .strictObject({
        maxSurge: count.optional(),
        maxUnavailable: count.optional(),
        strategy: z.enum(["SURGE", "BLUE_GREEN"]).optional(),
      })
      .optional(),
    nodeConfig,
  })
  .superRefine((inputs, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    // Provider docs: "should not be used alongside autoscaling"; both would set the size in turn.
    if (inputs.autoscaling !== undefined && inputs.nodeCount !== undefined) {
      problem("nodeCount", "is the autoscaler's to set");
    }
    // Provider docs, "node_locations": zones of the cluster's region.
    const region = isZone(inputs.location) ? inputs.location.slice(0, -2) : inputs.location;
    for (const zone of (inputs.nodeLocations ?? []).filter((one) => !one.startsWith(`${region}-`))) {
      problem("nodeLocations", `${zone} is not in ${region}`);
    }
  });

const clusterName = (inputs: ValueMap, place: Place) => {
  const cluster = text(inputs, "cluster");
  return cluster.includes("/")
    ? cluster
    : `projects/${projectOf(inputs, place)}/locations/${text(inputs, "location")}/clusters/${cluster}`;
};

/**
 * Answers that depend on the cluster, and on whether the nodes' service account is there, as users report GKE's words: of Autopilot
 * turbot/steampipe-plugin-gcp pull request 591, of release channels
 * kaiwaehner/hivemq-mqtt-tensorflow-kafka-realtime-iot-machine-learning-training-inference issue 47. That the metadata server needs
 * Workload Identity is in the REST reference, `WorkloadMetadataConfig`; its words are ours, and those about the account, too.
 */
function refusal(inputs: ValueMap, all: readonly Stored[]): string | undefined {
  const config = inputs.nodeConfig as ValueMap;
  const cluster = all.find(
    ({ type, id }) => type === CLUSTER && id.endsWith(`/${text(inputs, "cluster").split("/").at(-1)}`),
  );
  const { autopilot, releaseChannel, workloadPool } = cluster?.properties ?? {};
  if (autopilot === true) return googleError(400, "Autopilot node pools cannot be accessed or modified.");
  const management = inputs.management as ValueMap | undefined;
  if (releaseChannel !== undefined && (management?.autoUpgrade === false || management?.autoRepair === false)) {
    return googleError(
      400,
      `Auto_upgrade and auto_repair cannot be false when release_channel ${releaseChannel} is set.`,
    );
  }
  // GKE, "Authenticate to Google Cloud APIs from GKE workloads": the cluster has to have Workload Identity before a node pool can.
  // The provider's docs say the same (workload_metadata_config); in which words GKE refuses it, neither does.
  if ((config.workloadMetadataConfig as ValueMap | undefined)?.mode === "GKE_METADATA" && workloadPool === undefined) {
    return googleError(400, "GKE_METADATA needs Workload Identity to be enabled on the cluster");
  }
  const account = config.serviceAccount;
  const there = all.some(({ type, properties }) => type === ACCOUNT && properties.email === account);
  return account === undefined || account === "default" || there
    ? undefined
    : googleError(400, `Service account "${account}" does not exist.`);
}

/** Provider: scopes by their addresses, as a set; GKE sets `disable-legacy-endpoints`, which leaving out would unset each time. */
function configForm(value: Value): Value {
  if (!isMap(value)) return value;
  const { oauthScopes, imageType } = value;
  return {
    ...value,
    ...(typeof imageType === "string" ? { imageType: imageType.toUpperCase() } : {}),
    ...(isList(oauthScopes) ? { oauthScopes: asSet(oauthScopes.map(scope)) } : {}),
  };
}

function scope(value: Value): Value {
  const short = String(value) === "monitoring-write" ? "monitoring.write" : String(value);
  return short.startsWith(SCOPES) ? short : `${SCOPES}${short}`;
}

function returned(inputs: ValueMap): ValueMap {
  const config = inputs.nodeConfig as ValueMap;
  if (!isMap(config.metadata)) return inputs;
  const metadata = { "disable-legacy-endpoints": "true", ...config.metadata };
  return { ...inputs, nodeConfig: { ...config, metadata } };
}

export const CONTAINER: Readonly<Record<string, ResourceType>> = {
  [NODE_POOL]: {
    inputs: poolInputs,
    key: (inputs, place) => `${clusterName(inputs, place)}/nodePools/${text(inputs, "name")}`,
    unique: "cloud",
    duplicate: googleError(409, "Already exists: %s."),
    references: (inputs, place) => {
      const key = clusterName(inputs, place);
      return [{ type: CLUSTER, key, missing: googleError(404, `Not found: ${key}.`) }];
    },
    refuses: refusal,
    // Provider: ForceNew of these in `google_container_node_pool`, and of these in its `node_config`.
    replaces: [
      ...["name", "cluster", "location", "project", "initialNodeCount", "maxPodsPerNode"],
      ...["spot", "bootDiskKmsKey", "serviceAccount", "oauthScopes", "metadata", "shieldedInstanceConfig"].map(
        (one) => `nodeConfig.${one}`,
      ),
    ],
    forms: {
      nodeLocations: asSet,
      nodeConfig: configForm,
      cluster: (value) => String(value).split("/").at(-1) as string,
    },
    returns: returned,
    computes: (inputs, place) => ({
      project: projectOf(inputs, place),
      operation: "",
      version: "1.34.1-gke.1000",
      instanceGroupUrls: [],
      managedInstanceGroupUrls: [],
    }),
  },
  // Not Pergola's to make: tests put one there, by what its node pools depend on.
  [CLUSTER]: {
    inputs: z.strictObject({
      name,
      location,
      project: projectId,
      workloadPool: z.string().optional(),
      releaseChannel: z.enum(["RAPID", "REGULAR", "STABLE", "EXTENDED"]).optional(),
      autopilot: z.boolean().optional(),
    }),
    key: (inputs) => `projects/${inputs.project}/locations/${inputs.location}/clusters/${inputs.name}`,
    unique: "cloud",
    duplicate: googleError(409, "Already exists: %s."),
    references: (inputs) => [projectReference(text(inputs, "project"))],
    replaces: ["name", "location", "project"],
    computes: () => ({}),
  },
};
