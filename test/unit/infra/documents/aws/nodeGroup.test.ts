// Node groups of EKS: what is said to three APIs that each have words of their own.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  autoscalerTags,
  launchTemplate,
  type NodeGroup,
  nodeGroup,
  nodeGroupNameProblem,
} from "../../../../../infra/documents/aws/nodeGroup.ts";
import { nodePolicies, nodeRoleName, nodeTrust } from "../../../../../infra/documents/aws/nodeRole.ts";
import { roleNameProblem } from "../../../../../infra/documents/aws/roleNames.ts";
import { physicalName, stackNameProblem } from "../../../../../infra/documents/names.ts";

const group: NodeGroup = {
  name: "aws-dev-builder-amd64",
  architecture: "amd64",
  subnets: ["subnet-0a", "subnet-0b"],
  instanceTypes: ["c7a.2xlarge"],
  capacity: "spot",
  image: "AL2023",
  min: 0,
  max: 5,
  diskGiB: 100,
  tags: { team: "shop" },
};
const plain = { userNamespaces: true };

describe("the node group", () => {
  test("says all that EKS wants in it, and leaves the size to the autoscaler from its beginning on", () => {
    expect(nodeGroup(group)).toEqual({
      nodeGroupName: "aws-dev-builder-amd64",
      subnetIds: ["subnet-0a", "subnet-0b"],
      instanceTypes: ["c7a.2xlarge"],
      capacityType: "SPOT",
      amiType: "AL2023_x86_64_STANDARD",
      scalingConfig: { minSize: 0, maxSize: 5, desiredSize: 0 },
      updateConfig: { maxUnavailable: 1 },
      labels: { "garden-build": "true" },
      taints: [{ key: "garden-build", value: "true", effect: "NO_SCHEDULE" }],
      tags: { team: "shop" },
    });
  });

  test("begins with its least size, which may be more than none", () => {
    expect(nodeGroup({ ...group, min: 2 }).scalingConfig).toEqual({ minSize: 2, maxSize: 5, desiredSize: 2 });
  });

  test.each([
    ["AL2023", "amd64", "AL2023_x86_64_STANDARD"],
    ["AL2023", "arm64", "AL2023_ARM_64_STANDARD"],
    ["Bottlerocket", "amd64", "BOTTLEROCKET_x86_64"],
    ["Bottlerocket", "arm64", "BOTTLEROCKET_ARM_64"],
  ] as const)("is of an image for its machines: %s, %s", (image, architecture, amiType) => {
    expect(nodeGroup({ ...group, image, architecture }).amiType).toBe(amiType);
  });

  test("is on demand unless it is not", () => {
    expect(nodeGroup({ ...group, capacity: "onDemand" }).capacityType).toBe("ON_DEMAND");
  });
});

describe("the launch template", () => {
  test("has an encrypted disk and metadata that ends at the node, and nothing that EKS wants elsewhere", () => {
    expect(launchTemplate(group, plain)).toEqual({
      name: "aws-dev-builder-amd64",
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: { encrypted: "true", deleteOnTermination: "true", volumeType: "gp3", volumeSize: 100 },
        },
      ],
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      tagSpecifications: ["instance", "volume"].map((resourceType) => ({
        resourceType,
        tags: { Name: "aws-dev-builder-amd64", team: "shop" },
      })),
      tags: { team: "shop" },
    });
  });

  test("encrypts all disks, by the key that is given, and sizes Bottlerocket's disk for data", () => {
    const diskKey = "arn:aws:kms:eu-central-1:123456789012:key/1";
    const { blockDeviceMappings } = launchTemplate({ ...group, image: "Bottlerocket", diskKey }, plain);
    const common = { encrypted: "true", deleteOnTermination: "true", volumeType: "gp3", kmsKeyId: diskKey };
    expect(blockDeviceMappings).toEqual([
      { deviceName: "/dev/xvda", ebs: common },
      { deviceName: "/dev/xvdb", ebs: { ...common, volumeSize: 100 } },
    ]);
  });

  test("allows user namespaces where they are needed and not there by themselves", () => {
    const data = (image: NodeGroup["image"], userNamespaces: boolean) => {
      const { userData } = launchTemplate({ ...group, image }, { userNamespaces });
      return userData === undefined ? null : Buffer.from(userData, "base64").toString();
    };
    expect(data("Bottlerocket", true)).toBe('[settings.kernel.sysctl]\n"user.max_user_namespaces" = "16384"\n');
    expect(data("Bottlerocket", false)).toBeNull();
    expect(data("AL2023", true)).toBeNull();
    expect(data("AL2023", false)).toBeNull();
  });
});

test("cluster-autoscaler learns of label, taint and disk while there is no node", () => {
  const prefix = "k8s.io/cluster-autoscaler/node-template";
  expect(autoscalerTags(group)).toEqual({
    label: { key: `${prefix}/label/garden-build`, value: "true" },
    // In the words of Kubernetes, as it is a node's taint that the autoscaler imagines.
    taint: { key: `${prefix}/taint/garden-build`, value: "true:NoSchedule" },
    disk: { key: `${prefix}/resources/ephemeral-storage`, value: "85Gi" },
  });
});

describe("the role that is made", () => {
  test.each([
    ["eu-central-1", "aws", "ec2.amazonaws.com"],
    ["cn-north-1", "aws-cn", "ec2.amazonaws.com.cn"],
    ["us-gov-west-1", "aws-us-gov", "ec2.amazonaws.com"],
  ])("is for instances of %s, joins and pulls, in the partition %s", (region, partition, service) => {
    expect(nodeTrust(region)).toEqual({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
    });
    expect(nodePolicies(region)).toEqual([
      ["node", `arn:${partition}:iam::aws:policy/AmazonEKSWorkerNodePolicy`],
      ["network", `arn:${partition}:iam::aws:policy/AmazonEKS_CNI_Policy`],
      ["pull", `arn:${partition}:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly`],
    ]);
  });
});

describe("names", () => {
  test("of any stack that is accepted are valid for group, template and role", () => {
    const stacks = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9-]{1,70}$/));
    fc.assert(
      fc.property(stacks, fc.constantFrom("amd64", "arm64"), (stack, architecture) => {
        fc.pre(stackNameProblem(stack) === null);
        const name = physicalName([stack, "builder", architecture]);
        expect(nodeGroupNameProblem(name)).toBeNull();
        expect(roleNameProblem(nodeRoleName(name))).toBeNull();
      }),
    );
  });

  test("that are accepted are within the grammars of EKS and of launch templates", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 70 }), fc.stringMatching(/^[\w-]{1,70}$/)), (name) => {
        fc.pre(nodeGroupNameProblem(name) === null);
        expect(name).toMatch(/^[0-9A-Za-z][A-Za-z0-9-_]{0,62}$/);
        expect(name).toMatch(/^[a-zA-Z0-9().\-/_]{3,128}$/);
      }),
    );
  });
});

describe("what the seeds got wrong cannot be written:", () => {
  const any = fc.record({
    image: fc.constantFrom("AL2023", "Bottlerocket"),
    architecture: fc.constantFrom("amd64", "arm64"),
    capacity: fc.constantFrom("onDemand", "spot"),
    tags: fc.dictionary(fc.string({ minLength: 1 }), fc.string()),
  });

  test("a taint's effect in Kubernetes' words, which EKS refuses, or a taint without its label", () => {
    fc.assert(
      fc.property(any, (one) => {
        const { taints, labels } = nodeGroup({ ...group, ...(one as Partial<NodeGroup>) });
        expect(taints).toEqual([{ key: "garden-build", value: "true", effect: "NO_SCHEDULE" }]);
        expect(labels).toEqual({ "garden-build": "true" });
      }),
    );
  });

  test("a hop limit by which pods get at the node's role", () => {
    fc.assert(
      fc.property(any, fc.boolean(), (one, userNamespaces) => {
        const { metadataOptions } = launchTemplate({ ...group, ...(one as Partial<NodeGroup>) }, { userNamespaces });
        expect(metadataOptions).toMatchObject({ httpPutResponseHopLimit: 1, httpTokens: "required" });
      }),
    );
  });

  test("nodes that push", () => {
    for (const region of ["eu-central-1", "cn-north-1", "us-gov-east-1"]) {
      const registry = nodePolicies(region).filter(([, arn]) => arn.includes("ContainerRegistry"));
      expect(registry.map(([, arn]) => arn.split("/")[1])).toEqual(["AmazonEC2ContainerRegistryPullOnly"]);
    }
  });
});
