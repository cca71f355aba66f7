// Bad stack files: every field and rule of `builder` once, with the exact message.
import { type Change, cases } from "./config.ts";

const cluster =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:cluster"]);
const modes =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:builder"].modes);

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
