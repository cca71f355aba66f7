// Bad stack files: every field and every rule between fields once, with the exact message.
import { describe, expect, test } from "vitest";
import { stackFileMessage } from "../../../infra/stackFile.ts";
import { problemsAfter } from "./config.ts";

// biome-ignore lint/suspicious/noExplicitAny: wrong values are written into it
type Change = (config: any) => void;

const registry: (change: Change) => Change = (change) => (config) => change(config["pergola:registry"]);
const cluster: (change: Change) => Change = (change) => (config) => change(config["pergola:cluster"]);
const modes: (change: Change) => Change = (change) => (config) => change(config["pergola:builder"].modes);

/** name, change, problems */
type Case = [string, Change, string[]];

function cases(title: string, list: readonly Case[]): void {
  describe(title, () => {
    test.each(list)("%s", (_, change, problems) => expect(problemsAfter(change)).toEqual(problems));
  });
}

test("the stack file of the embedded environment has no problem", () => {
  expect(problemsAfter(() => {})).toEqual([]);
});

cases("keys", [
  [
    "a misspelt key of ours",
    (config) => {
      config["pergola:regstry"] = 1;
    },
    [
      'pergola:regstry: unknown key "regstry"; allowed: purpose, allowProduction, registry, access, cluster, builder, cache, secrets; did you mean registry?',
    ],
  ],
  [
    "a section that is text",
    (config) => {
      config["pergola:access"] = "none";
    },
    ['pergola:access: is "none"; allowed is an object'],
  ],
  [
    "missing sections",
    (config) => {
      for (const key of ["purpose", "registry", "access", "cluster", "builder"]) delete config[`pergola:${key}`];
    },
    [
      "pergola:purpose: is missing; allowed: development, test, production",
      "pergola:registry: is missing (an object)",
      "pergola:access: is missing (an object)",
      "pergola:cluster: is missing (an object)",
      "pergola:builder: is missing (an object)",
    ],
  ],
  [
    "default providers left on",
    (config) => {
      delete config["pulumi:disable-default-providers"];
    },
    [
      'pulumi:disable-default-providers: is missing; it has to be ["*"], so that nothing is ever created through an ambient kubeconfig or cloud login; add the line pulumi:disable-default-providers: ["*"]',
    ],
  ],
  [
    "only one default provider off",
    (config) => {
      config["pulumi:disable-default-providers"] = ["aws"];
    },
    [
      'pulumi:disable-default-providers: is ["aws"]; it has to be ["*"], so that nothing is ever created through an ambient kubeconfig or cloud login; add the line pulumi:disable-default-providers: ["*"]',
    ],
  ],
]);

cases("purpose", [
  [
    "a misspelt purpose",
    (config) => {
      config["pergola:purpose"] = "developmnt";
    },
    ['pergola:purpose: is "developmnt"; allowed: development, test, production; did you mean development?'],
  ],
  [
    "production without a yes",
    (config) => {
      config["pergola:purpose"] = "production";
    },
    [
      'pergola:purpose: is "production": in-cluster building belongs in development and testing clusters. Builders take memory and disk from services, a rootful BuildKit container is root on its node, and whoever can run code beside a builder can use its push rights: not for clusters where deployed code or tenants are not trusted. If that is accepted, add pergola:allowProduction: true',
    ],
  ],
  [
    "a yes without production",
    (config) => {
      config["pergola:allowProduction"] = true;
    },
    ['pergola:allowProduction: is true, but pergola:purpose is "development"; remove it'],
  ],
  [
    "a yes that is no truth value",
    (config) => {
      config["pergola:allowProduction"] = "maybe";
    },
    ['pergola:allowProduction: is "maybe"; allowed is true or false'],
  ],
]);

test("production with a yes is accepted", () => {
  const problems = problemsAfter((config) => {
    config["pergola:purpose"] = "production";
    config["pergola:allowProduction"] = true;
  });
  expect(problems).toEqual([]);
});

cases("registry", [
  [
    "a kind of a later version",
    registry((it) => (it.kind = "ecr")),
    ['pergola:registry.kind: "ecr" is not part of this version; allowed: inCluster'],
  ],
  [
    "a misspelt kind",
    registry((it) => (it.kind = "inCluser")),
    ['pergola:registry.kind: is "inCluser"; allowed: inCluster; did you mean inCluster?'],
  ],
  ["no kind", registry((it) => delete it.kind), ["pergola:registry.kind: is missing; allowed: inCluster"]],
  [
    "an unknown key",
    registry((it) => (it.mirors = {})),
    [
      'pergola:registry: unknown key "mirors"; allowed: kind, host, namespace, insecure, mirrors, basicAuth, image, clusterNamespace, storage; did you mean mirrors?',
    ],
  ],
  ["no host", registry((it) => delete it.host), ["pergola:registry.host: is missing (a string)"]],
  [
    "a host with a scheme",
    registry((it) => (it.host = "http://172.30.0.11:30500")),
    ['pergola:registry.host: "http://172.30.0.11:30500" has a scheme; write host or host:port'],
  ],
  [
    "a host with a path",
    registry((it) => (it.host = "172.30.0.11:30500/a")),
    ['pergola:registry.host: "172.30.0.11:30500/a" has a path; write host or host:port'],
  ],
  [
    "a host that is no address",
    registry((it) => (it.host = "172.30.0.311:30500")),
    ['pergola:registry.host: "172.30.0.311:30500" is not an IPv4 address'],
  ],
  [
    "a host without a port",
    registry((it) => (it.host = "172.30.0.11")),
    ['pergola:registry.host: "172.30.0.11" has no port; add the node port that it shall have (30000 to 32767)'],
  ],
  [
    "a port that is no node port",
    registry((it) => (it.host = "172.30.0.11:5000")),
    ['pergola:registry.host: "172.30.0.11:5000" has port 5000, which is no node port (30000 to 32767)'],
  ],
  [
    "a loopback host",
    registry((it) => (it.host = "localhost:30500")),
    [
      'pergola:registry.host: "localhost:30500" is a different place on every node and in every pod; write a node\'s address',
    ],
  ],
  [
    "a namespace with a slash at its end",
    registry((it) => (it.namespace = "a/")),
    [
      'pergola:registry.namespace: "a/" is not a repository path: lower-case letters, digits and single separators, without leading or trailing slash',
    ],
  ],
  [
    "TLS",
    registry((it) => (it.insecure = false)),
    ["pergola:registry.insecure: is false, but a registry of kind inCluster serves plain HTTP; write true"],
  ],
  [
    "insecure not said",
    registry((it) => delete it.insecure),
    ["pergola:registry.insecure: is missing (true or false)"],
  ],
  [
    "a mirror for no host",
    registry((it) => (it.mirrors = { "a b": ["c"] })),
    ['pergola:registry.mirrors["a b"]: the key "a b" is not host or host:port'],
  ],
  [
    "a mirror with a scheme",
    registry((it) => (it.mirrors = { "docker.io": ["http://m"] })),
    ['pergola:registry.mirrors["docker.io"][0]: "http://m" has a scheme; write host or host:port'],
  ],
  [
    "no mirror",
    registry((it) => (it.mirrors = { "docker.io": [] })),
    ['pergola:registry.mirrors["docker.io"]: [] is empty; at least one entry is needed'],
  ],
  [
    "an image without a tag",
    registry((it) => (it.image = "pergola.local/registry")),
    ['pergola:registry.image: "pergola.local/registry" has neither tag nor digest'],
  ],
  [
    "an image that is none",
    registry((it) => (it.image = "Registry:1")),
    ['pergola:registry.image: "Registry:1" is not an image reference'],
  ],
  [
    "a namespace of Kubernetes",
    registry((it) => (it.clusterNamespace = "kube-system")),
    ['pergola:registry.clusterNamespace: "kube-system" belongs to Kubernetes (kube-*); name a namespace of its own'],
  ],
  [
    "a builder namespace",
    registry((it) => (it.clusterNamespace = "pergola-kaniko")),
    ['pergola:registry.clusterNamespace: "pergola-kaniko" is a builder namespace; give the registry one of its own'],
  ],
  [
    "storage on no node",
    registry((it) => delete it.storage.node),
    ["pergola:registry.storage.node: is missing (a string)"],
  ],
  [
    "a node name that is none",
    registry((it) => (it.storage.node = "A")),
    ['pergola:registry.storage.node: "A" is not a valid node name'],
  ],
  [
    "a relative path",
    registry((it) => (it.storage.path = "a")),
    ['pergola:registry.storage.path: "a" is not an absolute path'],
  ],
  [
    "a size that is none",
    registry((it) => (it.storage.size = "10GB")),
    ['pergola:registry.storage.size: "10GB" is not a quantity like "500m", "4" or "8Gi"'],
  ],
  [
    "an unknown key of storage",
    registry((it) => (it.storage.pth = "/a")),
    ['pergola:registry.storage: unknown key "pth"; allowed: node, path, size; did you mean path?'],
  ],
  [
    "a user name with a colon",
    registry((it) => (it.basicAuth = { username: "a:b", passwordSecret: "p" })),
    ['pergola:registry.basicAuth.username: "a:b" is not a user name: at least one character, no colon, no white space'],
  ],
  [
    "a password that is not among the secrets",
    (config) => {
      config["pergola:registry"].basicAuth = { username: "a", passwordSecret: "pasword" };
      config["pergola:secrets"] = { password: "x" };
    },
    [
      'pergola:registry.basicAuth.passwordSecret: no secret "pasword" in pergola:secrets (there are: password); did you mean password?',
    ],
  ],
  [
    "a password where there are no secrets",
    registry((it) => (it.basicAuth = { username: "a", passwordSecret: "password" })),
    [
      "pergola:registry.basicAuth.passwordSecret: no secret \"password\" in pergola:secrets (there are none); pulumi config set --secret --path 'pergola:secrets.password'",
    ],
  ],
  [
    "a password that bcrypt would cut",
    (config) => {
      config["pergola:registry"].basicAuth = { username: "a", passwordSecret: "password" };
      config["pergola:secrets"] = { password: "é".repeat(37) };
    },
    [
      'pergola:registry.basicAuth.passwordSecret: the secret "password" is longer than 72 bytes, the most that bcrypt reads',
    ],
  ],
]);

cases("access", [
  [
    "a kind of a later version",
    (config) => (config["pergola:access"].kind = "irsa"),
    ['pergola:access.kind: "irsa" is not part of this version; allowed: none'],
  ],
  [
    "an annotation that is no text",
    (config) => (config["pergola:access"].annotations = { a: 1 }),
    ["pergola:access.annotations.a: is 1; allowed is a string"],
  ],
  [
    "an unknown key",
    (config) => (config["pergola:access"].anotations = {}),
    ['pergola:access: unknown key "anotations"; allowed: kind, annotations; did you mean annotations?'],
  ],
]);

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

cases("builder", [
  [
    "a default that is no mode",
    (config) => (config["pergola:builder"].default = "kanico"),
    ['pergola:builder.default: is "kanico"; allowed: cluster-buildkit, kaniko; did you mean kaniko?'],
  ],
  [
    "a default of a later version",
    (config) => (config["pergola:builder"].default = "local-docker"),
    ['pergola:builder.default: "local-docker" is not part of this version; allowed: cluster-buildkit, kaniko'],
  ],
  [
    "a default that is not provisioned",
    modes((it) => delete it["cluster-buildkit"]),
    ['pergola:builder.default: is "cluster-buildkit", which is not in pergola:builder.modes (there: kaniko)'],
  ],
  [
    "a mode of a later version",
    modes((it) => (it["local-docker"] = {})),
    ['pergola:builder.modes: the key "local-docker" is not part of this version; allowed: cluster-buildkit, kaniko'],
  ],
  [
    "a misspelt mode",
    modes((it) => (it.kanico = {})),
    ['pergola:builder.modes: unknown key "kanico"; allowed: cluster-buildkit, kaniko; did you mean kaniko?'],
  ],
  [
    "a mode in no namespace",
    modes((it) => (it.kaniko.namespaces = [])),
    ["pergola:builder.modes.kaniko.namespaces: [] is empty; at least one entry is needed"],
  ],
  [
    "the namespace default",
    modes((it) => (it.kaniko.namespaces = ["default"])),
    [
      'pergola:builder.modes.kaniko.namespaces[0]: "default" is where everything without a namespace lands; name a namespace of its own',
    ],
  ],
  [
    "a namespace that is no label",
    modes((it) => (it.kaniko.namespaces = ["a.b"])),
    [
      'pergola:builder.modes.kaniko.namespaces[0]: "a.b" is not a DNS label: lower-case letters, digits and inner hyphens only',
    ],
  ],
  [
    "a namespace that is too long",
    modes((it) => (it.kaniko.namespaces = ["a".repeat(64)])),
    [`pergola:builder.modes.kaniko.namespaces[0]: "${"a".repeat(64)}" has 64 characters, at most 63 are allowed`],
  ],
  [
    "a namespace twice",
    modes((it) => (it.kaniko.namespaces = ["a", { name: "a" }])),
    ['pergola:builder.modes.kaniko.namespaces[1]: "a" is listed twice'],
  ],
  [
    "a misspelt key of a namespace",
    modes((it) => (it.kaniko.namespaces = [{ name: "a", exsting: true }])),
    [
      'pergola:builder.modes.kaniko.namespaces[0]: unknown key "exsting"; allowed: name, existing, team, images; did you mean existing?',
    ],
  ],
  [
    "images that are none",
    modes((it) => (it.kaniko.namespaces = [{ name: "a", images: [] }])),
    ["pergola:builder.modes.kaniko.namespaces[0].images: [] is empty; at least one entry is needed"],
  ],
  [
    "a team without a name",
    modes((it) => (it.kaniko.namespaces = [{ name: "a", team: "" }])),
    ['pergola:builder.modes.kaniko.namespaces[0].team: "" is empty'],
  ],
  [
    "a namespace of two modes that need different Pod Security",
    modes((it) => (it.kaniko.namespaces = ["pergola-buildkit"])),
    [
      'pergola:builder.modes.kaniko.namespaces[0]: "pergola-buildkit" is also a namespace of cluster-buildkit: cluster-buildkit needs the Pod Security level privileged, kaniko needs baseline; give each mode its own',
    ],
  ],
  [
    "no profile",
    modes((it) => delete it["cluster-buildkit"].profile),
    ["pergola:builder.modes.cluster-buildkit.profile: is missing; allowed: rootful, rootless"],
  ],
  [
    "a profile for kaniko",
    modes((it) => (it.kaniko.profile = "rootful")),
    ['pergola:builder.modes.kaniko: unknown key "profile"; allowed: namespaces, image, platforms, resources'],
  ],
  ["no image", modes((it) => delete it.kaniko.image), ["pergola:builder.modes.kaniko.image: is missing (a string)"]],
  [
    "a platform that is none",
    modes((it) => (it.kaniko.platforms = ["linux/arm"])),
    [
      'pergola:builder.modes.kaniko.platforms[0]: is "linux/arm"; allowed: linux/amd64, linux/arm64; did you mean linux/arm64?',
    ],
  ],
  [
    "a platform that no builder node has",
    modes((it) => (it.kaniko.platforms = ["linux/arm64"])),
    ["pergola:builder.modes.kaniko.platforms: has linux/arm64, but the builder nodes are linux/amd64"],
  ],
  [
    "kaniko on builder nodes of two architectures",
    cluster((it) => it.builderNodes.push({ kind: "existing", architecture: "arm64" })),
    [
      "pergola:builder.modes.kaniko.platforms: are linux/amd64, linux/arm64; kaniko builds one platform per image, so write one",
    ],
  ],
  [
    "a limit that is no quantity",
    modes((it) => (it.kaniko.resources.limits.memory = "8 GB")),
    ['pergola:builder.modes.kaniko.resources.limits.memory: "8 GB" is not a quantity like "500m", "4" or "8Gi"'],
  ],
  [
    "a number where a quantity is text",
    modes((it) => (it.kaniko.resources.limits.cpu = 4)),
    ["pergola:builder.modes.kaniko.resources.limits.cpu: is 4; allowed is a string"],
  ],
  [
    "a request above its limit",
    modes((it) => (it.kaniko.resources.requests.memory = "9Gi")),
    ["pergola:builder.modes.kaniko.resources.requests.memory: is 9Gi, more than the limit 8Gi"],
  ],
  [
    "one builder that is more than the whole quota",
    cluster((it) => (it.guardrails.quota = { "limits.memory": "7Gi" })),
    [
      "pergola:builder.modes.cluster-buildkit.resources.limits.memory: is 8Gi, but pergola:cluster.guardrails.quota allows a whole namespace limits.memory 7Gi",
      "pergola:builder.modes.kaniko.resources.limits.memory: is 8Gi, but pergola:cluster.guardrails.quota allows a whole namespace limits.memory 7Gi",
    ],
  ],
]);

cases("cache", [
  ["text", (config) => (config["pergola:cache"] = "max"), ['pergola:cache: is "max"; allowed is a list']],
  [
    "a tag that is none",
    (config) => (config["pergola:cache"] = [{ tag: "a:b" }]),
    ['pergola:cache[0].tag: "a:b" is not an image tag'],
  ],
  [
    "a misspelt mode",
    (config) => (config["pergola:cache"] = [{ tag: "a", mode: "mx" }]),
    ['pergola:cache[0].mode: is "mx"; allowed: min, max, inline; did you mean max?'],
  ],
  [
    "an export that is text",
    (config) => (config["pergola:cache"] = [{ tag: "a", export: "x" }]),
    ['pergola:cache[0].export: is "x"; allowed is true or false'],
  ],
  [
    "a tag twice",
    (config) => (config["pergola:cache"] = [{ tag: "a" }, { tag: "a" }]),
    ['pergola:cache[1].tag: "a" is listed twice'],
  ],
]);

cases("secrets", [
  [
    "a name that is none",
    (config) => (config["pergola:secrets"] = { "a b": "hush" }),
    ['pergola:secrets["a b"]: the key "a b" is not a name of a secret: a letter, then letters, digits, _ and -'],
  ],
  [
    "a value that is no text, which is not repeated",
    (config) => (config["pergola:secrets"] = { a: ["hush"] }),
    ["pergola:secrets.a: is the value (not shown); allowed is a string"],
  ],
  [
    "an empty value",
    (config) => (config["pergola:secrets"] = { a: "" }),
    ["pergola:secrets.a: the value (not shown) is empty"],
  ],
  [
    "text, which is not repeated",
    (config) => (config["pergola:secrets"] = "hush"),
    ["pergola:secrets: is text; allowed is an object"],
  ],
]);

test("all problems are said at once, in one message that names the file", () => {
  const problems = problemsAfter((config) => {
    config["pergola:purpose"] = "tst";
    config["pergola:registry"].host = "172.30.0.11";
    config["pergola:cache"] = [{ tag: "a:b" }];
  });
  expect(problems).toHaveLength(3);
  const list = [
    { path: "pergola:a", message: "is wrong" },
    { path: "pergola:b", message: "is missing" },
  ];
  expect(stackFileMessage("dev", list)).toBe(
    "stacks/Pulumi.dev.yaml has 2 problems; nothing was changed\n  pergola:a: is wrong\n  pergola:b: is missing",
  );
});
