// pergola:cluster.builderNodes: what is the same for nodes of any kind, each rule once, with its words.
import { describe, expect, test } from "vitest";
import { nodeNotes } from "../../../infra/cluster/nodeUse.ts";
import { awsCases, awsConfig, awsProblems } from "./awsConfig.ts";
import type { Change } from "./config.ts";
import { AT, karpenter, nodes } from "./nodeChanges.ts";

const REASON = "builders tell nodes apart by their architecture alone, so two entries of one are one";

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
    [`${AT}.kind: is "karpentr"; allowed: existing, eks, karpenter, gke, autopilot; did you mean karpenter?`],
  ],
  [
    "no nodes",
    (it) => (it["pergola:cluster"].builderNodes = []),
    ["pergola:cluster.builderNodes: [] is empty; at least one entry is needed"],
  ],
  [
    "two entries of one architecture",
    nodes((it, all) => all.push({ ...it, name: "more" })),
    [
      `pergola:cluster.builderNodes[1].architecture: is "amd64", as that of entry 0: ${REASON}; write more instanceTypes into one entry`,
    ],
  ],
  [
    "two entries of one architecture, one of them by default",
    nodes((_, all) => all.push({ kind: "existing" })),
    [`pergola:cluster.builderNodes[1].architecture: is "amd64", as that of entry 0: ${REASON}; keep one of them`],
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
    "the name that another entry has by rule",
    (it) => {
      const [amd64] = it["pergola:cluster"].builderNodes;
      it["pergola:cluster"].builderNodes.push({ ...amd64, architecture: "arm64", instanceTypes: ["c7g.large"] });
      amd64.name = "aws-dev-builder-arm64";
      it["pergola:builder"].modes["cluster-buildkit"].platforms = ["linux/amd64"];
    },
    [`${AT}.name: "aws-dev-builder-arm64" is what entry 1 is called by rule, as it has no name; write another one`],
  ],
  [
    "one name for Karpenter and for an entry without one",
    (it) => {
      const [amd64] = it["pergola:cluster"].builderNodes;
      karpenter((one) => Object.assign(one, { name: "aws-dev-builder-arm64", instanceTypes: ["c7a.large"] }))(it);
      it["pergola:cluster"].builderNodes.push({ ...amd64, architecture: "arm64", instanceTypes: ["c7g.large"] });
      it["pergola:builder"].modes["cluster-buildkit"].platforms = ["linux/amd64"];
    },
    [`${AT}.name: "aws-dev-builder-arm64" is what entry 1 is called by rule, as it has no name; write another one`],
  ],
  [
    "rights to push for nodes, which the seeds gave their workers",
    nodes((it) => (it.push = true)),
    [
      `${AT}: the key "push" is not offered: every pod of a node can act as the node's role where the metadata service answers pods, so every pod could push; where it does not (hop limit 1), builders could not. Builders have a role of their own (kind: irsa or podIdentity), nodes only pull; allowed: kind, name, architecture, subnets, instanceTypes, capacity, image, min, max, diskGiB, diskKey, nodeRole, role, tags`,
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

describe("notes", () => {
  const NOTE =
    `${AT}.capacity is spot, and cluster-buildkit builds there: a node that the cloud takes back takes the builds on it and BuildKit's ` +
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
