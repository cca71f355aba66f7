// pergola:cluster.builderNodes of kind autopilot: each rule once, with its words.
import type { Change } from "./config.ts";
import { gcpCases } from "./gcpConfig.ts";

const NODES = "pergola:cluster.builderNodes";
const KANIKO = "pergola:builder.modes.kaniko.resources";
const AMOUNTS = { cpu: "2", memory: "8Gi", "ephemeral-storage": "10Gi" };

/** The stack gcp-dev on Autopilot, as it may be, and a change of that. */
const autopilot =
  (change: Change = () => {}): Change =>
  (it) => {
    it["pergola:cluster"].builderNodes = [{ kind: "autopilot" }];
    it["pergola:builder"].modes.kaniko.resources = { limits: { ...AMOUNTS }, requests: { ...AMOUNTS } };
    change(it);
  };
const resources = (change: Change): Change => autopilot((it) => change(it["pergola:builder"].modes.kaniko.resources));

/** The same of both for requests and limits. */
const asking = (cpu: string, memory: string): Change =>
  resources((it) => {
    for (const side of [it.limits, it.requests]) Object.assign(side, { cpu, memory });
  });

gcpCases("Autopilot", [
  ["kaniko that asks for what it may use", autopilot(), []],
  [
    "a machine type, which is Autopilot's to choose",
    autopilot((it) => (it["pergola:cluster"].builderNodes[0].machineType = "n2d-standard-8")),
    [`${NODES}[0]: unknown key "machineType"; allowed: kind, architecture`],
  ],
  [
    "Arm machines",
    autopilot((it) => (it["pergola:cluster"].builderNodes[0].architecture = "arm64")),
    [
      `${NODES}[0].architecture: is "arm64", which Autopilot gives only to pods of a ComputeClass, and that is not offered here; write amd64, or nodes of kind gke in a Standard cluster`,
    ],
  ],
  [
    "a node pool beside it",
    autopilot((it) => {
      const pool = { kind: "gke", architecture: "arm64", machineType: "t2a-standard-8", max: 2 };
      it["pergola:cluster"].builderNodes.push(pool);
    }),
    [
      `${NODES}[1].kind: is "gke", beside an entry of kind autopilot: Autopilot makes all nodes of its cluster itself; keep one of the kinds`,
    ],
  ],
  [
    "a cluster without Workload Identity, which it is not",
    autopilot((it) => {
      it["pergola:cluster"].gke.workloadIdentity = false;
      it["pergola:access"] = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation: 1 };
    }),
    [
      "pergola:cluster.gke.workloadIdentity: is false, but clusters of Autopilot have Workload Identity, which cannot be turned off; remove it",
    ],
  ],
  ...(["rootful", "rootless"] as const).map((profile): [string, Change, string[]] => [
    `BuildKit, ${profile}`,
    autopilot((it) => {
      const buildkit = { namespaces: ["shop-buildkit"], profile, image: "example.com/buildkit:1", helpers: ["gcr"] };
      it["pergola:builder"].modes["cluster-buildkit"] = buildkit;
      it["pergola:access"].namespaces.push("shop-buildkit");
    }),
    [
      "pergola:builder.modes.cluster-buildkit: does not run on GKE Autopilot: it refuses privileged containers, which the profile rootful needs, and rootless BuildKit does not start there; build with the mode kaniko",
    ],
  ]),
  [
    "what kaniko asks for elsewhere, if nobody says otherwise",
    autopilot((it) => delete it["pergola:builder"].modes.kaniko.resources),
    [
      `${KANIKO}.requests.cpu: is 100m, less than the 500m that a pod on nodes of its own has on Autopilot; ask for that or more`,
      `${KANIKO}.limits.memory: is 8Gi, more than the request 512Mi: Autopilot lowers it to that, and ends what uses more; write the same for both`,
      `${KANIKO}.limits.ephemeral-storage: is 20Gi, more than the request 2Gi: Autopilot lowers it to that, and ends what uses more; write the same for both`,
    ],
  ],
  [
    "no requests",
    resources((it) => (it.requests = {})),
    [
      `${KANIKO}.requests.cpu: is missing: Autopilot makes nodes after requests, and gives a container that has none 500m; add it`,
      `${KANIKO}.requests.memory: is missing: Autopilot makes nodes after requests, and gives a container that has none 2Gi; add it`,
      `${KANIKO}.requests.ephemeral-storage: is missing: Autopilot makes nodes after requests, and gives a container that has none 1Gi; add it`,
    ],
  ],
  ["the least CPU, and more where there is some", asking("0.5", "3Gi"), []],
  ["as much memory for a CPU as there may be", asking("2", "13Gi"), []],
  [
    "more memory for a CPU",
    asking("2", "13313Mi"),
    [
      `${KANIKO}.requests.cpu: is 2, less than a CPU for each 6.5Gi of memory, of which 13313Mi is requested: Autopilot raises it; ask for 2001m or more, or for less memory`,
    ],
  ],
  ["as little memory for a CPU as there may be", asking("4", "4Gi"), []],
  [
    "less memory for a CPU",
    asking("4", "4000Mi"),
    [
      `${KANIKO}.requests.memory: is 4000Mi, less than 1Gi for each CPU, of which 4 is requested: Autopilot raises it; ask for 4096Mi or more, or for less CPU`,
    ],
  ],
  [
    "less memory than the least",
    resources((it) => (it.requests.memory = "500Mi")),
    [
      `${KANIKO}.requests.memory: is 500Mi, less than the 512Mi that a pod on nodes of its own has on Autopilot; ask for that or more`,
    ],
  ],
  [
    "less storage than the least",
    resources((it) => (it.requests["ephemeral-storage"] = "1Mi")),
    [
      `${KANIKO}.requests.ephemeral-storage: is 1Mi, less than the 10Mi that a pod on nodes of its own has on Autopilot; ask for that or more`,
    ],
  ],
  [
    "more storage than there is",
    resources((it) => {
      for (const side of [it.limits, it.requests]) side["ephemeral-storage"] = "11Gi";
    }),
    [
      `${KANIKO}.requests.ephemeral-storage: is 11Gi, more than the 10Gi that a pod may have on Autopilot; ask for that or less`,
    ],
  ],
]);
