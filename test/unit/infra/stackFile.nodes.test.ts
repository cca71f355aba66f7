// pergola:cluster.builderNodes: every field and every rule once, with its words.
import { describe, expect, test } from "vitest";
import { nodeNotes } from "../../../infra/nodeUse.ts";
import { awsCases, awsConfig, awsProblems } from "./awsConfig.ts";
import type { Change } from "./config.ts";

const AT = "pergola:cluster.builderNodes[0]";
const REASON =
  "builders tell nodes apart by their architecture alone, so two entries of one are one; write more instanceTypes into one entry";
const KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b";

// biome-ignore lint/suspicious/noExplicitAny: wrong values are written into it
const nodes = (change: (it: any, all: any[]) => void): Change => {
  return (config) => {
    const all = config["pergola:cluster"].builderNodes;
    change(all[0], all);
  };
};

const KARPENTER = {
  kind: "karpenter",
  nodeRole: "KarpenterNodeRole-dev",
  subnetTags: { "karpenter.sh/discovery": "dev" },
  securityGroupTags: { "karpenter.sh/discovery": "dev" },
};
// biome-ignore lint/suspicious/noExplicitAny: wrong values are written into it
const karpenter = (change: (it: any) => void): Change =>
  nodes((_, all) => {
    all[0] = structuredClone(KARPENTER);
    change(all[0]);
  });

const modes =
  // biome-ignore lint/suspicious/noExplicitAny: wrong values are written into it
    (architectures: string[], change: (modes: any) => void): Change =>
    (config) => {
      config["pergola:cluster"].builderNodes = architectures.map((architecture) => ({
        kind: "existing",
        architecture,
      }));
      change(config["pergola:builder"].modes);
    };

awsCases("nodes of any kind", [
  [
    "a kind that is none",
    nodes((it) => (it.kind = "karpentr")),
    [`${AT}.kind: is "karpentr"; allowed: existing, eks, karpenter; did you mean karpenter?`],
  ],
  [
    "a kind for later",
    nodes((it) => (it.kind = "gke")),
    [`${AT}.kind: "gke" is not part of this version; allowed: existing, eks, karpenter`],
  ],
  [
    "no nodes",
    (it) => (it["pergola:cluster"].builderNodes = []),
    ["pergola:cluster.builderNodes: [] is empty; at least one entry is needed"],
  ],
  [
    "two entries of one architecture",
    nodes((it, all) => all.push({ ...it, name: "more" })),
    [`pergola:cluster.builderNodes[1].architecture: is "amd64", as that of entry 0: ${REASON}`],
  ],
  [
    "two entries of one architecture, one of them by default",
    nodes((_, all) => all.push({ kind: "existing" })),
    [`pergola:cluster.builderNodes[1].architecture: is "amd64", as that of entry 0: ${REASON}`],
  ],
  [
    "one name for two entries",
    (it) => {
      const [amd64] = it["pergola:cluster"].builderNodes;
      amd64.name = "builders";
      it["pergola:cluster"].builderNodes.push({ ...amd64, architecture: "arm64", instanceTypes: ["c7g.large"] });
      it["pergola:builder"].modes["cluster-buildkit"].platforms = ["linux/amd64"];
    },
    ['pergola:cluster.builderNodes[1].name: "builders" is the name of another entry, too'],
  ],
  [
    "rights to push for nodes, which the seeds gave their workers",
    nodes((it) => (it.push = true)),
    [
      `${AT}: the key "push" is not offered: every pod of a node can act as the node's role where the metadata service answers pods, so every pod could push; where it does not (hop limit 1), builders could not. Builders have a role of their own (kind: irsa or podIdentity), nodes only pull; allowed: kind, name, architecture, subnets, instanceTypes, capacity, image, min, max, diskGiB, diskKey, nodeRole, tags`,
    ],
  ],
]);

awsCases("builders and the architectures of nodes", [
  [
    "two architectures, BuildKit on one of them",
    modes(["amd64", "arm64"], (it) => (it["cluster-buildkit"].platforms = ["linux/arm64"])),
    [],
  ],
  [
    "two architectures, and none is BuildKit's",
    modes(["amd64", "arm64"], () => {}),
    [
      "pergola:builder.modes.cluster-buildkit.platforms: is missing, and the builder nodes are linux/amd64 and linux/arm64: BuildKit's pod is on a node of one architecture; write [linux/amd64] or [linux/arm64]",
    ],
  ],
  [
    "two architectures, and both are BuildKit's",
    modes(["amd64", "arm64"], (it) => (it["cluster-buildkit"].platforms = ["linux/amd64", "linux/arm64"])),
    [
      "pergola:builder.modes.cluster-buildkit.platforms: has linux/amd64 and linux/arm64: BuildKit's pod is on a node of one architecture; write [linux/amd64] or [linux/arm64]",
    ],
  ],
  [
    "a platform without nodes",
    modes(["amd64"], (it) => (it["cluster-buildkit"].platforms = ["linux/arm64"])),
    ["pergola:builder.modes.cluster-buildkit.platforms: has linux/arm64, but the builder nodes are linux/amd64"],
  ],
]);

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
      `${AT}.name: "${"a".repeat(60)}" is too long for the role that is made, ${"a".repeat(60)}-node: of 64 characters at most; shorten it, or give nodeRole`,
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
  ["no max", nodes((it) => delete it.max), [`${AT}.max: is missing (a number)`]],
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
    "a role of another account",
    nodes((it) => (it.nodeRole = "arn:aws:iam::210987654321:role/nodes")),
    [
      `${AT}.nodeRole: is a role of account 210987654321, but the cluster is in 123456789012: nodes have a role of their own account`,
    ],
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
      `${AT}: unknown key "securityGroups"; allowed: kind, name, architecture, subnets, instanceTypes, capacity, image, min, max, diskGiB, diskKey, nodeRole, tags`,
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
    "subnets by a tag without a value",
    karpenter((it) => (it.subnetTags = { builders: "" })),
    [`${AT}.subnetTags.builders: is empty, which Karpenter does not take; write "*" for any value`],
  ],
  ["no role", karpenter((it) => delete it.nodeRole), [`${AT}.nodeRole: is missing (a string)`]],
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

describe("notes", () => {
  const NOTE =
    `${AT}.capacity is spot, and cluster-buildkit builds there: a node that AWS takes back takes the builds on it and BuildKit's ` +
    "local cache along; the cache in the registry stays";

  test("spot and a builder with a cache on the node: allowed, but said", () => {
    expect(awsProblems(() => {})).toEqual([]);
    expect(nodeNotes(awsConfig())).toEqual([NOTE]);
    expect(nodeNotes(awsConfig(karpenter((it) => (it.capacity = "spot"))))).toEqual([NOTE]);
  });

  test.each<[string, Change]>([
    ["machines of one's own", nodes((it) => (it.capacity = "onDemand"))],
    ["nodes of others", nodes((_, all) => (all[0] = { kind: "existing" }))],
    [
      "kaniko, which keeps nothing on a node",
      (it) => {
        it["pergola:builder"] = { default: "kaniko", modes: { kaniko: { namespaces: ["shop-dev"] } } };
      },
    ],
    [
      "BuildKit on other nodes",
      (it) => {
        it["pergola:cluster"].builderNodes.push({ kind: "existing", architecture: "arm64" });
        it["pergola:builder"].modes["cluster-buildkit"].platforms = ["linux/arm64"];
      },
    ],
  ])("nothing is said of %s", (_, change) => expect(nodeNotes(awsConfig(change))).toEqual([]));
});
