// Bad stack files: every field and rule of the Secrets of workloads, and of docker configs, once, with the exact message.
import { expect, test } from "vitest";
import { makeBuildSetup } from "../../../infra/buildSetup.ts";
import type { StackConfig } from "../../../infra/config.ts";
import { type Change, cases, configAfter, problemsAfter } from "./config.ts";

const login = { host: "r.example", username: "reader", passwordSecret: "password" };
const auths = (entries: object) => JSON.stringify({ auths: entries });

/** A right file with Secrets for two namespaces, and changes. */
const secrets =
  // biome-ignore lint/suspicious/noExplicitAny: wrong values are written into it
    (change: (list: any[], config: any) => void = () => {}): Change =>
    (config) => {
      const entry = { namespaces: ["shop", "blog"], logins: [{ ...login }], dockerConfigSecrets: ["hub"] };
      config["pergola:cluster"].pullSecrets = [entry];
      config["pergola:secrets"] = {
        password: "hunter2",
        hub: auths({ "index.docker.io": { username: "reader", password: "hunter2" } }),
      };
      change(config["pergola:cluster"].pullSecrets, config);
    };

/** The builders' logins instead. */
// biome-ignore lint/suspicious/noExplicitAny: as above
const builders = (change: (secret: any, config: any) => void): Change =>
  secrets((_, config) => {
    delete config["pergola:cluster"].pullSecrets;
    config["pergola:cluster"].pullSecret = { logins: [{ ...login }], dockerConfigSecrets: ["hub"] };
    change(config["pergola:cluster"].pullSecret, config);
  });

const NO_HELPERS =
  'is a credential helper, and of a pull secret the kubelet reads "auths" only (Kubernetes, "Images"): nodes log in by their own identity, or by a credential provider that is set up on them; remove it, or write a user and a password';

cases("pullSecrets", [
  ["nothing wrong", secrets(), []],
  [
    "an object",
    secrets((_, config) => (config["pergola:cluster"].pullSecrets = {})),
    ["pergola:cluster.pullSecrets: is {}; allowed is a list"],
  ],
  [
    "an unknown key",
    secrets(([it]) => (it.namspaces = [])),
    [
      'pergola:cluster.pullSecrets[0]: unknown key "namspaces"; allowed: name, namespaces, logins, dockerConfigSecrets; did you mean namespaces?',
    ],
  ],
  [
    "a name that is none",
    secrets(([it]) => (it.name = "A")),
    ['pergola:cluster.pullSecrets[0].name: "A" is not a valid object name'],
  ],
  [
    "no namespace",
    secrets(([it]) => (it.namespaces = [])),
    ["pergola:cluster.pullSecrets[0].namespaces: [] is empty; at least one entry is needed"],
  ],
  [
    "a namespace of Kubernetes",
    secrets(([it]) => (it.namespaces = ["kube-system"])),
    [
      'pergola:cluster.pullSecrets[0].namespaces[0]: "kube-system" belongs to Kubernetes (kube-*); name a namespace of its own',
    ],
  ],
  [
    "a namespace twice",
    secrets(([it]) => it.namespaces.push("shop")),
    ['pergola:cluster.pullSecrets[0].namespaces[2]: "shop" is listed twice'],
  ],
  [
    "no logins",
    secrets(([it]) => Object.assign(it, { logins: [], dockerConfigSecrets: [] })),
    [
      "pergola:cluster.pullSecrets[0]: has neither logins nor dockerConfigSecrets, so nobody could pull with it; add one, or remove it",
    ],
  ],
  [
    "a helper",
    secrets(([it]) => it.logins.push({ host: "eu.gcr.io", helper: "gcr" })),
    [`pergola:cluster.pullSecrets[0].logins[1].helper: "gcr" ${NO_HELPERS}`],
  ],
  [
    "a helper in a docker config",
    secrets((_, config) => (config["pergola:secrets"].hub = JSON.stringify({ credHelpers: { "eu.gcr.io": "gcr" } }))),
    [
      `pergola:cluster.pullSecrets[0].dockerConfigSecrets[0]: the secret "hub" has "gcr" for eu.gcr.io, which ${NO_HELPERS}`,
    ],
  ],
  [
    "two logins for Docker Hub by two of its names",
    secrets(
      ([it]) =>
        (it.logins = [
          { ...login, host: "docker.io" },
          { ...login, host: "hub.docker.com" },
        ]),
    ),
    [
      "pergola:cluster.pullSecrets[0].logins[1]: is a login for docker.io, which already has a login, at pergola:cluster.pullSecrets[0].logins[0]; only one can be used: remove one of them",
    ],
  ],
  ["the same login in list and config, which is right", secrets(([it]) => (it.logins[0].host = "docker.io")), []],
  [
    "another login in the config",
    secrets(([it]) => Object.assign(it.logins[0], { host: "docker.io", username: "other" })),
    [
      'pergola:cluster.pullSecrets[0].dockerConfigSecrets[0]: the secret "hub" has a login for docker.io, which already has a login, at pergola:cluster.pullSecrets[0].logins[0]; only one can be used: remove one of them',
    ],
  ],
  [
    "two configs that contradict each other",
    secrets(([it], config) => {
      it.dockerConfigSecrets.push("other");
      config["pergola:secrets"].other = auths({ "docker.io": { username: "other", password: "x" } });
    }),
    [
      'pergola:cluster.pullSecrets[0].dockerConfigSecrets[1]: the secret "other" has a login for docker.io, which already has a login, at pergola:cluster.pullSecrets[0].dockerConfigSecrets[0]; only one can be used: remove one of them',
    ],
  ],
  [
    "a config twice",
    secrets(([it]) => it.dockerConfigSecrets.push("hub")),
    ['pergola:cluster.pullSecrets[0].dockerConfigSecrets[1]: "hub" is listed twice'],
  ],
  [
    "a config that is not among the secrets",
    secrets(([it]) => (it.dockerConfigSecrets = ["hup"])),
    [
      "pergola:cluster.pullSecrets[0].dockerConfigSecrets[0]: names no secret in pergola:secrets (there are: password, hub); did you mean hub?",
    ],
  ],
  [
    "a config where its name belongs, which is not repeated",
    secrets(([it]) => (it.dockerConfigSecrets = [auths({ "docker.io": { auth: "aHVudGVyMg==" } })])),
    [
      "pergola:cluster.pullSecrets[0].dockerConfigSecrets[0]: the value (not shown) is not a name of a secret: a letter, then letters, digits, _ and -",
    ],
  ],
  [
    "a secret that is no config, which is not repeated",
    secrets(([it]) => (it.dockerConfigSecrets = ["password"])),
    [
      'pergola:cluster.pullSecrets[0].dockerConfigSecrets[0]: the secret "password" is no docker config JSON: {"auths": {"HOST": {"auth": "..."}}}',
    ],
  ],
  [
    "a password that is not among the secrets",
    secrets(([it]) => (it.logins[0].passwordSecret = "pasword")),
    [
      "pergola:cluster.pullSecrets[0].logins[0].passwordSecret: names no secret in pergola:secrets (there are: password, hub); did you mean password?",
    ],
  ],
  [
    "a login for a path below a host in a config, which the kubelet goes by",
    secrets(
      (_, config) => (config["pergola:secrets"].hub = auths({ "r.example/shop": { username: "a", password: "b" } })),
    ),
    [],
  ],
  ["a builder namespace, which is right", secrets(([it]) => (it.namespaces = ["pergola-kaniko"])), []],
  [
    "the builders' own Secret",
    secrets(([it]) => Object.assign(it, { name: "pergola-pull", namespaces: ["shop", "pergola-kaniko"] })),
    [
      'pergola:cluster.pullSecrets[0].namespaces[1]: "pergola-kaniko" is a builder namespace, where "pergola-pull" is the Secret of the builders (pergola:cluster.pullSecret.name); give one of the two another name',
    ],
  ],
  [
    "the builders' own Secret where they may build later",
    secrets(([it]) => Object.assign(it, { name: "pergola-pull", namespaces: ["pergola-team-a"] })),
    [
      'pergola:cluster.pullSecrets[0].namespaces[0]: "pergola-team-a" matches "pergola-team-*" of pergola:access.namespacePatterns, where "pergola-pull" is the Secret of the builders (pergola:cluster.pullSecret.name); give one of the two another name',
    ],
  ],
  [
    "one Secret by two entries",
    secrets((list) => list.push({ namespaces: ["news", "blog"], logins: [{ ...login }] })),
    [
      'pergola:cluster.pullSecrets[1].namespaces[1]: "blog" already gets a Secret "pergola-images", by pergola:cluster.pullSecrets[0]; merge the two, or give one of them another name',
    ],
  ],
]);

cases("docker configs of builders", [
  ["nothing wrong", builders(() => {}), []],
  [
    "a config of no login",
    builders((_, config) => (config["pergola:secrets"].hub = "{}")),
    [
      'pergola:cluster.pullSecret.dockerConfigSecrets[0]: the secret "hub" has no login: neither auths nor credHelpers has an entry',
    ],
  ],
  [
    "a login for a path below a host",
    builders(
      (_, config) => (config["pergola:secrets"].hub = auths({ "r.example/shop": { username: "a", password: "b" } })),
    ),
    [
      'pergola:cluster.pullSecret.dockerConfigSecrets[0]: the secret "hub" has a login for "r.example/shop", which is not host or host:port: builders match hosts exactly and would not find it; name the host alone',
    ],
  ],
  [
    "a login for the registry of images",
    builders((_, config) => {
      config["pergola:registry"].basicAuth = { username: "a", passwordSecret: "password" };
      config["pergola:secrets"].hub = auths({ "172.30.0.11:30500": { username: "a", password: "b" } });
    }),
    [
      'pergola:cluster.pullSecret.dockerConfigSecrets[0]: the secret "hub" has a login for 172.30.0.11:30500, which already has a login, at pergola:registry.basicAuth; only one can be used: remove one of them',
    ],
  ],
]);

test("a right file says nothing of the Secrets of workloads in its setup, and names the builders' for docker configs alone", () => {
  const setupAfter = (change: Change) => {
    expect(problemsAfter(change)).toEqual([]);
    const { secrets: _, ...config }: StackConfig = configAfter(change);
    return makeBuildSetup(config, { stack: "local", clusterUid: "uid" });
  };
  expect(setupAfter(secrets()).pullSecrets).toEqual([]);
  const setup = setupAfter(builders((it) => delete it.logins));
  expect(setup.pullSecrets).toContainEqual({ namespace: "pergola-kaniko", name: "pergola-pull", hosts: [] });
  expect(JSON.stringify(setup)).not.toMatch(/hunter2|docker\.io":\{"auth/);
});
