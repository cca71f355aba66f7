/** Inputs of each type that AWS takes, and what has to be there for them. */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";

export const json = (value: unknown) => JSON.stringify(value);
export const allow = (more: object, version = "2012-10-17") =>
  json({ Version: version, Statement: [{ Effect: "Allow", ...more }] });

export const REPOSITORY = "aws:ecr/repository:Repository";
export const LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy";
export const REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy";
export const ROLE = "aws:iam/role:Role";
export const ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy";
export const POLICY = "aws:iam/policy:Policy";
export const ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
export const OIDC = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";
export const NODES = "aws:eks/nodeGroup:NodeGroup";
export const ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation";
export const ENTRY = "aws:eks/accessEntry:AccessEntry";
export const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";

export const TRUST = allow({ Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" });
export const IDENTITY = allow({ Action: "ecr:GetAuthorizationToken", Resource: "*" });
export const PULL = { Principal: { AWS: "210987654321" }, Action: "ecr:BatchGetImage" };
export const GITHUB = { Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" };

export const rule = (rulePriority: number, tagStatus: string, more: object = {}) => ({
  rulePriority,
  selection: { tagStatus, countType: "sinceImagePushed", countUnit: "days", countNumber: 14, ...more },
  action: { type: "expire" },
});

export const NODE_GROUP = {
  clusterName: "dev",
  nodeGroupName: "builders",
  nodeRoleArn: "arn:aws:iam::123456789012:role/nodes",
  subnetIds: ["subnet-0a"],
  scalingConfig: { minSize: 0, desiredSize: 0, maxSize: 2 },
};

/** Inputs that are taken, by what they are. */
export const GOOD_INPUTS: readonly { readonly type: string; readonly inputs: ValueMap }[] = [
  { type: REPOSITORY, inputs: { name: "shop/api/cache", encryptionConfigurations: [{ encryptionType: "AES256" }] } },
  {
    type: REPOSITORY,
    inputs: {
      name: "shop/web",
      imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
      imageTagMutabilityExclusionFilters: [{ filter: "_buildcache*", filterType: "WILDCARD" }],
      imageScanningConfiguration: { scanOnPush: true },
      tags: { team: "shop" },
    },
  },
  { type: LIFECYCLE, inputs: { repository: "shop/api", policy: json({ rules: [rule(1, "any")] }) } },
  { type: REPOSITORY_POLICY, inputs: { repository: "shop/api", policy: allow(PULL) } },
  { type: ROLE, inputs: { name: "builder", assumeRolePolicy: TRUST, path: "/pergola/", tags: { team: "shop" } } },
  { type: ROLE_POLICY, inputs: { name: "push", role: "nodes", policy: IDENTITY } },
  { type: POLICY, inputs: { name: "shop-push", policy: IDENTITY } },
  {
    type: ATTACHMENT,
    inputs: { role: "nodes", policyArn: "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly" },
  },
  {
    type: OIDC,
    inputs: { url: "https://oidc.eks.eu-central-1.amazonaws.com/id/B", clientIdLists: ["sts.amazonaws.com"] },
  },
  {
    type: NODES,
    inputs: {
      ...NODE_GROUP,
      taints: [{ key: "garden-build", value: "true", effect: "NO_SCHEDULE" }],
      capacityType: "SPOT",
    },
  },
  {
    type: TEMPLATE,
    inputs: {
      name: "builders",
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        { deviceName: "/dev/xvda", ebs: { volumeSize: 100, volumeType: "gp3", encrypted: "true" } },
      ],
    },
  },
  {
    type: ASSOCIATION,
    inputs: { clusterName: "dev", namespace: "shop-dev", serviceAccount: "builder", roleArn: NODE_GROUP.nodeRoleArn },
  },
  {
    type: ENTRY,
    inputs: { clusterName: "dev", principalArn: NODE_GROUP.nodeRoleArn, kubernetesGroups: ["pergola:ci:dev"] },
  },
  {
    type: "aws:autoscaling/tag:Tag",
    inputs: { autoscalingGroupName: "eks-dev", tag: { key: "label", value: "true", propagateAtLaunch: false } },
  },
];

/** What is there before: what the lines above name as taken, and what the good ones need. */
export const THERE: readonly { readonly type: string; readonly inputs: ValueMap }[] = [
  { type: REPOSITORY, inputs: { name: "shop/api" } },
  { type: ROLE, inputs: { name: "nodes", assumeRolePolicy: TRUST } },
  { type: POLICY, inputs: { name: "taken", policy: IDENTITY } },
  {
    type: OIDC,
    inputs: { url: "https://oidc.eks.eu-central-1.amazonaws.com/id/A", clientIdLists: ["sts.amazonaws.com"] },
  },
  { type: "aws:eks/cluster:Cluster", inputs: { name: "dev" } },
  { type: "aws:ec2/subnet:Subnet", inputs: { id: "subnet-0a" } },
  { type: TEMPLATE, inputs: { name: "taken" } },
  { type: NODES, inputs: { ...NODE_GROUP, nodeGroupName: "taken" } },
  {
    type: ASSOCIATION,
    inputs: { clusterName: "dev", namespace: "taken", serviceAccount: "builder", roleArn: NODE_GROUP.nodeRoleArn },
  },
];
