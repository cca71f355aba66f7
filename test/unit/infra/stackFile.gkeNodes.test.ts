// pergola:cluster.builderNodes: every field and every rule of node pools of GKE once, with its words.
import { describe, expect, test } from "vitest";
import { nodeNotes } from "../../../infra/cluster/nodeUse.ts";
import { gkeNodeProblems } from "../../../infra/rules/gkeNodes.ts";
import type { Change } from "./config.ts";
import { gcpCases, gcpConfig, gcpProblems } from "./gcpConfig.ts";
import { AT, nodes } from "./nodeChanges.ts";

const KEY = "projects/keys/locations/europe-central2/keyRings/r/cryptoKeys/k";
const EVERYTHING = {
  name: "builders",
  spot: true,
  min: 1,
  zones: ["europe-central2-a", "europe-central2-b"],
  image: "UBUNTU_CONTAINERD",
  diskType: "pd-ssd",
  diskGiB: 200,
  diskKey: KEY,
  nodeServiceAccount: { existing: "nodes@shop-clusters.iam.gserviceaccount.com" },
  labels: { team: "shop" },
};
const ALLOWED =
  "kind, name, architecture, machineType, spot, min, max, zones, image, diskType, diskGiB, diskKey, nodeServiceAccount, labels";

gcpCases("node pools of GKE", [
  ["all of it as it may be", nodes((it) => Object.assign(it, EVERYTHING)), []],
  [
    "a name that is none",
    nodes((it) => (it.name = "Builders")),
    [
      `${AT}.name: "Builders" is not the name of a node pool: a lower-case letter, then lower-case letters, digits and hyphens, no hyphen at the end`,
    ],
  ],
  [
    "a name too long",
    nodes((it) => (it.name = "a".repeat(41))),
    [`${AT}.name: "${"a".repeat(41)}" has 41 characters, at most 40 are allowed`],
  ],
  ["the longest name", nodes((it) => (it.name = "a".repeat(40))), []],
  [
    "an architecture that is none",
    nodes((it) => (it.architecture = "arm")),
    [`${AT}.architecture: is "arm"; allowed: amd64, arm64`],
  ],
  [
    "no machine type",
    nodes((it) => delete it.machineType),
    [
      `${AT}.machineType: is missing (machine type that has the architecture, such as n2d-standard-8: Google's Arm machines are t2a, c4a and n4a)`,
    ],
  ],
  [
    "a machine type of another cloud",
    nodes((it) => (it.machineType = "c7a.2xlarge")),
    [`${AT}.machineType: "c7a.2xlarge" is not a machine type, such as n2d-standard-8`],
  ],
  ["a machine of one's own making", nodes((it) => (it.machineType = "custom-8-16384")), []],
  [
    "an Arm machine",
    nodes((it) => (it.machineType = "t2a-standard-8")),
    [`${AT}.machineType: "t2a-standard-8" is an arm64 machine, but these nodes are amd64`],
  ],
  [
    "Arm nodes of other machines",
    nodes((it) => (it.architecture = "arm64")),
    [`${AT}.machineType: "n2d-standard-8" is an amd64 machine, but these nodes are arm64`],
  ],
  ["spot by another word", nodes((it) => (it.spot = "yes")), [`${AT}.spot: is "yes"; allowed is true or false`]],
  ["a negative min", nodes((it) => (it.min = -1)), [`${AT}.min: -1 is less than 0`]],
  ["no max", nodes((it) => delete it.max), [`${AT}.max: is missing (most nodes of the whole pool)`]],
  ["a max of nothing", nodes((it) => (it.max = 0)), [`${AT}.max: 0 is less than 1`]],
  ["a min above max", nodes((it) => (it.min = 6)), [`${AT}.min: is 6, more than max, which is 5`]],
  ["no zones", nodes((it) => (it.zones = [])), [`${AT}.zones: [] is empty; at least one entry is needed`]],
  [
    "a region for a zone",
    nodes((it) => (it.zones = ["europe-central2"])),
    [`${AT}.zones[0]: "europe-central2" is not a zone, such as europe-west3-a`],
  ],
  [
    "a zone twice",
    nodes((it) => (it.zones = ["europe-central2-a", "europe-central2-a"])),
    [`${AT}.zones[1]: "europe-central2-a" is listed twice`],
  ],
  [
    "a zone of another region",
    nodes((it) => (it.zones = ["europe-central2-a", "europe-west3-a"])),
    [`${AT}.zones[1]: "europe-west3-a" is not in europe-central2, where the cluster is`],
  ],
  [
    "a zone beside that of the cluster",
    (it) => {
      it["pergola:cluster"].gke.location = "europe-central2-a";
      it["pergola:cluster"].builderNodes[0].zones = ["europe-central2-b"];
    },
    [],
  ],
  [
    "an image that is none",
    nodes((it) => (it.image = "COS")),
    [`${AT}.image: is "COS"; allowed: COS_CONTAINERD, UBUNTU_CONTAINERD`],
  ],
  [
    "a disk that is none",
    nodes((it) => (it.diskType = "pd-balance")),
    [
      `${AT}.diskType: is "pd-balance"; allowed: pd-standard, pd-balanced, pd-ssd, hyperdisk-balanced; did you mean pd-balanced?`,
    ],
  ],
  [
    "Hyperdisk on machines that take none",
    nodes((it) => (it.diskType = "hyperdisk-balanced")),
    [
      `${AT}.diskType: "hyperdisk-balanced" is not for n2d-standard-8: machines of the series n2d take Persistent Disk alone; write pd-balanced`,
    ],
  ],
  [
    "Persistent Disk on machines that take none",
    nodes((it) => Object.assign(it, { machineType: "n4-standard-8", diskType: "pd-ssd" })),
    [
      `${AT}.diskType: "pd-ssd" is not for n4-standard-8: machines of the series n4 take Hyperdisk alone; write hyperdisk-balanced`,
    ],
  ],
  ["such machines, and no disk chosen", nodes((it) => (it.machineType = "n4-standard-8")), []],
  ["a small disk", nodes((it) => (it.diskGiB = 10)), [`${AT}.diskGiB: 10 is less than 20`]],
  ["a large disk", nodes((it) => (it.diskGiB = 70_000)), [`${AT}.diskGiB: 70000 is more than 65536`]],
  [
    "a key that is none",
    nodes((it) => (it.diskKey = "arn:aws:kms:eu-central-1:123456789012:key/0a1b")),
    [
      `${AT}.diskKey: "arn:aws:kms:eu-central-1:123456789012:key/0a1b" is not the name of a key: projects/P/locations/L/keyRings/R/cryptoKeys/K`,
    ],
  ],
  [
    "a key of another region",
    nodes((it) => (it.diskKey = KEY.replace("europe-central2", "us-east1"))),
    [`${AT}.diskKey: is a key in us-east1, but the nodes' disks are in europe-central2, where their key has to be`],
  ],
  ["a key of the world", nodes((it) => (it.diskKey = KEY.replace("europe-central2", "global"))), []],
  [
    "a service account by its address",
    nodes((it) => (it.nodeServiceAccount = "nodes@shop-clusters.iam.gserviceaccount.com")),
    [
      `${AT}.nodeServiceAccount: "nodes@shop-clusters.iam.gserviceaccount.com" is an address; write { existing: ADDRESS } for a service account that is there`,
    ],
  ],
  [
    "the builders' service account",
    nodes((it) => (it.nodeServiceAccount = { existing: "gar-access@shop-registry.iam.gserviceaccount.com" })),
    [
      `${AT}.nodeServiceAccount: is gar-access@shop-registry.iam.gserviceaccount.com, which builders push as: nodes only pull. Give them an account of their own`,
    ],
  ],
  [
    "the builders' service account by its id",
    (it) => {
      it["pergola:access"].project = "shop-clusters";
      it["pergola:cluster"].builderNodes[0].nodeServiceAccount = "gar-access";
    },
    [
      `${AT}.nodeServiceAccount: is gar-access@shop-clusters.iam.gserviceaccount.com, which builders push as: nodes only pull. Give them an account of their own`,
    ],
  ],
  [
    "an account that is there, which another entry makes by rule",
    nodes((it, all) => {
      it.nodeServiceAccount = { existing: "gcp-dev-nodes@shop-clusters.iam.gserviceaccount.com" };
      all.push({ kind: "gke", architecture: "arm64", machineType: "t2a-standard-8", max: 2 });
    }),
    [
      `${AT}.nodeServiceAccount: is gcp-dev-nodes@shop-clusters.iam.gserviceaccount.com, which is made for entry 1: it cannot be there already as well. Write "gcp-dev-nodes" for both, or { existing: ADDRESS } for both`,
    ],
  ],
  [
    "one account that is there for two entries",
    nodes((it, all) => {
      it.nodeServiceAccount = { existing: "gcp-dev-nodes@shop-clusters.iam.gserviceaccount.com" };
      all.push({ ...it, architecture: "arm64", machineType: "t2a-standard-8" });
    }),
    [],
  ],
  ["the same id in another project", nodes((it) => (it.nodeServiceAccount = "gar-access")), []],
  [
    "a label that Google does not take",
    nodes((it) => (it.labels = { Team: "shop" })),
    [
      `${AT}.labels.Team: the key "Team" is not the key of a label: a lower-case letter, then lower-case letters, digits, _ and -, at most 63 characters`,
    ],
  ],
  [
    "instance types, which AWS has",
    nodes((it) => (it.instanceTypes = [])),
    [`${AT}: unknown key "instanceTypes"; allowed: ${ALLOWED}`],
  ],
  [
    "two entries of one architecture",
    nodes((it, all) => all.push({ ...it, name: "more" })),
    [
      'pergola:cluster.builderNodes[1].architecture: is "amd64", as that of entry 0: builders tell nodes apart by their architecture alone, so two entries of one are one; keep one of them',
    ],
  ],
  [
    "one name for two entries",
    nodes((it, all) => {
      it.name = "builders";
      all.push({ ...it, architecture: "arm64", machineType: "t2a-standard-8" });
    }),
    ['pergola:cluster.builderNodes[1].name: "builders" is the name of another entry, too'],
  ],
  [
    "the name that another entry has by rule",
    nodes((it, all) => {
      all.unshift({ kind: "gke", architecture: "arm64", machineType: "t2a-standard-8", max: 2 });
      it.name = "gcp-dev-builder-arm64";
    }),
    [
      'pergola:cluster.builderNodes[1].name: "gcp-dev-builder-arm64" is what entry 0 is called by rule, as it has no name; write another one',
    ],
  ],
  [
    "a cluster that Google is not told of",
    (it) => {
      delete it["pergola:cluster"].gke;
      it["pergola:access"].clusterProject = "shop-clusters";
    },
    [`${AT}: is of kind gke, which needs pergola:cluster.gke: { project, location, name } of the cluster; add it`],
  ],
  [
    "Workload Identity by another word",
    (it) => (it["pergola:cluster"].gke.workloadIdentity = "none"),
    ['pergola:cluster.gke.workloadIdentity: is "none"; allowed is true or false'],
  ],
  [
    "a cluster without Workload Identity, whose builders have it",
    (it) => (it["pergola:cluster"].gke.workloadIdentity = false),
    [
      'pergola:access.kind: is "workloadIdentity", but pergola:cluster.gke.workloadIdentity is false: builders would be the nodes\' service account. Enable it in the cluster and remove that, or write kind: serviceAccountKey',
    ],
  ],
  [
    "a cluster without Workload Identity, whose builders have a key",
    (it) => {
      it["pergola:cluster"].gke.workloadIdentity = false;
      it["pergola:access"] = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation: 1 };
    },
    [],
  ],
  [
    "a cluster without Workload Identity, whose builders have its annotation",
    (it) => {
      it["pergola:cluster"].gke.workloadIdentity = false;
      const annotations = { "iam.gke.io/gcp-service-account": "gar-access@shop-registry.iam.gserviceaccount.com" };
      it["pergola:access"] = { kind: "none", annotations };
    },
    [
      `pergola:access.annotations["iam.gke.io/gcp-service-account"]: is for Workload Identity, but pergola:cluster.gke.workloadIdentity is false: builders would be the nodes' service account; remove one of both`,
    ],
  ],
  [
    "a cluster of two clouds",
    (it) => (it["pergola:cluster"].eks = { name: "dev", region: "eu-central-1", account: "123456789012" }),
    ["pergola:cluster: has both eks and gke, but is one cluster; keep one"],
  ],
]);

describe("names by rule", () => {
  /** Those of the configuration of gcp-dev, as a stack of another name. */
  const problemsOf = (stack: string, change: Change = () => {}) =>
    gkeNodeProblems(gcpConfig(nodes(change)), stack).map(({ path, message }) => `${path}: ${message}`);

  test("are made of the stack's, as long as it leaves room for them", () => {
    expect(problemsOf("a".repeat(24))).toEqual([]);
    expect(problemsOf("a".repeat(25))).toEqual([
      `${AT}.nodeServiceAccount: is missing, and the id by rule, "${"a".repeat(25)}-nodes", has 31 characters; ids of service accounts have 6 to 30; write one, or { existing: ADDRESS }`,
    ]);
    expect(problemsOf("a".repeat(27), (it) => (it.nodeServiceAccount = "builder-nodes"))).toEqual([
      `${AT}.name: is missing, and the name by rule, "${"a".repeat(27)}-builder-amd64", has 41 characters, at most 40 are allowed; write one`,
    ]);
    expect(problemsOf("a".repeat(40), (it) => Object.assign(it, EVERYTHING))).toEqual([]);
  });

  test("begin with a letter", () => {
    expect(problemsOf("1st")).toEqual([
      `${AT}.name: is missing, and the name by rule, "1st-builder-amd64", is not the name of a node pool: a lower-case letter, then lower-case letters, digits and hyphens, no hyphen at the end; write one`,
      `${AT}.nodeServiceAccount: is missing, and the id by rule, "1st-nodes", is not the id of a service account: a lower-case letter, then lower-case letters, digits and hyphens, no hyphen at the end; write one, or { existing: ADDRESS }`,
    ]);
  });
});

describe("notes", () => {
  const rootless = (image: string): Change => {
    return (it) => {
      Object.assign(it["pergola:cluster"].builderNodes[0], { image, spot: false });
      const buildkit = {
        namespaces: ["shop-dev"],
        profile: "rootless",
        image: "example.com/buildkit:1",
        helpers: ["gcr"],
      };
      it["pergola:builder"] = { default: "cluster-buildkit", modes: { "cluster-buildkit": buildkit } };
    };
  };

  test("rootless BuildKit on Ubuntu: allowed, but said", () => {
    expect(gcpProblems(rootless("UBUNTU_CONTAINERD"))).toEqual([]);
    expect(nodeNotes(gcpConfig(rootless("UBUNTU_CONTAINERD")))).toEqual([
      `${AT}.image is UBUNTU_CONTAINERD, and cluster-buildkit is rootless there: from 24.04 on Ubuntu keeps processes without rights out of user namespaces, without which it does not start; COS_CONTAINERD does not`,
    ]);
    expect(nodeNotes(gcpConfig(rootless("COS_CONTAINERD")))).toEqual([]);
  });

  test("spot and a builder with a cache on the node: allowed, but said; of kaniko nothing", () => {
    const spot: Change = (it) => {
      rootless("COS_CONTAINERD")(it);
      it["pergola:cluster"].builderNodes[0].spot = true;
    };
    expect(nodeNotes(gcpConfig(spot))).toEqual([
      `${AT}.spot is true, and cluster-buildkit builds there: a node that the cloud takes back takes the builds on it and BuildKit's local cache along; the cache in the registry stays`,
    ]);
    expect(nodeNotes(gcpConfig())).toEqual([]);
  });
});
