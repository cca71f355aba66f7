// Bad stack files: every field and rule of `registry` once, with the exact message.
import { type Change, cases } from "./config.ts";

const registry =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:registry"]);

cases("registry", [
  [
    "a misspelt kind",
    registry((it) => (it.kind = "inCluser")),
    [
      'pergola:registry.kind: is "inCluser"; allowed: inCluster, ecr, artifactRegistry, gcr, dockerRegistry; did you mean inCluster?',
    ],
  ],
  [
    "no kind",
    registry((it) => delete it.kind),
    ["pergola:registry.kind: is missing; allowed: inCluster, ecr, artifactRegistry, gcr, dockerRegistry"],
  ],
  [
    "an unknown key",
    registry((it) => (it.mirors = {})),
    [
      'pergola:registry: unknown key "mirors"; allowed: kind, host, namespace, insecure, mirrors, insecureMirrors, basicAuth, caBundle, image, clusterNamespace, storage; did you mean mirrors?',
    ],
  ],
  [
    "no host",
    registry((it) => delete it.host),
    [
      "pergola:registry.host: is missing (<node address>:<node port>: the one name that nodes and pods know the registry by)",
    ],
  ],
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
    "a host and a mirror that hand out a node's identity, which builders would then reach",
    registry((it) => {
      it.host = "169.254.169.254";
      it.mirrors = { "docker.io": ["169.254.169.254:80"] };
    }),
    [
      'pergola:registry.host: "169.254.169.254" is link-local, where clouds hand out the identity of a node',
      'pergola:registry.mirrors["docker.io"][0]: "169.254.169.254:80" is link-local, where clouds hand out the identity of a node',
    ],
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
    "a port that is none",
    registry((it) => (it.host = "172.30.0.11:65536")),
    ['pergola:registry.host: "172.30.0.11:65536" has port 65536, which is not between 1 and 65535'],
  ],
  [
    "a host that no host can be named",
    registry((it) => (it.host = "-registry-:30500")),
    ['pergola:registry.host: "-registry-:30500" is not host or host:port'],
  ],
  [
    "an address of the loopback interface",
    registry((it) => (it.host = "127.0.0.53:30500")),
    [
      'pergola:registry.host: "127.0.0.53:30500" is a different place on every node and in every pod; write a node\'s address',
    ],
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
    ["pergola:registry.insecure: is missing (true or false: plain HTTP; this registry serves nothing else)"],
  ],
  [
    "a mirror for no host",
    registry((it) => (it.mirrors = { "a b": ["c"] })),
    ['pergola:registry.mirrors["a b"]: the key "a b" is not host or host:port'],
  ],
  [
    "a mirror for Docker Hub by another of its names",
    registry((it) => (it.mirrors = { "index.docker.io": ["mirror.internal.example"] })),
    [
      'pergola:registry.mirrors["index.docker.io"]: the key "index.docker.io" is Docker Hub by a name that no image is looked up by; write docker.io',
    ],
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
    ["pergola:registry.storage.node: is missing (node that holds the files, and runs the registry)"],
  ],
  [
    "a node name that is none",
    registry((it) => (it.storage.node = "A")),
    ['pergola:registry.storage.node: "A" is not a valid node name'],
  ],
  [
    "a node name that is too long",
    registry((it) => (it.storage.node = "a".repeat(254))),
    [`pergola:registry.storage.node: "${"a".repeat(116)}... has 254 characters, at most 253 are allowed`],
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
    [
      "pergola:registry.basicAuth.username: the value (not shown) is not a user name: at least one character, no colon, no white space",
    ],
  ],
  [
    "a login without user name and password",
    registry((it) => (it.basicAuth = {})),
    [
      "pergola:registry.basicAuth.username: is missing (user of the registry)",
      "pergola:registry.basicAuth.passwordSecret: is missing (name of an entry of pergola:secrets)",
    ],
  ],
  [
    "a password in clear text",
    registry((it) => (it.basicAuth = { username: "a", password: "hush" })),
    [
      "pergola:registry.basicAuth.passwordSecret: is missing (name of an entry of pergola:secrets)",
      'pergola:registry.basicAuth: unknown key "password"; allowed: username, passwordSecret',
    ],
  ],
  [
    "a password where the name of a secret belongs, which is not repeated",
    registry((it) => (it.basicAuth = { username: "a", passwordSecret: "pass word" })),
    [
      "pergola:registry.basicAuth.passwordSecret: the value (not shown) is not a name of a secret: a letter, then letters, digits, _ and -",
    ],
  ],
  [
    "a secret whose name every object has",
    registry((it) => (it.basicAuth = { username: "a", passwordSecret: "constructor" })),
    [
      "pergola:registry.basicAuth.passwordSecret: names no secret in pergola:secrets (there are none); pulumi config set --secret --path 'pergola:secrets.NAME'",
    ],
  ],
  [
    "a password that is not among the secrets",
    (config) => {
      config["pergola:registry"].basicAuth = { username: "a", passwordSecret: "pasword" };
      config["pergola:secrets"] = { password: "x" };
    },
    [
      "pergola:registry.basicAuth.passwordSecret: names no secret in pergola:secrets (there are: password); did you mean password?",
    ],
  ],
  [
    "a password where there are no secrets",
    registry((it) => (it.basicAuth = { username: "a", passwordSecret: "hunter2" })),
    [
      "pergola:registry.basicAuth.passwordSecret: names no secret in pergola:secrets (there are none); pulumi config set --secret --path 'pergola:secrets.NAME'",
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
