// Bad stack files: every field and rule of `cluster` once, with the exact message.
import { type Change, cases } from "./config.ts";

const cluster =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:cluster"]);

cases("cluster", [
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
      it.name = "dev";
    }),
    [
      "pergola:cluster.kubeconfigSecret: names no secret in pergola:secrets (there are none); pulumi config set --secret --path 'pergola:secrets.NAME'",
    ],
  ],
  [
    "a name of a secret that is none",
    cluster((it) => {
      delete it.context;
      it.kubeconfigSecret = "1";
      it.name = "dev";
    }),
    [
      "pergola:cluster.kubeconfigSecret: the value (not shown) is not a name of a secret: a letter, then letters, digits, _ and -",
    ],
  ],
  [
    "a kubeconfig without a lasting name of the cluster",
    (config) => {
      delete config["pergola:cluster"].context;
      config["pergola:cluster"].kubeconfigSecret = "k";
      config["pergola:secrets"] = { k: "x" };
    },
    [
      "pergola:cluster: has kubeconfigSecret, but no name; add name, a lasting name of the cluster: by it everything stays in place when the secret or the kubeconfig changes",
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
    "an architecture that is none",
    cluster((it) => (it.builderNodes[0].architecture = "amd46")),
    ['pergola:cluster.builderNodes[0].architecture: is "amd46"; allowed: amd64, arm64; did you mean amd64?'],
  ],
  [
    "builder nodes of two architectures, of which none is BuildKit's",
    cluster((it) => it.builderNodes.push({ kind: "existing", architecture: "arm64" })),
    [
      "pergola:builder.modes.cluster-buildkit.platforms: is missing, and the builder nodes are linux/amd64 and linux/arm64: BuildKit's pod is on a node of one architecture; write [linux/amd64] or [linux/arm64]",
    ],
  ],
  [
    "a pull secret whose name is none",
    cluster((it) => (it.pullSecret = { name: "A" })),
    ['pergola:cluster.pullSecret.name: "A" is not a valid object name'],
  ],
  [
    "a login of no form",
    cluster((it) => (it.pullSecret = { logins: ["a"] })),
    ["pergola:cluster.pullSecret.logins[0]: is the value (not shown); allowed is an object"],
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
    "a helper for Google's registries at a foreign host",
    cluster((it) => (it.pullSecret = { logins: [{ host: "mirror.internal.example", helper: "gcr" }] })),
    [
      'pergola:cluster.pullSecret.logins[0].helper: "gcr" only knows Google\'s registries, and mirror.internal.example is none',
    ],
  ],
  [
    "a helper by the name of its program",
    cluster((it) => (it.pullSecret = { logins: [{ host: "gcr.io", helper: "docker-credential-gcr" }] })),
    [
      'pergola:cluster.pullSecret.logins[0].helper: "docker-credential-gcr" is written without the prefix docker-credential-: gcr',
    ],
  ],
  [
    "a helper that is no name",
    cluster((it) => (it.pullSecret = { logins: [{ host: "gcr.io", helper: "gcr login" }] })),
    ['pergola:cluster.pullSecret.logins[0].helper: "gcr login" is not the name of a credential helper'],
  ],
  [
    "a login without a user name",
    cluster((it) => (it.pullSecret = { logins: [{ host: "gcr.io", username: "", passwordSecret: "p" }] })),
    [
      'pergola:cluster.pullSecret.logins[0].username: "" is not a user name: at least one character, no colon, no white space',
    ],
  ],
  [
    "a login whose password is not among the secrets",
    cluster((it) => (it.pullSecret = { logins: [{ host: "gcr.io", username: "a", passwordSecret: "p" }] })),
    [
      "pergola:cluster.pullSecret.logins[0].passwordSecret: names no secret in pergola:secrets (there are none); pulumi config set --secret --path 'pergola:secrets.NAME'",
    ],
  ],
  [
    "two logins for Docker Hub by its several names",
    cluster((it) => {
      const hosts = ["hub.docker.com", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1/"];
      it.pullSecret = { logins: hosts.map((host) => ({ host, helper: "x" })) };
    }),
    [1, 2, 3].map(
      (index) =>
        `pergola:cluster.pullSecret.logins[${index}]: is the credential helper x for docker.io, which already has the credential helper x, at pergola:cluster.pullSecret.logins[0]; only one can be used: remove one of them`,
    ),
  ],
  [
    "a login and a helper for one host, and another helper",
    (config) => {
      config["pergola:secrets"] = { p: "x" };
      const host = "gcr.io";
      config["pergola:cluster"].pullSecret = {
        logins: [
          { host, username: "a", passwordSecret: "p" },
          { host, helper: "gcr" },
          { host, helper: "gcloud" },
        ],
      };
    },
    [
      "pergola:cluster.pullSecret.logins[1]: is the credential helper gcr for gcr.io, which already has a login, at pergola:cluster.pullSecret.logins[0]; only one can be used: remove one of them",
      "pergola:cluster.pullSecret.logins[2]: is the credential helper gcloud for gcr.io, which already has a login, at pergola:cluster.pullSecret.logins[0]; only one can be used: remove one of them",
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
      "pergola:cluster.pullSecret.logins[0]: is a login for 172.30.0.11:30500, which already has a login, at pergola:registry.basicAuth; only one can be used: remove one of them",
    ],
  ],
  [
    "an unknown guardrail",
    cluster((it) => (it.guardrails.quotas = {})),
    [
      'pergola:cluster.guardrails: unknown key "quotas"; allowed: networkPolicy, internet, hosts, quota, containerDefaults; did you mean quota?',
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
    "a further host with a scheme, one that hands out a node's identity, and one that is none",
    cluster(
      (it) =>
        (it.guardrails.hosts = [
          "https://npm.example",
          "169.254.169.254:80",
          "npm_example",
          "169.254.example",
          "*.npm.example",
          "10.0.0.0/8",
          "metadata.google.internal:80",
        ]),
    ),
    [
      'pergola:cluster.guardrails.hosts[0]: "https://npm.example" has a scheme; write host or host:port',
      'pergola:cluster.guardrails.hosts[1]: "169.254.169.254:80" is link-local, where clouds hand out the identity of a node',
      'pergola:cluster.guardrails.hosts[2]: "npm_example" is not host or host:port',
      'pergola:cluster.guardrails.hosts[4]: "*.npm.example" has a wildcard; name each host',
      'pergola:cluster.guardrails.hosts[5]: "10.0.0.0/8" is a range of addresses; name each host or address',
      'pergola:cluster.guardrails.hosts[6]: "metadata.google.internal:80" is link-local, where clouds hand out the identity of a node',
    ],
  ],
  [
    "a further host twice",
    cluster((it) => (it.guardrails.hosts = ["npm.example:8443", "npm.example:8443"])),
    ['pergola:cluster.guardrails.hosts[1]: "npm.example:8443" is listed twice'],
  ],
  [
    "further hosts where builders reach everything",
    cluster((it) => Object.assign(it.guardrails, { networkPolicy: false, hosts: ["npm.example"] })),
    [
      "pergola:cluster.guardrails.hosts: have no effect: networkPolicy is false, so builders reach everything; remove one of the two",
    ],
  ],
  [
    "network policies as text",
    cluster((it) => (it.guardrails.networkPolicy = "on")),
    ['pergola:cluster.guardrails.networkPolicy: is "on"; allowed is true or false'],
  ],
  [
    "defaults above their limits",
    cluster(
      (it) => (it.guardrails.containerDefaults = { limits: { cpu: "1", memory: "1Gi" }, requests: { memory: "2Gi" } }),
    ),
    ["pergola:cluster.guardrails.containerDefaults.requests.memory: is 2Gi, more than the limit 1Gi"],
  ],
  [
    "a default that is no quantity",
    cluster((it) => (it.guardrails.containerDefaults = { limits: { cpu: "1", memory: "1 Gi" } })),
    ['pergola:cluster.guardrails.containerDefaults.limits.memory: "1 Gi" is not a quantity like "500m", "4" or "8Gi"'],
  ],
  [
    "an unknown key of the defaults",
    cluster((it) => (it.guardrails.containerDefaults = { limit: { cpu: "1" } })),
    [
      'pergola:cluster.guardrails.containerDefaults: unknown key "limit"; allowed: limits, requests; did you mean limits?',
    ],
  ],
  [
    "no default for what the quota demands of every container",
    cluster((it) => (it.guardrails.containerDefaults = { limits: { cpu: "1" } })),
    [
      "pergola:cluster.guardrails.containerDefaults: has no limits.memory, but pergola:cluster.guardrails.quota has limits.memory, so the API server would refuse every container that says nothing about it, such as Garden's init container; add it, or write a quota without limits.memory",
    ],
  ],
  [
    "no default request for what a quota by its short name demands",
    cluster((it) => {
      it.guardrails.quota = { memory: "1Gi", "requests.ephemeral-storage": "64Gi" };
      it.guardrails.containerDefaults = { requests: { cpu: "1" } };
      it.guardrails.quota["requests.memory"] = "1Gi";
    }),
    [
      "pergola:cluster.guardrails.containerDefaults: has no requests.memory, but pergola:cluster.guardrails.quota has memory, so the API server would refuse every container that says nothing about it, such as Garden's init container; add it, or write a quota without memory",
    ],
  ],
  [
    "a default that is more than the whole quota",
    cluster((it) => {
      it.guardrails.quota = { "limits.pods": "1", "limits.memory": "9Gi" };
      it.guardrails.containerDefaults = { limits: { memory: "10Gi" } };
    }),
    [
      "pergola:cluster.guardrails.containerDefaults.limits.memory: is 10Gi, but pergola:cluster.guardrails.quota allows a whole namespace limits.memory 9Gi",
    ],
  ],
  ["an empty group", cluster((it) => (it.ci = { group: "" })), ['pergola:cluster.ci.group: "" is empty']],
  [
    "a Garden switch that is text",
    cluster((it) => (it.ci = { garden: 1 })),
    ["pergola:cluster.ci.garden: is 1; allowed is true or false"],
  ],
]);
