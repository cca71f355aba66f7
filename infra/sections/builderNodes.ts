/** `pergola:cluster.builderNodes`: nodes that are kept for builders. */
import { z } from "zod";
import { checked, objectName, quantities } from "../configValues.ts";
import { nodeGroupNameProblem } from "../documents/aws/nodeGroup.ts";
import { keyArn, roleArn, roleOptions, tagSelector, tags } from "./awsValues.ts";
import { autopilotNodes, gkeNodes } from "./gkeNodes.ts";

const architecture = z.enum(["amd64", "arm64"]).default("amd64");

/** Somebody else makes them. */
const existingNodes = z.strictObject({
  kind: z.literal("existing"),
  architecture,
});

const instanceType = z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, "is not an instance type, such as c7a.2xlarge");
const capacity = z
  .enum(["onDemand", "spot"])
  .default("onDemand")
  .describe("spot: AWS may take a node back, and with it the builds on it and BuildKit's cache");
const image = z.enum(["AL2023", "Bottlerocket"]).default("AL2023").describe("operating system of the nodes");
const diskGiB = z
  .int()
  .min(20, "is less than 20")
  .max(16_384, "is more than 16384")
  .default(100)
  .describe("disk for images and builds (gp3), encrypted: the root volume, on Bottlerocket the one for data");
const diskKey = keyArn
  .optional()
  .describe(
    "key of the disks, which EC2 Auto Scaling or Karpenter must be allowed to use; default: the account's own for EBS",
  );

/** What of a role makes sense for one that EC2 assumes: its sessions are as long as EC2 has them, and tags are those of the nodes. */
const madeNodeRole = roleOptions
  .pick({ path: true, permissionsBoundary: true })
  .extend({ name: roleOptions.shape.name.describe("default: <name of the node group>-node") });

const eksNodes = z.strictObject({
  kind: z.literal("eks"),
  name: checked(nodeGroupNameProblem)
    .optional()
    .describe("of node group and launch template; default: <stack>-builder-<architecture>"),
  architecture,
  subnets: z.array(z.string().regex(/^subnet-[0-9a-f]{1,17}$/, "is not the id of a subnet")).min(1),
  instanceTypes: z.array(instanceType).min(1).max(20, "has more than 20 entries"),
  capacity,
  image,
  min: z
    .int()
    .min(0, "is less than 0")
    .default(0)
    .describe("also what the group begins with; from then on its size between min and max is the autoscaler's"),
  max: z
    .int()
    .min(1, "is less than 1")
    .describe(
      "most nodes; EKS is told all sizes at once: change min or max by pulumi up --refresh, so that it is told the present one",
    ),
  diskGiB,
  diskKey,
  nodeRole: roleArn
    .optional()
    .describe("role of the nodes, which should pull and nothing else; default: one is made that does"),
  role: madeNodeRole.optional().describe("how the role is made, where nodeRole gives none"),
  tags,
});

const karpenterNodes = z.strictObject({
  kind: z.literal("karpenter"),
  name: objectName.optional().describe("of NodePool and EC2NodeClass; default: <stack>-builder-<architecture>"),
  architecture,
  instanceTypes: z.array(instanceType).default([]).describe("default: whatever Karpenter finds best"),
  capacity,
  image,
  nodeRole: z
    .string()
    .regex(/^[\w+=,.@-]{1,64}$/, "is not the name of a role")
    .describe("name of the role of Karpenter's nodes, which Karpenter may pass on; it should pull and nothing else"),
  subnetTags: tagSelector.describe("tags of the subnets, such as karpenter.sh/discovery: <cluster>"),
  securityGroupTags: tagSelector.describe("tags of the nodes' security groups"),
  limits: quantities.default({ cpu: "64", memory: "256Gi" }).describe("all nodes of the pool together"),
  diskGiB,
  diskKey,
  tags,
});

/** Of several entries each is of an architecture of its own. */
export const builderNodes = z
  .array(z.discriminatedUnion("kind", [existingNodes, eksNodes, karpenterNodes, gkeNodes, autopilotNodes]))
  .min(1)
  .describe("nodes with label and taint garden-build=true, one entry for each architecture");

export type BuilderNodesConfig = z.infer<typeof builderNodes>;
export type EksNodesConfig = z.infer<typeof eksNodes>;
export type KarpenterNodesConfig = z.infer<typeof karpenterNodes>;
