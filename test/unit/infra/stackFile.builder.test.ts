// Bad stack files: every field and rule of `builder` once, with the exact message.
import { expect, test } from "vitest";
import { GONE_MODE } from "../../../infra/setupNames.ts";
import { type Change, cases, problemsAfter } from "./config.ts";

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
    ['pergola:builder.default: is "kanico"; allowed: cluster-buildkit, kaniko, local-docker; did you mean kaniko?'],
  ],
  [
    "a default that is gone",
    (config) => (config["pergola:builder"].default = "cluster-docker"),
    [
      `pergola:builder.default: "cluster-docker" ${GONE_MODE.why}: write default: cluster-buildkit; allowed: cluster-buildkit, kaniko, local-docker`,
    ],
  ],
  [
    "a default that is not provisioned",
    modes((it) => delete it["cluster-buildkit"]),
    ['pergola:builder.default: is "cluster-buildkit", which is not in pergola:builder.modes (there: kaniko)'],
  ],
  [
    "a mode that is gone",
    modes((it) => (it["cluster-docker"] = {})),
    [
      `pergola:builder.modes: the key "cluster-docker" ${GONE_MODE.why}: write cluster-buildkit: { namespaces, profile, image } in its place; allowed: cluster-buildkit, kaniko, local-docker`,
    ],
  ],
  [
    "a default of Docker on people's machines that is not allowed",
    (config) => (config["pergola:builder"].default = "local-docker"),
    [
      'pergola:builder.default: is "local-docker", which is not in pergola:builder.modes (there: cluster-buildkit, kaniko)',
    ],
  ],
  [
    "something said of Docker on people's machines",
    modes((it) => (it["local-docker"] = { image: "docker" })),
    ['pergola:builder.modes.local-docker: unknown key "image"; allowed: '],
  ],
  [
    "patterns of namespaces where nothing builds in the cluster",
    (config) => (config["pergola:builder"] = { default: "local-docker", modes: { "local-docker": {} } }),
    [
      "pergola:access.namespacePatterns: admit namespaces, but no mode of pergola:builder.modes builds in one; remove them",
    ],
  ],
  [
    "a misspelt mode",
    modes((it) => (it.kanico = {})),
    [
      'pergola:builder.modes: unknown key "kanico"; allowed: cluster-buildkit, kaniko, local-docker; did you mean kaniko?',
    ],
  ],
  [
    "no modes",
    (config) => (config["pergola:builder"].modes = {}),
    ['pergola:builder.default: is "cluster-buildkit", which is not in pergola:builder.modes (there is none)'],
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
    "an existing namespace that is so in words",
    modes((it) => (it.kaniko.namespaces = [{ name: "a", existing: "yes" }])),
    ['pergola:builder.modes.kaniko.namespaces[0].existing: is "yes"; allowed is true or false'],
  ],
  [
    "a namespace that is a number",
    modes((it) => (it.kaniko.namespaces = [1])),
    ["pergola:builder.modes.kaniko.namespaces[0]: is 1; allowed is a string or an object"],
  ],
  [
    "images that are neither a list nor all",
    modes((it) => (it.kaniko.namespaces = [{ name: "a", images: "api" }])),
    ['pergola:builder.modes.kaniko.namespaces[0].images: is "api"; allowed is "*" or a list'],
  ],
  [
    "an image without a name in the list",
    modes((it) => (it.kaniko.namespaces = [{ name: "a", images: ["api", ""] }])),
    ['pergola:builder.modes.kaniko.namespaces[0].images[1]: "" is empty'],
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
    "a misspelt profile",
    modes((it) => (it["cluster-buildkit"].profile = "rootles")),
    [
      'pergola:builder.modes.cluster-buildkit.profile: is "rootles"; allowed: rootful, rootless; did you mean rootless?',
    ],
  ],
  [
    "network host by text",
    modes((it) => (it["cluster-buildkit"].allowHostNetwork = "yes")),
    ['pergola:builder.modes.cluster-buildkit.allowHostNetwork: is "yes"; allowed is true or false'],
  ],
  [
    "network host for kaniko",
    modes((it) => (it.kaniko.allowHostNetwork = true)),
    [
      'pergola:builder.modes.kaniko: unknown key "allowHostNetwork"; allowed: namespaces, image, helpers, platforms, resources, extraFlags',
    ],
  ],
  [
    "a profile for kaniko",
    modes((it) => (it.kaniko.profile = "rootful")),
    [
      'pergola:builder.modes.kaniko: unknown key "profile"; allowed: namespaces, image, helpers, platforms, resources, extraFlags',
    ],
  ],
  [
    "no image",
    modes((it) => delete it["cluster-buildkit"].image),
    [
      "pergola:builder.modes.cluster-buildkit.image: is missing (image that builds run in, such as docker.io/moby/buildkit:v0.23.2-rootless; it has to have the credential helpers of logins by helper)",
    ],
  ],
  ["no image for kaniko, which has a default", modes((it) => delete it.kaniko.image), []],
  [
    "an image that is none",
    modes((it) => (it.kaniko.image = "Kaniko:1")),
    ['pergola:builder.modes.kaniko.image: "Kaniko:1" is not an image reference'],
  ],
  [
    "an image without a tag",
    modes((it) => (it.kaniko.image = "pergola.local/kaniko")),
    ['pergola:builder.modes.kaniko.image: "pergola.local/kaniko" has neither tag nor digest'],
  ],
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
    "a platform twice",
    modes((it) => (it.kaniko.platforms = ["linux/amd64", "linux/amd64"])),
    ["pergola:builder.modes.kaniko.platforms: has linux/amd64 twice"],
  ],
  [
    "no platforms",
    modes((it) => (it.kaniko.platforms = [])),
    ["pergola:builder.modes.kaniko.platforms: [] is empty; at least one entry is needed"],
  ],
  [
    "a limit that is no quantity",
    modes((it) => (it.kaniko.resources.limits.memory = "8 GB")),
    ['pergola:builder.modes.kaniko.resources.limits.memory: "8 GB" is not a quantity like "500m", "4" or "8Gi"'],
  ],
  [
    "a number where a quantity is text",
    modes((it) => (it.kaniko.resources.limits.cpu = 4)),
    ['pergola:builder.modes.kaniko.resources.limits.cpu: is 4; allowed is a string: "4"'],
  ],
  [
    "a request above its limit",
    modes((it) => (it.kaniko.resources.requests.memory = "9Gi")),
    ["pergola:builder.modes.kaniko.resources.requests.memory: is 9Gi, more than the limit 8Gi"],
  ],
  [
    "a misspelt side of the resources",
    modes((it) => (it.kaniko.resources = { limit: { memory: "1Gi" } })),
    ['pergola:builder.modes.kaniko.resources: unknown key "limit"; allowed: limits, requests; did you mean limits?'],
  ],
  [
    "a resource that is none",
    modes((it) => (it.kaniko.resources.limits.Memory = "1Gi")),
    ['pergola:builder.modes.kaniko.resources.limits.Memory: the key "Memory" is not the name of a resource'],
  ],
  [
    "a request above the limit that containers without one get",
    modes((it) => (it.kaniko.resources = { requests: { memory: "8Gi" } })),
    [
      "pergola:builder.modes.kaniko.resources.requests.memory: is 8Gi, more than the limit 1Gi that pergola:cluster.guardrails.containerDefaults gives where there is none; add limits.memory",
    ],
  ],
  [
    "one builder that requests more than the whole quota",
    cluster((it) => (it.guardrails.quota = { "requests.memory": "128Mi", "ephemeral-storage": "512Mi" })),
    ["cluster-buildkit", "kaniko"].flatMap((mode) => [
      `pergola:builder.modes.${mode}.resources.requests.memory: is 256Mi, but pergola:cluster.guardrails.quota allows a whole namespace requests.memory 128Mi`,
      `pergola:builder.modes.${mode}.resources.requests.ephemeral-storage: is 1Gi, but pergola:cluster.guardrails.quota allows a whole namespace ephemeral-storage 512Mi`,
    ]),
  ],
  [
    "one builder whose limit is its request and more than the whole quota",
    (config) => {
      config["pergola:cluster"].guardrails.quota = { "requests.cpu": "2" };
      config["pergola:builder"].modes.kaniko.resources = { limits: { cpu: "4" } };
    },
    [
      "pergola:builder.modes.kaniko.resources.limits.cpu: is 4 and so the request, but pergola:cluster.guardrails.quota allows a whole namespace requests.cpu 2",
    ],
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

test("guardrails say nothing about a mode whose namespaces exist already, because they are not made there", () => {
  const problems = problemsAfter((config) => {
    config["pergola:cluster"].guardrails.quota = { "limits.memory": "7Gi" };
    for (const mode of Object.values<{ namespaces: unknown }>(config["pergola:builder"].modes)) {
      mode.namespaces = [{ name: mode === config["pergola:builder"].modes.kaniko ? "a" : "b", existing: true }];
    }
    config["pergola:builder"].modes.kaniko.resources = { requests: { memory: "8Gi" } };
  });
  expect(problems).toEqual([]);
});
