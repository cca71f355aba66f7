/** What Google refuses of node pools: one line for each rule of the tables. */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import { type BadInput, bad } from "./bad.ts";
import { NODE_POOL } from "./container.ts";
import { BUILDERS, REGISTRY } from "./goodInputs.ts";

const pool = (more: ValueMap) => ({ ...BUILDERS, ...more });
const nodes = (more: ValueMap) => ({ ...BUILDERS, nodeConfig: { ...BUILDERS.nodeConfig, ...more } });
const on = (cluster: string, more: ValueMap = {}) => ({ ...BUILDERS, cluster, ...more });
const none = `nobody@${REGISTRY}.iam.gserviceaccount.com`;

export const BAD_NODES: readonly BadInput[] = [
  ...bad(NODE_POOL, {
    "no such cluster": [on("none"), "Error 404: Not found"],
    "a cluster elsewhere": [on("dev", { location: "europe-west3" }), "Error 404: Not found"],
    "Autopilot, which has no pools": [on("auto"), "Autopilot node pools cannot be accessed or modified"],
    "a name that is taken": [pool({ name: "taken" }), "Error 409: Already exists"],
    "a name of 41 characters": [pool({ name: "p".repeat(41) }), "is not a name of GKE"],
    "a number of nodes beside the autoscaler": [pool({ nodeCount: 1 }), "is the autoscaler's to set"],
    "limits of both kinds": [pool({ autoscaling: { maxNodeCount: 1, totalMaxNodeCount: 5 } }), "either for each zone"],
    "a minimum of the other kind": [pool({ autoscaling: { minNodeCount: 0, totalMaxNodeCount: 5 } }), "mixes limits"],
    "a minimum above the maximum": [
      pool({ autoscaling: { totalMinNodeCount: 6, totalMaxNodeCount: 5 } }),
      "has a minimum above its maximum",
    ],
    "a zone of another region": [
      pool({ nodeLocations: ["europe-west3-a"] }),
      "europe-west3-a is not in europe-central2",
    ],
    "a region for a zone": [pool({ nodeLocations: ["europe-central2"] }), "is not a zone"],
    "repairs by hand in a release channel": [
      pool({ management: { autoRepair: false, autoUpgrade: true } }),
      "cannot be false when release_channel REGULAR is set",
    ],
    "the metadata server without Workload Identity": [
      {
        ...on("old", { location: "europe-central2-a" }),
        nodeConfig: { ...BUILDERS.nodeConfig, workloadMetadataConfig: { mode: "GKE_METADATA" } },
      },
      "GKE_METADATA needs Workload Identity",
    ],
    "no such service account": [nodes({ serviceAccount: none }), `Error 400: Service account "${none}" does not exist`],
    "a service account by its id": [nodes({ serviceAccount: "gar-access" }), "nodeConfig.serviceAccount"],
    "the taint effect of Kubernetes": [
      nodes({ taints: [{ key: "garden-build", value: "true", effect: "NoSchedule" }] }),
      "nodeConfig.taints[0].effect",
    ],
    "a taint without a value": [nodes({ taints: [{ key: "garden-build", effect: "NO_SCHEDULE" }] }), "taints[0].value"],
    "a label of Kubernetes": [nodes({ labels: { "node.kubernetes.io/build": "true" } }), "keeps for itself"],
    "a label of Google's": [nodes({ resourceLabels: { "goog-gke-node": "x" } }), "keeps for itself"],
    "a disk that is too small": [nodes({ diskSizeGb: 9 }), "is less than 10"],
    "a disk that there is not": [nodes({ diskType: "gp3" }), "nodeConfig.diskType"],
    "an image that is gone": [nodes({ imageType: "COS" }), "is no image of Linux nodes"],
    "a machine that is AWS's": [nodes({ machineType: "m7i.2xlarge" }), "is not a machine type"],
    "a way to metadata that is none": [
      nodes({ workloadMetadataConfig: { mode: "SECURE" } }),
      "workloadMetadataConfig.mode",
    ],
    "a scope that is none": [nodes({ oauthScopes: ["https://example.com/all"] }), "is no scope"],
    "a sysctl that is not GKE's": [nodes({ linuxNodeConfig: { sysctls: { "dev.x": "1" } } }), "is no sysctl of GKE's"],
    "a property that there is not": [nodes({ taint: [] }), "taint"],
  }),
];
