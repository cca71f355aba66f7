/** `pergola:cluster.builderNodes` of the kinds `gke` and `autopilot`. */
import { z } from "zod";
import { checked } from "../configValues.ts";
import { poolNameProblem } from "../documents/gcp/nodePool.ts";
import { kmsKey, labels, serviceAccount } from "./gcpValues.ts";

const architecture = z.enum(["amd64", "arm64"]).default("amd64");

export const gkeNodes = z.strictObject({
  kind: z.literal("gke"),
  name: checked(poolNameProblem).optional().describe("of the node pool; default: <stack>-builder-<architecture>"),
  architecture,
  machineType: z
    .string()
    .regex(/^([a-z]\d+[a-z]*|custom)-[a-z0-9-]+$/, "is not a machine type, such as n2d-standard-8")
    .describe(
      "machine type that has the architecture, such as n2d-standard-8: Google's Arm machines are t2a, c4a and n4a",
    ),
  spot: z
    .boolean()
    .default(false)
    .describe("Google may take a node back, and with it the builds on it and BuildKit's cache"),
  min: z
    .int()
    .min(0, "is less than 0")
    .default(0)
    .describe("nodes of the whole pool; its size between min and max is the autoscaler's"),
  max: z.int().min(1, "is less than 1").describe("most nodes of the whole pool"),
  zones: z
    .array(z.string().regex(/^[a-z]+-[a-z]+\d+-[a-z]$/, "is not a zone, such as europe-west3-a"))
    .min(1)
    .optional()
    .describe("default: those of the cluster. Left out later, the pool keeps the zones that it has"),
  image: z
    .enum(["COS_CONTAINERD", "UBUNTU_CONTAINERD"])
    .default("COS_CONTAINERD")
    .describe("operating system of the nodes"),
  diskType: z
    .enum(["pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"])
    .optional()
    .describe("default: pd-balanced; hyperdisk-balanced for machines that take no other (c4, n4 and their kin)"),
  diskGiB: z
    .int()
    .min(20, "is less than 20")
    .max(65_536, "is more than 65536")
    .default(100)
    .describe("disk for images and builds"),
  diskKey: kmsKey
    .optional()
    .describe("key of the disks, which Compute Engine's service agent must be allowed to use; default: Google's own"),
  nodeServiceAccount: serviceAccount
    .optional()
    .describe(
      "service account of the nodes, which pull and nothing else: the id of one that is made in the cluster's project, by " +
        "default <stack>-nodes for all pools, or one that is there, which only gets the right to pull",
    ),
  labels,
});

/** Nodes that GKE Autopilot makes for pods that ask for nodes of their own (GKE, "Configure workload separation in GKE"). */
export const autopilotNodes = z.strictObject({
  kind: z.literal("autopilot"),
  architecture,
});

export type GkeNodesConfig = z.infer<typeof gkeNodes>;
export type AutopilotNodesConfig = z.infer<typeof autopilotNodes>;
