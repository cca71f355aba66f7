// pergola:cluster.builderNodes: every field and every rule of nodes of EKS and of Karpenter once, with its words.
import { awsCases } from "./awsConfig.ts";
import { AT, karpenter, nodes } from "./nodeChanges.ts";

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b";

awsCases("node groups of EKS", [
  [
    "a name with a dot",
    nodes((it) => (it.name = "a.b")),
    [`${AT}.name: "a.b" is not the name of a node group: letters, digits, - and _`],
  ],
  ["a name too short", nodes((it) => (it.name = "ab")), [`${AT}.name: "ab" has 2 characters; 3 to 63 are allowed`]],
  [
    "a name too long",
    nodes((it) => (it.name = "a".repeat(64))),
    [`${AT}.name: "${"a".repeat(64)}" has 64 characters; 3 to 63 are allowed`],
  ],
  [
    "a name too long for the role that is made",
    nodes((it) => (it.name = "a".repeat(60))),
    [
      `${AT}.name: "${"a".repeat(60)}" is too long for the role that is made, ${"a".repeat(60)}-node: of 64 characters at most; shorten it, or give role.name or nodeRole`,
    ],
  ],
  [
    "the same name with a role that is given",
    nodes((it) => Object.assign(it, { name: "a".repeat(60), nodeRole: "arn:aws:iam::123456789012:role/nodes" })),
    [],
  ],
  [
    "an architecture that is none",
    nodes((it) => (it.architecture = "x86")),
    [`${AT}.architecture: is "x86"; allowed: amd64, arm64`],
  ],
  ["no subnets", nodes((it) => (it.subnets = [])), [`${AT}.subnets: [] is empty; at least one entry is needed`]],
  [
    "a subnet that is none",
    nodes((it) => (it.subnets = ["10.0.0.0/24"])),
    [`${AT}.subnets[0]: "10.0.0.0/24" is not the id of a subnet`],
  ],
  ["a subnet twice", nodes((it) => it.subnets.push("subnet-0a")), [`${AT}.subnets[2]: "subnet-0a" is listed twice`]],
  [
    "no instance types",
    nodes((it) => (it.instanceTypes = [])),
    [`${AT}.instanceTypes: [] is empty; at least one entry is needed`],
  ],
  [
    "an instance type that is none",
    nodes((it) => (it.instanceTypes = ["c7a"])),
    [`${AT}.instanceTypes[0]: "c7a" is not an instance type, such as c7a.2xlarge`],
  ],
  [
    "an instance type twice",
    nodes((it) => it.instanceTypes.push("c7a.2xlarge")),
    [`${AT}.instanceTypes[2]: "c7a.2xlarge" is listed twice`],
  ],
  [
    "an instance type of another architecture",
    nodes((it) => (it.instanceTypes = ["c7g.large"])),
    [`${AT}.instanceTypes[0]: "c7g.large" is an arm64 machine, but these nodes are amd64`],
  ],
  [
    "more instance types than EKS takes",
    nodes((it) => (it.instanceTypes = Array.from({ length: 21 }, (_, index) => `c7a.${index + 1}xlarge`))),
    // Long values are cut.
    [
      `${AT}.instanceTypes: ${JSON.stringify(Array.from({ length: 21 }, (_, index) => `c7a.${index + 1}xlarge`)).slice(0, 117)}... has more than 20 entries`,
    ],
  ],
  [
    "a capacity that is none",
    nodes((it) => (it.capacity = "SPOT")),
    [`${AT}.capacity: is "SPOT"; allowed: onDemand, spot; did you mean spot?`],
  ],
  [
    "an image that is none",
    nodes((it) => (it.image = "AL2")),
    [`${AT}.image: is "AL2"; allowed: AL2023, Bottlerocket`],
  ],
  ["a negative min", nodes((it) => (it.min = -1)), [`${AT}.min: -1 is less than 0`]],
  [
    "no max",
    nodes((it) => delete it.max),
    [
      `${AT}.max: is missing (most nodes; EKS is told all sizes at once: change min or max by pulumi up --refresh, so that it is told the present one)`,
    ],
  ],
  ["a max of nothing", nodes((it) => (it.max = 0)), [`${AT}.max: 0 is less than 1`]],
  ["a min above max", nodes((it) => (it.min = 6)), [`${AT}.min: is 6, more than max, which is 5`]],
  ["a small disk", nodes((it) => (it.diskGiB = 10)), [`${AT}.diskGiB: 10 is less than 20`]],
  ["a large disk", nodes((it) => (it.diskGiB = 20_000)), [`${AT}.diskGiB: 20000 is more than 16384`]],
  [
    "a key that is none",
    nodes((it) => (it.diskKey = "alias/ebs")),
    [`${AT}.diskKey: "alias/ebs" is not the ARN of a KMS key`],
  ],
  [
    "a key of another region",
    nodes((it) => (it.diskKey = KEY.replace("eu-central-1", "eu-west-1"))),
    [`${AT}.diskKey: is a key in eu-west-1, but the nodes' disks are in eu-central-1, where their key has to be`],
  ],
  ["a key of the region", nodes((it) => (it.diskKey = KEY)), []],
  [
    "an instance profile for a role",
    nodes((it) => (it.nodeRole = "arn:aws:iam::123456789012:instance-profile/nodes")),
    [`${AT}.nodeRole: "arn:aws:iam::123456789012:instance-profile/nodes" is an ARN, but not of an IAM role`],
  ],
  [
    "a role of another partition",
    nodes((it) => (it.nodeRole = "arn:aws-cn:iam::123456789012:role/nodes")),
    [`${AT}.nodeRole: is of the partition aws-cn, but the cluster is in eu-central-1, so in aws`],
  ],
  [
    "a role of another account",
    nodes((it) => (it.nodeRole = "arn:aws:iam::210987654321:role/nodes")),
    [
      `${AT}.nodeRole: is a role of account 210987654321, but the cluster is in 123456789012: nodes have a role of their own account`,
    ],
  ],
  [
    "a role to make beside one that is there",
    nodes((it) => Object.assign(it, { nodeRole: "arn:aws:iam::123456789012:role/nodes", role: { path: "/nodes/" } })),
    [`${AT}.role: is how a role is made, but nodeRole gives one that is there; remove one of them`],
  ],
  [
    "a made role of another name, path and boundary",
    nodes((it) => {
      it.name = "a".repeat(60);
      it.role = { name: "nodes", path: "/nodes/", permissionsBoundary: "arn:aws:iam::123456789012:policy/nodes" };
    }),
    [],
  ],
  [
    "a name of a made role that is none",
    nodes((it) => (it.role = { name: "builder nodes" })),
    [`${AT}.role.name: "builder nodes" is not the name of a role: letters, digits and _+=,.@-`],
  ],
  [
    "a path of a made role that is none",
    nodes((it) => (it.role = { path: "nodes" })),
    [`${AT}.role.path: "nodes" is not a path: it begins and ends with a slash`],
  ],
  [
    "a boundary of a made role that is a role",
    nodes((it) => (it.role = { permissionsBoundary: "arn:aws:iam::123456789012:role/nodes" })),
    [`${AT}.role.permissionsBoundary: "arn:aws:iam::123456789012:role/nodes" is an ARN, but not of an IAM policy`],
  ],
  [
    "a boundary of a made role of another account",
    nodes((it) => (it.role = { permissionsBoundary: "arn:aws:iam::210987654321:policy/nodes" })),
    [
      `${AT}.role.permissionsBoundary: is of account 210987654321, but the role is made in 123456789012, the account of the cluster`,
    ],
  ],
  [
    "a made role called like that of builders",
    nodes((it) => (it.role = { name: "AWS-dev-builder" })),
    [
      `${AT}.role.name: is "AWS-dev-builder", which is also the name at pergola:access.role.name; roles of an account have different names`,
    ],
  ],
  [
    "sessions of a made role, which EC2 decides on",
    nodes((it) => (it.role = { maxSessionSeconds: 3600 })),
    [`${AT}.role: unknown key "maxSessionSeconds"; allowed: path, permissionsBoundary, name`],
  ],
  [
    "a tag of AWS's own",
    nodes((it) => (it.tags = { "aws:team": "a" })),
    [`${AT}.tags["aws:team"]: the key "aws:team" is not the key of a tag, or begins with aws:`],
  ],
  [
    "the cluster's security groups",
    nodes((it) => (it.securityGroups = [])),
    [
      `${AT}: unknown key "securityGroups"; allowed: kind, name, architecture, subnets, instanceTypes, capacity, image, min, max, diskGiB, diskKey, nodeRole, role, tags`,
    ],
  ],
  [
    "a cluster that AWS is not told of",
    (it) => {
      delete it["pergola:cluster"].eks;
      delete it["pergola:access"].ci;
    },
    [`${AT}: is of kind eks, which needs pergola:cluster.eks: { name, region } of the cluster; add it`],
  ],
  [
    "a cluster whose account nobody names",
    (it) => {
      const storage = { path: "/var/lib/registry", node: "a", size: "1Gi" };
      const host = "10.0.0.1:30500";
      it["pergola:registry"] = { kind: "inCluster", host, insecure: true, storage, image: "registry:3" };
      it["pergola:access"] = { kind: "none" };
    },
    [
      "pergola:cluster.eks.account: is missing: nodes are made in the account of the cluster, and the registry names none; add it",
    ],
  ],
]);

awsCases("nodes that Karpenter makes", [
  ["what is needed, and no more", karpenter(() => {}), []],
  [
    "no subnets",
    karpenter((it) => delete it.subnetTags),
    [
      `${AT}.subnetTags: is missing: Karpenter finds subnets by their tags; add it, such as { karpenter.sh/discovery: <cluster> }`,
    ],
  ],
  [
    "no security groups",
    karpenter((it) => (it.securityGroupTags = {})),
    [
      `${AT}.securityGroupTags: is missing: Karpenter finds security groups by their tags; add it, such as { karpenter.sh/discovery: <cluster> }`,
    ],
  ],
  [
    "subnets by a tag with any value, security groups by a tag of EKS's own, which may be",
    karpenter((it) => {
      it.subnetTags = { "karpenter.sh/discovery": "*" };
      it.securityGroupTags = { "aws:eks:cluster-name": "dev" };
    }),
    [],
  ],
  [
    "subnets by a pattern of values, which Karpenter does not know",
    karpenter((it) => (it.subnetTags = { builders: "dev-*" })),
    [`${AT}.subnetTags.builders: "dev-*" is neither the value of a tag nor "*", any value`],
  ],
  [
    "subnets by a tag without a value",
    karpenter((it) => (it.subnetTags = { builders: "" })),
    [`${AT}.subnetTags.builders: is empty, which Karpenter does not take; write "*" for any value`],
  ],
  [
    "no role",
    karpenter((it) => delete it.nodeRole),
    [
      `${AT}.nodeRole: is missing (name of the role of Karpenter's nodes, which Karpenter may pass on; it should pull and nothing else)`,
    ],
  ],
  [
    "a role by its ARN",
    karpenter((it) => (it.nodeRole = "arn:aws:iam::123456789012:role/nodes")),
    [`${AT}.nodeRole: "arn:aws:iam::123456789012:role/nodes" is not the name of a role`],
  ],
  [
    "a name that no object may have",
    karpenter((it) => (it.name = "Builders")),
    [`${AT}.name: "Builders" is not a valid object name`],
  ],
  [
    "an instance type of another architecture",
    karpenter((it) => Object.assign(it, { instanceTypes: ["m8g.large"] })),
    [`${AT}.instanceTypes[0]: "m8g.large" is an arm64 machine, but these nodes are amd64`],
  ],
  [
    "limits that are no quantities",
    karpenter((it) => (it.limits = { cpu: "many" })),
    [`${AT}.limits.cpu: "many" is not a quantity like "500m", "4" or "8Gi"`],
  ],
  [
    "a cluster that AWS is not told of",
    (it) => {
      karpenter(() => {})(it);
      delete it["pergola:cluster"].eks;
      delete it["pergola:access"].ci;
    },
    [`${AT}: is of kind karpenter, which needs pergola:cluster.eks: { name, region } of the cluster; add it`],
  ],
  [
    "sizes, which are EKS's",
    karpenter((it) => (it.max = 5)),
    [
      `${AT}: unknown key "max"; allowed: kind, name, architecture, instanceTypes, capacity, image, nodeRole, subnetTags, securityGroupTags, limits, diskGiB, diskKey, tags`,
    ],
  ],
  [
    "a key of another region",
    karpenter((it) => (it.diskKey = KEY.replace("eu-central-1", "eu-west-1"))),
    [`${AT}.diskKey: is a key in eu-west-1, but the nodes' disks are in eu-central-1, where their key has to be`],
  ],
]);
