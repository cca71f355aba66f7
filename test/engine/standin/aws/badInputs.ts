/**
 * What AWS refuses: each line is refused by the stand-in, and by moto where it can. Where moto takes what AWS refuses, the line
 * says so, and the test sees it: a moto that learns it shows up.
 */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import {
  ASSOCIATION,
  ATTACHMENT,
  allow,
  ENTRY,
  GITHUB,
  IDENTITY,
  json,
  LIFECYCLE,
  NODE_GROUP,
  NODES,
  OIDC,
  POLICY,
  PULL,
  REPOSITORY,
  REPOSITORY_POLICY,
  ROLE,
  ROLE_POLICY,
  rule,
  TEMPLATE,
  TRUST,
} from "./goodInputs.ts";

export interface BadInput {
  readonly what: string;
  readonly type: string;
  readonly inputs: ValueMap;
  /** part of what the stand-in says */
  readonly says: string;
  /** what moto does; null where it does not know the type */
  readonly moto: "refuses" | "takes" | null;
}

const bad = (type: string, moto: BadInput["moto"], lines: Readonly<Record<string, [ValueMap, string]>>): BadInput[] =>
  Object.entries(lines).map(([what, [inputs, says]]) => ({ what, type, inputs, says, moto }));

const trust = (assumeRolePolicy: string) => ({ name: "wrong", assumeRolePolicy });
const onRole = (policy: string) => ({ name: "wrong", role: "nodes", policy });
const onShop = (policy: string) => ({ repository: "shop/api", policy });
const nodes = (more: ValueMap) => ({ ...NODE_GROUP, nodeGroupName: "wrong", ...more });
const entry = (more: ValueMap) => ({ clusterName: "dev", principalArn: NODE_GROUP.nodeRoleArn, ...more });

export const BAD_INPUTS: readonly BadInput[] = [
  ...bad(REPOSITORY, "refuses", {
    "exclusion without filters": [
      { name: "shop/wrong", imageTagMutability: "IMMUTABLE_WITH_EXCLUSION" },
      "are needed for IMMUTABLE_WITH_EXCLUSION",
    ],
    "a name with upper-case letters": [{ name: "shop/Api" }, "'repositoryName'"],
    "a name with an empty part": [{ name: "shop//api" }, "'repositoryName'"],
    "a name that ends with a slash": [{ name: "shop/" }, "'repositoryName'"],
    "a part that begins with a hyphen": [{ name: "shop/-cache" }, "'repositoryName'"],
    "a name that is taken": [{ name: "shop/api" }, "RepositoryAlreadyExistsException"],
    "no such mutability": [{ name: "shop/wrong", imageTagMutability: "SOMETIMES" }, "IMMUTABLE_WITH_EXCLUSION"],
    "filters for what has none": [
      {
        name: "shop/wrong",
        imageTagMutability: "IMMUTABLE",
        imageTagMutabilityExclusionFilters: [{ filter: "a*", filterType: "WILDCARD" }],
      },
      "are not for IMMUTABLE",
    ],
  }),
  ...bad(REPOSITORY, "takes", {
    "a name of one character": [{ name: "s" }, "shorter than 2"],
    "a filter with three wildcards": [
      {
        name: "shop/wrong",
        imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters: [{ filter: "a*b*c*", filterType: "WILDCARD" }],
      },
      "more than two wildcards",
    ],
    "a key that begins with aws:": [{ name: "shop/wrong", tags: { "aws:team": "shop" } }, "not the key of a tag"],
  }),
  ...bad(LIFECYCLE, "refuses", {
    "no such repository": [
      { repository: "shop/none", policy: json({ rules: [rule(1, "any")] }) },
      "RepositoryNotFoundException",
    ],
    "text that is no JSON": [onShop("expire it all, ".repeat(10)), "InvalidParameterException"],
    "no action": [onShop(json({ rules: [{ ...rule(1, "untagged"), action: undefined }] })), "rules[0].action"],
    "a count of none": [onShop(json({ rules: [rule(1, "any", { countNumber: 0 })] })), "countNumber"],
  }),
  ...bad(LIFECYCLE, "takes", {
    "any before others": [onShop(json({ rules: [rule(1, "any"), rule(2, "untagged")] })), "any is not the last one"],
    "days without their unit": [onShop(json({ rules: [rule(1, "any", { countUnit: undefined })] })), "countUnit goes"],
    "tagged without tags": [onShop(json({ rules: [rule(1, "tagged")] })), "needs either tagPrefixList or"],
    "two rules with one priority": [
      onShop(json({ rules: [rule(1, "untagged"), rule(1, "any")] })),
      "two rules have one priority",
    ],
  }),
  ...bad(REPOSITORY_POLICY, "refuses", {
    "no such repository": [{ repository: "shop/none", policy: allow(PULL) }, "RepositoryNotFoundException"],
    "text that is no JSON": [onShop("pull"), "invalid JSON policy"],
  }),
  ...bad(REPOSITORY_POLICY, "takes", {
    "no principal": [onShop(allow({ Action: "ecr:BatchGetImage" })), "Missing required field Principal"],
    "a resource": [onShop(allow({ ...PULL, Resource: "*" })), "it has a Resource"],
    "roles by a pattern": [
      onShop(allow({ ...PULL, Principal: { AWS: "arn:aws:iam::210987654321:role/*" } })),
      'Invalid principal in policy: {"AWS":"arn:aws:iam::210987654321:role/*"}',
    ],
  }),
  ...bad(ROLE, "refuses", {
    "a name that is taken": [{ name: "nodes", assumeRolePolicy: TRUST }, "EntityAlreadyExists"],
  }),
  ...bad(ROLE, "takes", {
    "a session of half an hour": [{ ...trust(TRUST), maxSessionDuration: 1800 }, "3600"],
    "a name with a slash": [{ name: "shop/builder", assumeRolePolicy: TRUST }, "is not a name in IAM"],
    "a name of 65 characters": [{ name: "r".repeat(65), assumeRolePolicy: TRUST }, "is not a name in IAM"],
    "a trust document that is no JSON": [trust("trust me"), "invalid JSON policy"],
    "a trust document with a resource": [
      trust(allow({ Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole", Resource: "*" })),
      "prohibited field Resource",
    ],
    "a trust document of more than 2,048 characters": [
      trust(
        allow({
          Principal: { AWS: Array(60).fill("arn:aws:iam::123456789012:role/nodes") },
          Action: "sts:AssumeRole",
        }),
      ),
      "at most 2048",
    ],
    "a trust document about other actions than those of STS": [
      trust(allow({ Principal: { Service: "ec2.amazonaws.com" }, Action: "ecr:PutImage" })),
      "may only specify STS AssumeRole actions",
    ],
    "a trust document for roles by a pattern": [
      trust(allow({ Principal: { AWS: "arn:aws:iam::123456789012:role/ci-*" }, Action: "sts:AssumeRole" })),
      'Invalid principal in policy: {"AWS":"arn:aws:iam::123456789012:role/ci-*"}',
    ],
    "a trust document for providers by a pattern": [
      trust(
        allow({
          Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/oidc.eks.*" },
          Action: "sts:AssumeRoleWithWebIdentity",
        }),
      ),
      "Invalid principal in policy",
    ],
    "a trust document without a principal": [trust(allow({ Action: "sts:AssumeRole" })), "field Principal"],
    "an unknown key in a statement": [
      trust(allow({ Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole", Why: "so" })),
      "Why is no part of a statement",
    ],
    "an unknown operator in a condition": [
      trust(allow({ Principal: GITHUB, Action: "sts:AssumeRole", Condition: { StringIs: { a: "b" } } })),
      "Invalid Condition type : StringIs",
    ],
    "GitHub without a subject": [
      trust(allow({ Principal: GITHUB, Action: "sts:AssumeRoleWithWebIdentity" })),
      "does not say which token.actions.githubusercontent.com:sub",
    ],
    "a path without its slashes": [{ ...trust(TRUST), path: "pergola" }, "must begin and end with /"],
  }),
  ...bad(ROLE_POLICY, "refuses", {
    "no such role": [{ name: "push", role: "none", policy: IDENTITY }, "role with name none cannot be found"],
    "text that is no JSON": [onRole("push"), "invalid JSON policy"],
    "no resource": [onRole(allow({ Action: "ecr:PutImage" })), "must contain resources"],
    "a resource that is no ARN": [
      onRole(allow({ Action: "ecr:PutImage", Resource: "shop/api" })),
      "must be in ARN format",
    ],
    "no action": [onRole(allow({ Resource: "*" })), "either Action or NotAction"],
    "an effect that is none": [
      onRole(json({ Version: "2012-10-17", Statement: { Effect: "Maybe", Action: "ecr:*", Resource: "*" } })),
      "neither Allow nor Deny",
    ],
    "two statements of one name": [
      onRole(
        json({
          Version: "2012-10-17",
          Statement: ["*", "*"].map((Resource) => ({ Sid: "One", Effect: "Allow", Action: "ecr:PutImage", Resource })),
        }),
      ),
      "two statements have one Sid",
    ],
    "an unknown key in a document": [onRole(json({ ...JSON.parse(IDENTITY), Comment: "why" })), "Comment is no part"],
    "no such version": [onRole(allow({ Action: "ecr:PutImage", Resource: "*" }, "2026-01-01")), "no such Version"],
  }),
  ...bad(ROLE_POLICY, "takes", {
    "a principal": [onRole(allow({ ...PULL, Resource: "*" })), "should not specify a principal"],
  }),
  ...bad(POLICY, "refuses", {
    "a name that is taken": [{ name: "taken", policy: IDENTITY }, "EntityAlreadyExists"],
    "no resource": [{ name: "wrong", policy: allow({ Action: "ecr:PutImage" }) }, "must contain resources"],
  }),
  ...bad(ATTACHMENT, "refuses", {
    "no such role": [
      { role: "none", policyArn: "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly" },
      "role with name none cannot be found",
    ],
    "no such policy of AWS": [{ role: "nodes", policyArn: "arn:aws:iam::aws:policy/AmazonEcrPull" }, "no such policy"],
    "no such policy of the account": [
      { role: "nodes", policyArn: "arn:aws:iam::123456789012:policy/none" },
      "does not exist or is not attachable",
    ],
  }),
  ...bad(OIDC, "refuses", {
    "an address that is there": [
      { url: "https://oidc.eks.eu-central-1.amazonaws.com/id/A", clientIdLists: ["sts.amazonaws.com"] },
      "EntityAlreadyExists",
    ],
    "an address without https": [
      { url: "oidc.eks.amazonaws.com/id/C", clientIdLists: ["sts.amazonaws.com"] },
      "https://",
    ],
  }),
  ...bad(OIDC, "takes", {
    "a thumbprint that is none": [
      { url: "https://oidc.eks.amazonaws.com/id/D", clientIdLists: ["sts.amazonaws.com"], thumbprintLists: ["ab"] },
      "is no SHA-1 thumbprint",
    ],
  }),
  ...bad(NODES, "refuses", {
    "no such cluster": [nodes({ clusterName: "none" }), "No cluster found for name: none"],
    "a name that is taken": [{ ...NODE_GROUP, nodeGroupName: "taken" }, "NodeGroup already exists"],
    "a disk beside a template": [
      nodes({ diskSize: 100, launchTemplate: { name: "taken", version: "1" } }),
      "Disk size must",
    ],
  }),
  ...bad(NODES, "takes", {
    "the taint effect of Kubernetes": [
      nodes({ taints: [{ key: "garden-build", value: "true", effect: "NoSchedule" }] }),
      "NO_SCHEDULE",
    ],
    "no such subnet": [nodes({ subnetIds: ["subnet-0f"] }), "'subnet-0f' does not exist"],
    "no such role": [nodes({ nodeRoleArn: "arn:aws:iam::123456789012:role/none" }), "cannot be found"],
    "fewer nodes than the least": [
      nodes({ scalingConfig: { minSize: 2, desiredSize: 0, maxSize: 3 } }),
      "Minimum capacity",
    ],
    "a capacity in the program's spelling": [nodes({ capacityType: "spot" }), "SPOT"],
    "an image that is none": [nodes({ amiType: "AL2023" }), "AL2023_x86_64_STANDARD"],
    "no such launch template": [nodes({ launchTemplate: { name: "none", version: "1" } }), "does not exist"],
  }),
  ...bad(TEMPLATE, "refuses", {
    "user data that is not base64": [{ name: "wrong", userData: "[settings]" }, "is not base64"],
    "a name that is taken": [{ name: "taken" }, "already in use"],
  }),
  ...bad(TEMPLATE, "takes", {
    "a hop limit of none": [
      { name: "wrong", metadataOptions: { httpPutResponseHopLimit: 0 } },
      "metadataOptions.httpPut",
    ],
  }),
  ...bad(ASSOCIATION, null, {
    "a pattern of namespaces": [
      { clusterName: "dev", namespace: "shop-*", serviceAccount: "builder", roleArn: NODE_GROUP.nodeRoleArn },
      "is not a name in Kubernetes",
    ],
    "no such role": [
      {
        clusterName: "dev",
        namespace: "shop",
        serviceAccount: "builder",
        roleArn: "arn:aws:iam::123456789012:role/none",
      },
      "does not exist",
    ],
    "one that is there": [
      { clusterName: "dev", namespace: "taken", serviceAccount: "builder", roleArn: NODE_GROUP.nodeRoleArn },
      "Association already exists",
    ],
  }),
  ...bad(ENTRY, null, {
    "a group of Kubernetes' own": [entry({ kubernetesGroups: ["system:masters"] }), "AWS keeps for itself"],
    "no such role": [entry({ principalArn: "arn:aws:iam::123456789012:role/none" }), "invalid principal"],
    "no such cluster": [entry({ clusterName: "none" }), "No cluster found"],
    "an account": [entry({ principalArn: "arn:aws:iam::123456789012:root" }), "neither a role nor a user"],
    "a property that there is not": [entry({ groups: ["ci"] }), "groups"],
  }),
];
