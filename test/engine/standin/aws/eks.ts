/** Amazon EKS (API reference: CreateNodegroup, CreatePodIdentityAssociation, CreateAccessEntry). */
import { z } from "zod";
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import type { Reference, ResourceType } from "../resourceType.ts";
import { asSet, drawn, text } from "../values.ts";
import { SUBNET, TEMPLATE, templateId } from "./ec2.ts";
import { roleArnReference } from "./iam.ts";
import { arn, arnText, tagged, tags } from "./values.ts";

export const CLUSTER = "aws:eks/cluster:Cluster";

const clusterName = z.string().regex(/^[0-9A-Za-z][\w-]{0,99}$/, "is not the name of a cluster");

/** Names of Kubernetes objects (RFC 1123 label). */
const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "is not a name in Kubernetes");

const cluster = (inputs: ValueMap): Reference => ({
  type: CLUSTER,
  key: text(inputs, "clusterName"),
  missing: `ResourceNotFoundException: No cluster found for name: ${text(inputs, "clusterName")}.`,
});

const AMI_TYPES = [
  ...["AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD", "AL2023_x86_64_NEURON", "AL2023_x86_64_NVIDIA"],
  ...["AL2023_ARM_64_NVIDIA", "BOTTLEROCKET_x86_64", "BOTTLEROCKET_ARM_64", "BOTTLEROCKET_x86_64_FIPS"],
  ...["BOTTLEROCKET_ARM_64_FIPS", "BOTTLEROCKET_x86_64_NVIDIA", "BOTTLEROCKET_ARM_64_NVIDIA", "CUSTOM"],
] as const;

const scalingConfig = z
  .strictObject({ desiredSize: z.int().min(0), minSize: z.int().min(0), maxSize: z.int().min(1) })
  .refine(({ minSize, desiredSize }) => minSize <= desiredSize, "Minimum capacity can't be greater than desired size")
  .refine(({ desiredSize, maxSize }) => desiredSize <= maxSize, "desired capacity can't be greater than max size");

const nodeGroupInputs = z
  .strictObject({
    clusterName,
    nodeGroupName: z.string().regex(/^[0-9A-Za-z][\w-]{0,62}$/, "is not the name of a node group"),
    nodeRoleArn: arnText,
    subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]{1,17}$/, "is not the id of a subnet")).min(1),
    scalingConfig,
    amiType: z.enum(AMI_TYPES).optional(),
    capacityType: z.enum(["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"]).optional(),
    instanceTypes: z.array(z.string().min(1)).min(1).max(20).optional(),
    diskSize: z.int().min(1).optional(),
    labels: z.record(z.string().min(1).max(63), z.string().max(63)).optional(),
    taints: z
      .array(
        z.strictObject({
          key: z.string().min(1).max(63),
          value: z.string().max(63).optional(),
          effect: z.enum(["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"]),
        }),
      )
      .max(50)
      .optional(),
    launchTemplate: z
      .strictObject({ id: z.string().optional(), name: z.string().optional(), version: z.string() })
      .refine(({ id, name }) => (id === undefined) !== (name === undefined), "has either an id or a name")
      .optional(),
    updateConfig: z
      .strictObject({ maxUnavailable: z.int().optional(), maxUnavailablePercentage: z.int().optional() })
      .refine((config) => Object.keys(config).length === 1, "has either a number or a percentage")
      .optional(),
    nodeRepairConfig: z.strictObject({ enabled: z.boolean() }).optional(),
    forceUpdateVersion: z.boolean().optional(),
    releaseVersion: z.string().optional(),
    version: z.string().optional(),
    tags,
  })
  .refine(({ diskSize, launchTemplate }) => diskSize === undefined || launchTemplate === undefined, {
    path: ["diskSize"],
    message: "Disk size must be specified within the launch template.",
  });

/** Groups that only AWS puts somebody into (EKS user guide, "Create access entries"). */
const group = z.string().regex(/^(?!(system|eks|aws|amazon|iam):).+$/, "is a group that AWS keeps for itself");

export const EKS: Readonly<Record<string, ResourceType>> = {
  "aws:eks/nodeGroup:NodeGroup": {
    inputs: nodeGroupInputs,
    key: (inputs) => `${text(inputs, "clusterName")}:${text(inputs, "nodeGroupName")}`,
    unique: "region",
    duplicate: "ResourceInUseException: NodeGroup already exists with name %s",
    references: (inputs, place) => [
      cluster(inputs),
      ...roleArnReference(
        text(inputs, "nodeRoleArn"),
        place,
        `InvalidParameterException: The role ${text(inputs, "nodeRoleArn")} cannot be found.`,
      ),
      ...(inputs.subnetIds as string[]).map((key) => {
        return { type: SUBNET, key, missing: `InvalidParameterException: The subnet ID '${key}' does not exist` };
      }),
      ...templateOf(inputs),
    ],
    replaces: [
      ...["clusterName", "nodeGroupName", "nodeRoleArn", "subnetIds", "amiType", "capacityType", "instanceTypes"],
      ...["diskSize"],
    ],
    forms: { subnetIds: asSet, taints: asSet },
    // EKS says which version of a template `$Latest` was, not `$Latest`: the next preview would show a change.
    returns(inputs) {
      const template = inputs.launchTemplate as ValueMap | undefined;
      if (template === undefined || !String(template.version).startsWith("$")) return inputs;
      return { ...inputs, launchTemplate: { ...template, version: "1" } };
    },
    computes: (inputs, place) => {
      const names = `${text(inputs, "clusterName")}/${text(inputs, "nodeGroupName")}`;
      return {
        arn: arn(place, "eks", `nodegroup/${names}/${drawn(names)}`),
        status: "ACTIVE",
        resources: [{ autoscalingGroups: [{ name: `eks-${names.replace("/", "-")}` }] }],
        ...tagged(inputs),
      };
    },
  },
  "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
    inputs: z.strictObject({ clusterName, namespace: label, serviceAccount: label, roleArn: arnText, tags }),
    key: (inputs) => ["clusterName", "namespace", "serviceAccount"].map((name) => text(inputs, name)).join("/"),
    id: (inputs) => associationId(inputs),
    unique: "region",
    duplicate: "ResourceInUseException: Association already exists: %s",
    references: (inputs, place) => [
      cluster(inputs),
      ...roleArnReference(
        text(inputs, "roleArn"),
        place,
        `InvalidParameterException: Role ${text(inputs, "roleArn")} does not exist.`,
      ),
    ],
    replaces: ["clusterName", "namespace", "serviceAccount"],
    computes: (inputs, place) => ({
      associationId: associationId(inputs),
      associationArn: arn(
        place,
        "eks",
        `podidentityassociation/${text(inputs, "clusterName")}/${associationId(inputs)}`,
      ),
      ...tagged(inputs),
    }),
  },
  "aws:eks/accessEntry:AccessEntry": {
    inputs: z.strictObject({
      clusterName,
      principalArn: arnText.regex(/:iam::\d{12}:(role|user)\//, "is neither a role nor a user"),
      type: z.enum(["STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"]),
      kubernetesGroups: z.array(group).optional(),
      userName: group.optional(),
      tags,
    }),
    defaults: { type: "STANDARD" },
    key: (inputs) => `${text(inputs, "clusterName")}:${text(inputs, "principalArn")}`,
    unique: "region",
    duplicate: "ResourceInUseException: The specified access entry resource is already in use on this cluster: %s",
    references: (inputs, place) => [
      cluster(inputs),
      ...roleArnReference(
        text(inputs, "principalArn"),
        place,
        "InvalidParameterException: The specified principalArn is invalid: invalid principal.",
      ),
    ],
    replaces: ["clusterName", "principalArn", "type"],
    forms: { kubernetesGroups: asSet },
    computes: (inputs, place) => ({
      accessEntryArn: arn(
        place,
        "eks",
        `access-entry/${text(inputs, "clusterName")}/${drawn(text(inputs, "principalArn"))}`,
      ),
      createdAt: "2026-01-01T00:00:00Z",
      modifiedAt: "2026-01-01T00:00:00Z",
      ...tagged(inputs),
    }),
  },
  // Not Pergola's to make: tests put one there.
  [CLUSTER]: {
    inputs: z.strictObject({ name: clusterName }),
    key: (inputs) => text(inputs, "name"),
    unique: "region",
    duplicate: "ResourceInUseException: Cluster already exists with name: %s",
    replaces: ["name"],
    computes: (inputs, place) => ({ arn: arn(place, "eks", `cluster/${text(inputs, "name")}`) }),
  },
};

function associationId(inputs: ValueMap): string {
  const names = ["clusterName", "namespace", "serviceAccount"].map((name) => text(inputs, name));
  return `a-${drawn(...names).slice(0, 17)}`;
}

function templateOf(inputs: ValueMap): Reference[] {
  const template = inputs.launchTemplate as ValueMap | undefined;
  if (template === undefined) return [];
  const key = template.id === undefined ? templateId(String(template.name)) : String(template.id);
  return [{ type: TEMPLATE, key, missing: `InvalidLaunchTemplateId.NotFound: ${key} does not exist` }];
}
