/** Karpenter's objects for builder nodes (API groups karpenter.sh/v1 and karpenter.k8s.aws/v1; Karpenter, "NodePools", "NodeClasses"). */
import { BUILDER_NODE_KEY, BUILDER_NODE_VALUE } from "../../setupNames.ts";
import { imageAlias, type NodeArchitecture, type NodeImage, nodeVolumes, userData } from "./nodeImages.ts";

/** Nodes of builders that Karpenter makes, as a stack file describes them. */
export interface KarpenterNodes {
  readonly name: string;
  readonly architecture: NodeArchitecture;
  readonly instanceTypes: readonly string[];
  readonly capacity: "onDemand" | "spot";
  readonly image: NodeImage;
  readonly nodeRole: string;
  readonly subnetTags: Readonly<Record<string, string>>;
  readonly securityGroupTags: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
  readonly diskGiB: number;
  readonly diskKey?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

const CLASS = { group: "karpenter.k8s.aws", kind: "EC2NodeClass" } as const;

/** Size of Bottlerocket's root volume; Karpenter wants one written (its own default). */
const SYSTEM_GIB = 4;

/** How nodes are made: image, disks, network, role. Cluster-wide. */
export function nodeClass(nodes: KarpenterNodes, { userNamespaces }: { readonly userNamespaces: boolean }) {
  const data = userData(nodes.image, { userNamespaces });
  return {
    apiVersion: `${CLASS.group}/v1`,
    kind: CLASS.kind,
    metadata: { name: nodes.name },
    spec: {
      amiSelectorTerms: [{ alias: imageAlias(nodes.image) }],
      role: nodes.nodeRole,
      subnetSelectorTerms: [{ tags: { ...nodes.subnetTags } }],
      securityGroupSelectorTerms: [{ tags: { ...nodes.securityGroupTags } }],
      // One hop ends at the node: what runs in a pod cannot get at the node's role.
      metadataOptions: {
        httpEndpoint: "enabled",
        httpProtocolIPv6: "disabled",
        httpPutResponseHopLimit: 1,
        httpTokens: "required",
      },
      blockDeviceMappings: nodeVolumes(nodes.image, nodes.diskGiB).map(({ device, gibibytes }) => ({
        deviceName: device,
        ebs: {
          encrypted: true,
          deleteOnTermination: true,
          volumeType: "gp3",
          volumeSize: `${gibibytes ?? SYSTEM_GIB}Gi`,
          ...(nodes.diskKey === undefined ? {} : { kmsKeyID: nodes.diskKey }),
        },
      })),
      ...(data === null ? {} : { userData: data }),
      ...(Object.keys(nodes.tags).length === 0 ? {} : { tags: { ...nodes.tags } }),
    },
  };
}

/** Which nodes there may be, and when they go. Cluster-wide. */
export function nodePool(nodes: KarpenterNodes) {
  const requirement = (key: string, ...values: string[]) => ({ key, operator: "In", values });
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: nodes.name },
    spec: {
      template: {
        metadata: { labels: { [BUILDER_NODE_KEY]: BUILDER_NODE_VALUE } },
        spec: {
          nodeClassRef: { ...CLASS, name: nodes.name },
          taints: [{ key: BUILDER_NODE_KEY, value: BUILDER_NODE_VALUE, effect: "NoSchedule" }],
          requirements: [
            requirement("kubernetes.io/os", "linux"),
            requirement("kubernetes.io/arch", nodes.architecture),
            requirement("karpenter.sh/capacity-type", nodes.capacity === "spot" ? "spot" : "on-demand"),
            ...(nodes.instanceTypes.length === 0
              ? []
              : [requirement("node.kubernetes.io/instance-type", ...nodes.instanceTypes)]),
          ],
          // By default a node goes after 30 days, with whatever is being built on it.
          expireAfter: "Never",
        },
      },
      disruption: {
        // Only nodes without builders go. A newer image is for the nodes that come next.
        consolidationPolicy: "WhenEmpty",
        consolidateAfter: "10m",
        budgets: [
          { nodes: "0", reasons: ["Drifted"] },
          { nodes: "100%", reasons: ["Empty"] },
        ],
      },
      limits: { ...nodes.limits },
    },
  };
}
