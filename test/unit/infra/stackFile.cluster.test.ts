// Bad stack files: every field and rule of `cluster` once, with the exact message.
import { type Change, cases } from "./config.ts";

const cluster =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:cluster"]);

cases("cluster", [
  [
    "a key of a later version",
    cluster((it) => (it.eks = {})),
    [
      'pergola:cluster: the key "eks" is not part of this version; allowed: context, kubeconfigSecret, name, server, uid, builderNodes, pullSecret, guardrails, ci',
    ],
  ],
  [
    "no cluster",
    cluster((it) => delete it.context),
    ["pergola:cluster: names no cluster; add context (of the ambient kubeconfig) or kubeconfigSecret"],
  ],
  [
    "two clusters",
    (config) => {
      config["pergola:cluster"].kubeconfigSecret = "k";
      config["pergola:secrets"] = { k: "x" };
    },
    ["pergola:cluster: has both context and kubeconfigSecret; keep one"],
  ],
  ["an empty context", cluster((it) => (it.context = "")), ['pergola:cluster.context: "" is empty']],
  [
    "a kubeconfig that is not among the secrets",
    cluster((it) => {
      delete it.context;
      it.kubeconfigSecret = "k";
    }),
    [
      "pergola:cluster.kubeconfigSecret: no secret \"k\" in pergola:secrets (there are none); pulumi config set --secret --path 'pergola:secrets.k'",
    ],
  ],
  [
    "a server without TLS",
    cluster((it) => (it.server = "http://a")),
    ['pergola:cluster.server: "http://a" is not an https URL'],
  ],
  ["an empty uid", cluster((it) => (it.uid = "")), ['pergola:cluster.uid: "" is empty']],
  ["a name that is none", cluster((it) => (it.name = "A")), ['pergola:cluster.name: "A" is not a valid object name']],
  [
    "a name that is too long",
    cluster((it) => (it.name = "a".repeat(64))),
    [`pergola:cluster.name: "${"a".repeat(64)}" has 64 characters, at most 63 are allowed`],
  ],
  [
    "no builder nodes",
    cluster((it) => (it.builderNodes = [])),
    ["pergola:cluster.builderNodes: [] is empty; at least one entry is needed"],
  ],
  [
    "builder nodes of a later version",
    cluster((it) => (it.builderNodes = [{ kind: "eks" }])),
    ['pergola:cluster.builderNodes[0].kind: "eks" is not part of this version; allowed: existing'],
  ],
  [
    "an architecture that is none",
    cluster((it) => (it.builderNodes[0].architecture = "amd46")),
    ['pergola:cluster.builderNodes[0].architecture: is "amd46"; allowed: amd64, arm64; did you mean amd64?'],
  ],
  [
    "a pull secret whose name is none",
    cluster((it) => (it.pullSecret = { name: "A" })),
    ['pergola:cluster.pullSecret.name: "A" is not a valid object name'],
  ],
  [
    "a login of no form",
    cluster((it) => (it.pullSecret = { logins: ["a"] })),
    ['pergola:cluster.pullSecret.logins[0]: is "a", which is none of the forms that are allowed here'],
  ],
  [
    "a login at Docker Hub's website",
    cluster((it) => (it.pullSecret = { logins: [{ host: "hub.docker.com", helper: "x" }] })),
    [
      'pergola:cluster.pullSecret.logins[0].host: "hub.docker.com" is Docker Hub\'s website, not its registry; write docker.io',
    ],
  ],
  [
    "a login at Artifact Registry without location",
    cluster((it) => (it.pullSecret = { logins: [{ host: "docker.pkg.dev", helper: "gcr" }] })),
    [
      'pergola:cluster.pullSecret.logins[0].host: "docker.pkg.dev" names no location; Artifact Registry hosts are LOCATION-docker.pkg.dev',
    ],
  ],
  [
    "a helper for a foreign host",
    cluster((it) => (it.pullSecret = { logins: [{ host: "mirror.internal.example", helper: "ecr-login" }] })),
    [
      'pergola:cluster.pullSecret.logins[0].helper: "ecr-login" only knows Amazon ECR registries, and mirror.internal.example is none',
    ],
  ],
  [
    "two logins for Docker Hub by its two names",
    cluster(
      (it) =>
        (it.pullSecret = {
          logins: [
            { host: "docker.io", helper: "x" },
            { host: "index.docker.io", helper: "x" },
          ],
        }),
    ),
    [
      "pergola:cluster.pullSecret.logins[1]: index.docker.io already has a login, at pergola:cluster.pullSecret.logins[0]; only one can be used",
    ],
  ],
  [
    "a second login for the registry",
    (config) => {
      config["pergola:registry"].basicAuth = { username: "a", passwordSecret: "p" };
      config["pergola:secrets"] = { p: "x" };
      config["pergola:cluster"].pullSecret = {
        logins: [{ host: "172.30.0.11:30500", username: "b", passwordSecret: "p" }],
      };
    },
    [
      "pergola:cluster.pullSecret.logins[0]: 172.30.0.11:30500 already has a login, at pergola:registry.basicAuth; only one can be used",
    ],
  ],
  [
    "a quota for what is no resource",
    cluster((it) => (it.guardrails.quota = { "A b": "1" })),
    ['pergola:cluster.guardrails.quota["A b"]: the key "A b" is not the name of a resource'],
  ],
  [
    "a quota that is no quantity",
    cluster((it) => (it.guardrails.quota = { cpu: "4 cores" })),
    ['pergola:cluster.guardrails.quota.cpu: "4 cores" is not a quantity like "500m", "4" or "8Gi"'],
  ],
  [
    "a switch that is text",
    cluster((it) => (it.guardrails.internet = "no")),
    ['pergola:cluster.guardrails.internet: is "no"; allowed is true or false'],
  ],
  [
    "network policies as text",
    cluster((it) => (it.guardrails.networkPolicy = "on")),
    ['pergola:cluster.guardrails.networkPolicy: is "on"; allowed is true or false'],
  ],
  [
    "defaults above their limits",
    cluster((it) => (it.guardrails.containerDefaults = { limits: { memory: "1Gi" }, requests: { memory: "2Gi" } })),
    ["pergola:cluster.guardrails.containerDefaults.requests.memory: is 2Gi, more than the limit 1Gi"],
  ],
  ["an empty group", cluster((it) => (it.ci = { group: "" })), ['pergola:cluster.ci.group: "" is empty']],
  [
    "a Garden switch that is text",
    cluster((it) => (it.ci = { garden: 1 })),
    ["pergola:cluster.ci.garden: is 1; allowed is true or false"],
  ],
]);
