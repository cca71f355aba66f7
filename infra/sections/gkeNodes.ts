/** `pergola:cluster.builderNodes` of the kinds `gke` and `autopilot`. */
import { z } from "zod";
import { labels, serviceAccount } from "./gcpValues.ts";

const architecture = z.enum(["amd64", "arm64"]).default("amd64");

export const gkeNodes = z.strictObject({
  kind: z.literal("gke"),
  name: z
    .string()
    .regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, "is not the name of a node pool: at most 40 of a-z, 0-9 and inner -")
    .optional()
    .describe("default: <stack>-builder-<architecture>"),
  architecture,
  machineType: z.string().regex(/^[a-z]\w*-[a-z0-9-]+$/, "is not a machine type, such as n2d-standard-8"),
  spot: z
    .boolean()
    .default(false)
    .describe("Google may take a node back, and with it the builds on it and BuildKit's cache"),
  min: z.int().min(0, "is less than 0").default(0).describe("nodes of the whole pool"),
  max: z.int().min(1, "is less than 1").describe("nodes of the whole pool"),
  zones: z
    .array(z.string().regex(/^[a-z]+-[a-z]+\d+-[a-z]$/, "is not a zone"))
    .min(1)
    .optional()
    .describe("default: those of the cluster"),
  image: z
    .enum(["COS_CONTAINERD", "UBUNTU_CONTAINERD"])
    .default("COS_CONTAINERD")
    .describe("operating system of the nodes"),
  diskType: z.enum(["pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"]).default("pd-balanced"),
  diskGiB: z.int().min(20, "is less than 20").max(65_536, "is more than 65536").default(100),
  diskKey: z
    .string()
    .regex(
      /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
      "is not the name of a key: projects/P/locations/L/keyRings/R/cryptoKeys/K",
    )
    .optional(),
  nodeServiceAccount: serviceAccount
    .optional()
    .describe("service account of the nodes, which pull and nothing else; default: one is made that does"),
  labels,
});

/** Nodes that GKE Autopilot makes for pods that ask for nodes of their own (GKE, "Configure workload separation in GKE"). */
export const autopilotNodes = z.strictObject({
  kind: z.literal("autopilot"),
  architecture,
});

export type GkeNodesConfig = z.infer<typeof gkeNodes>;
export type AutopilotNodesConfig = z.infer<typeof autopilotNodes>;
