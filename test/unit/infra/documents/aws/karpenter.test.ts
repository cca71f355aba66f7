// Karpenter's objects as they are written. Whether its own definitions accept them, test/engine/karpenter.test.ts asks.
import { describe, expect, test } from "vitest";
import { type KarpenterNodes, nodeClass, nodePool } from "../../../../../infra/documents/aws/karpenter.ts";

const nodes: KarpenterNodes = {
  name: "aws-dev-builder-arm64",
  architecture: "arm64",
  instanceTypes: [],
  capacity: "onDemand",
  image: "Bottlerocket",
  nodeRole: "KarpenterNodeRole-dev",
  subnetTags: { "karpenter.sh/discovery": "dev" },
  securityGroupTags: { builders: "yes" },
  limits: { cpu: "64" },
  diskGiB: 200,
  tags: {},
};
const requirements = (one: KarpenterNodes) =>
  Object.fromEntries(nodePool(one).spec.template.spec.requirements.map(({ key, values }) => [key, values]));

test("the pool keeps its nodes for builders, and takes away only what no builder is on", () => {
  expect(nodePool(nodes)).toEqual({
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: "aws-dev-builder-arm64" },
    spec: {
      template: {
        metadata: { labels: { "garden-build": "true" } },
        spec: {
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "aws-dev-builder-arm64" },
          taints: [{ key: "garden-build", value: "true", effect: "NoSchedule" }],
          requirements: [
            { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
            { key: "kubernetes.io/arch", operator: "In", values: ["arm64"] },
            { key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] },
          ],
          expireAfter: "Never",
        },
      },
      disruption: {
        consolidationPolicy: "WhenEmpty",
        consolidateAfter: "10m",
        budgets: [
          { nodes: "0", reasons: ["Drifted"] },
          { nodes: "100%", reasons: ["Empty"] },
        ],
      },
      limits: { cpu: "64" },
    },
  });
});

test("the pool takes the machines that it is told", () => {
  expect(requirements({ ...nodes, instanceTypes: ["c7g.large", "m7g.large"], capacity: "spot" })).toMatchObject({
    "karpenter.sh/capacity-type": ["spot"],
    "node.kubernetes.io/instance-type": ["c7g.large", "m7g.large"],
  });
});

describe("the class", () => {
  test("has encrypted disks, metadata that ends at the node, and what rootless BuildKit needs", () => {
    const ebs = { encrypted: true, deleteOnTermination: true, volumeType: "gp3" };
    expect(nodeClass(nodes, { userNamespaces: true })).toEqual({
      apiVersion: "karpenter.k8s.aws/v1",
      kind: "EC2NodeClass",
      metadata: { name: "aws-dev-builder-arm64" },
      spec: {
        amiSelectorTerms: [{ alias: "bottlerocket@latest" }],
        role: "KarpenterNodeRole-dev",
        subnetSelectorTerms: [{ tags: { "karpenter.sh/discovery": "dev" } }],
        securityGroupSelectorTerms: [{ tags: { builders: "yes" } }],
        metadataOptions: {
          httpEndpoint: "enabled",
          httpProtocolIPv6: "disabled",
          httpPutResponseHopLimit: 1,
          httpTokens: "required",
        },
        blockDeviceMappings: [
          { deviceName: "/dev/xvda", ebs: { ...ebs, volumeSize: "4Gi" } },
          { deviceName: "/dev/xvdb", ebs: { ...ebs, volumeSize: "200Gi" } },
        ],
        userData: '[settings.kernel.sysctl]\n"user.max_user_namespaces" = "16384"\n',
      },
    });
  });

  test("has one disk, no user data, and the key and tags that it is told, on AL2023", () => {
    const diskKey = "arn:aws:kms:eu-central-1:123456789012:key/1";
    const { spec } = nodeClass({ ...nodes, image: "AL2023", diskKey, tags: { team: "a" } }, { userNamespaces: true });
    expect(spec).toMatchObject({ amiSelectorTerms: [{ alias: "al2023@latest" }], tags: { team: "a" } });
    expect(spec.blockDeviceMappings).toMatchObject([
      { deviceName: "/dev/xvda", ebs: { encrypted: true, kmsKeyID: diskKey, volumeSize: "200Gi" } },
    ]);
    expect(spec).not.toHaveProperty("userData");
  });
});
