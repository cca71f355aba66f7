/** Managed node groups of EKS and their launch templates, in the words of these two APIs. */
import { BUILDER_NODE_KEY, BUILDER_NODE_VALUE } from "../../setupNames.ts";
import { amiType, type NodeArchitecture, type NodeImage, nodeVolumes, userData } from "./nodeImages.ts";

/** What is wrong with the name of a node group and its launch template, as the end of a sentence; null when nothing is. */
export function nodeGroupNameProblem(name: string): string | null {
  // 63 is EKS's limit (API reference, CreateNodegroup), 3 that of launch templates (EC2 API reference, CreateLaunchTemplate).
  if (name.length < 3 || name.length > 63) return `has ${name.length} characters; 3 to 63 are allowed`;
  return /^[0-9A-Za-z][\w-]*$/.test(name) ? null : "is not the name of a node group: letters, digits, - and _";
}

/** A node group of builders, as a stack file describes it. */
export interface NodeGroup {
  readonly name: string;
  readonly architecture: NodeArchitecture;
  readonly subnets: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly capacity: "onDemand" | "spot";
  readonly image: NodeImage;
  readonly min: number;
  readonly max: number;
  readonly diskGiB: number;
  readonly diskKey?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** Beginning of the tags by which cluster-autoscaler knows nodes that are not there yet. */
const NODE_TEMPLATE = "k8s.io/cluster-autoscaler/node-template";

/**
 * The launch template. It says nothing that EKS wants in the node group alone (image, instance types, subnets, instance profile;
 * EKS user guide, "Customize managed nodes with launch templates"), and no security groups, so that nodes get the cluster's own.
 */
export function launchTemplate(group: NodeGroup, { userNamespaces }: { readonly userNamespaces: boolean }) {
  const data = userData(group.image, { userNamespaces });
  const tags = { Name: group.name, ...group.tags };
  return {
    name: group.name,
    blockDeviceMappings: nodeVolumes(group.image, group.diskGiB).map(({ device, gibibytes }) => ({
      deviceName: device,
      ebs: {
        encrypted: "true",
        deleteOnTermination: "true",
        volumeType: "gp3",
        ...(gibibytes === null ? {} : { volumeSize: gibibytes }),
        ...(group.diskKey === undefined ? {} : { kmsKeyId: group.diskKey }),
      },
    })),
    // One hop ends at the node: what runs in a pod cannot get at the node's role.
    metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
    tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
    ...(data === null ? {} : { userData: Buffer.from(data).toString("base64") }),
    ...tagsOf(group),
  };
}

/** What is said of the node group itself, without role and launch template. EKS spells a taint's effect in its own way. */
export function nodeGroup(group: NodeGroup) {
  return {
    nodeGroupName: group.name,
    subnetIds: [...group.subnets],
    instanceTypes: [...group.instanceTypes],
    capacityType: group.capacity === "spot" ? "SPOT" : "ON_DEMAND",
    amiType: amiType(group.image, group.architecture),
    // What it begins with; from then on the size is the autoscaler's.
    scalingConfig: { minSize: group.min, maxSize: group.max, desiredSize: group.min },
    updateConfig: { maxUnavailable: 1 },
    labels: { [BUILDER_NODE_KEY]: BUILDER_NODE_VALUE },
    taints: [{ key: BUILDER_NODE_KEY, value: BUILDER_NODE_VALUE, effect: "NO_SCHEDULE" }],
    ...tagsOf(group),
  };
}

/** The tags of what is made for a node group. The provider knows no empty map: it would find none each time. */
export function tagsOf({ tags }: Pick<NodeGroup, "tags">): { tags?: Record<string, string> } {
  return Object.keys(tags).length === 0 ? {} : { tags: { ...tags } };
}

/**
 * Tags of the node group's Auto Scaling group, by what they are for. While there is no node, cluster-autoscaler knows from them
 * that one would take builders: label, taint, and disk, of which it knows nothing otherwise and without which no pod fits that asks
 * for ephemeral storage, as builders do (kubernetes/autoscaler, cluster-autoscaler/cloudprovider/aws/README.md). EKS does not
 * pass the tags of a node group on.
 */
export function autoscalerTags(group: NodeGroup): Record<"label" | "taint" | "disk", { key: string; value: string }> {
  return {
    label: { key: `${NODE_TEMPLATE}/label/${BUILDER_NODE_KEY}`, value: BUILDER_NODE_VALUE },
    taint: { key: `${NODE_TEMPLATE}/taint/${BUILDER_NODE_KEY}`, value: `${BUILDER_NODE_VALUE}:NoSchedule` },
    disk: { key: `${NODE_TEMPLATE}/resources/ephemeral-storage`, value: `${usable(group.diskGiB)}Gi` },
  };
}

/** A file system takes its part, and the kubelet keeps a tenth free; more than a node has would start nodes that fit nothing. */
function usable(gibibytes: number): number {
  return Math.floor(gibibytes * 0.85);
}
