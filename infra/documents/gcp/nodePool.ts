/** Node pools of GKE, in the words of its API. */
import { BUILDER_NODE_KEY, BUILDER_NODE_VALUE } from "../../setupNames.ts";
import { defaultDiskType, type GkeDiskType } from "./machineTypes.ts";

/** What is wrong with the name of a node pool, as the end of a sentence; null when nothing is. GKE's limit is 40 characters. */
export function poolNameProblem(name: string): string | null {
  if (name.length > 40) return `has ${name.length} characters, at most 40 are allowed`;
  return /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)
    ? null
    : "is not the name of a node pool: a lower-case letter, then lower-case letters, digits and hyphens, no hyphen at the end";
}

/** A node pool of builders, as a stack file describes it. */
export interface NodePool {
  readonly name: string;
  readonly architecture: "amd64" | "arm64";
  readonly machineType: string;
  readonly spot: boolean;
  /** nodes of the whole pool */
  readonly min: number;
  /** nodes of the whole pool */
  readonly max: number;
  readonly zones?: readonly string[] | undefined;
  readonly image: "COS_CONTAINERD" | "UBUNTU_CONTAINERD";
  readonly diskType?: GkeDiskType | undefined;
  readonly diskGiB: number;
  readonly diskKey?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** The cluster of a pool. */
export interface PoolCluster {
  readonly project: string;
  /** region or zone */
  readonly location: string;
  readonly name: string;
  /** whether the cluster has a pool of Workload Identity */
  readonly workloadIdentity: boolean;
}

/**
 * Everything about a node pool.
 * @param serviceAccount address of the service account of the nodes
 */
export function nodePool(pool: NodePool, cluster: PoolCluster, serviceAccount: string) {
  return {
    name: pool.name,
    project: cluster.project,
    location: cluster.location,
    cluster: cluster.name,
    initialNodeCount: initialPerZone(pool, cluster.location),
    // The size is the autoscaler's. Without this the provider asks Compute Engine for it at every refresh, and reports it.
    ignoreNodeCountChanges: true,
    autoscaling: {
      // For the whole pool: limits by zone would multiply with zones that the stack file may not name.
      totalMinNodeCount: pool.min,
      totalMaxNodeCount: pool.max,
      // Wherever there is room: nothing is gained by builders in all zones alike (GKE, "About GKE cluster autoscaling").
      locationPolicy: "ANY",
    },
    management: { autoRepair: true, autoUpgrade: true },
    // One node more before one goes, so that builds always have where to begin.
    upgradeSettings: { strategy: "SURGE", maxSurge: 1, maxUnavailable: 0 },
    ...(pool.zones === undefined ? {} : { nodeLocations: [...pool.zones] }),
    nodeConfig: nodeConfig(pool, cluster, serviceAccount),
  };
}

/**
 * Nodes that each zone begins with. A pool is told a size by zone, and it must not be above `max`, so it begins with what fills
 * all zones alike without being above `min`. Where nobody names the zones, a region has three of them, as GKE chooses
 * ("Regional clusters").
 */
export function initialPerZone({ min, zones }: Pick<NodePool, "min" | "zones">, location: string): number {
  const zonal = /-[a-z]$/.test(location);
  return Math.floor(min / (zones?.length ?? (zonal ? 1 : 3)));
}

function nodeConfig(pool: NodePool, { workloadIdentity }: PoolCluster, serviceAccount: string) {
  return {
    machineType: pool.machineType,
    spot: pool.spot,
    imageType: pool.image,
    diskType: pool.diskType ?? defaultDiskType(pool.machineType),
    diskSizeGb: pool.diskGiB,
    ...(pool.diskKey === undefined ? {} : { bootDiskKmsKey: pool.diskKey }),
    labels: { [BUILDER_NODE_KEY]: BUILDER_NODE_VALUE },
    taints: [{ key: BUILDER_NODE_KEY, value: BUILDER_NODE_VALUE, effect: "NO_SCHEDULE" }],
    // The labels that GKE adds to these make no difference for the provider; an empty map is none.
    ...(Object.keys(pool.labels).length === 0 ? {} : { resourceLabels: { ...pool.labels } }),
    serviceAccount,
    // What the account may do is said by IAM alone (GKE, "Harden your cluster's security").
    oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
    // By GKE's metadata server pods are themselves: they get at neither the node's service account nor at its own metadata. It is
    // only for clusters with Workload Identity (GKE, "Authenticate to Google Cloud APIs from GKE workloads"). The other mode is said,
    // too: left out, a pool would keep what it has.
    workloadMetadataConfig: { mode: workloadIdentity ? "GKE_METADATA" : "GCE_METADATA" },
    metadata: { "disable-legacy-endpoints": "true" },
    // Secure Boot is not said to be there on all machines of ARM.
    shieldedInstanceConfig: { enableSecureBoot: pool.architecture === "amd64", enableIntegrityMonitoring: true },
  };
}
