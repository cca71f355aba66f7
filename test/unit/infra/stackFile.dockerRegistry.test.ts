// Bad stack files: every field and rule of a registry of kind `dockerRegistry` once, with the exact message.
import { describe, expect, test } from "vitest";
import { makeBuildSetup } from "../../../infra/buildSetup.ts";
import type { StackConfig } from "../../../infra/config.ts";
import { type Case, type Change, cases, configAfter, problemsAfter } from "./config.ts";

const login = { username: "shop-bot", passwordSecret: "registryPassword" };

/** A right file whose registry is GitHub's, with changes. */
const docker =
  // biome-ignore lint/suspicious/noExplicitAny: wrong values are written into it
    (change: (registry: any, config: any) => void = () => {}): Change =>
    (config) => {
      config["pergola:registry"] = { kind: "dockerRegistry", host: "ghcr.io", namespace: "shop", login: { ...login } };
      config["pergola:secrets"] = { registryPassword: "hush" };
      change(config["pergola:registry"], config);
    };

/** The registry in place of GitHub's. */
const at = (registry: object, change: Change = () => {}): Change =>
  docker((it, config) => {
    for (const key of ["host", "namespace", "login"]) delete it[key];
    Object.assign(it, registry);
    change(config);
  });

const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const GAR = "europe-central2-docker.pkg.dev";

cases("dockerRegistry: fields", [
  ["nothing wrong", docker(), []],
  [
    "no host",
    docker((it) => delete it.host),
    [
      "pergola:registry.host: is missing (registry host or host:port, without scheme and path; Docker Hub is docker.io)",
    ],
  ],
  [
    "a host with a scheme",
    docker((it) => (it.host = "https://ghcr.io")),
    ['pergola:registry.host: "https://ghcr.io" has a scheme; write host or host:port'],
  ],
  [
    "a misspelt key",
    docker((it) => (it.prodct = "harbor")),
    [
      'pergola:registry: unknown key "prodct"; allowed: kind, host, product, namespace, login, insecure, caBundle, mirrors, insecureMirrors; did you mean product?',
    ],
  ],
  [
    "a misspelt product",
    docker((it) => (it.product = "harbour")),
    [
      'pergola:registry.product: is "harbour"; allowed: dockerHub, ghcr, gitlab, quay, harbor, acr; did you mean harbor?',
    ],
  ],
  [
    "a namespace that is none",
    docker((it) => (it.namespace = "Shop")),
    [
      'pergola:registry.namespace: "Shop" is not a repository path: lower-case letters, digits and single separators, without leading or trailing slash',
    ],
  ],
  ...(
    [
      ["ghcr", "ghcr.io"],
      ["docker", "HOST"],
      ["harbor", "HOST and product: harbor"],
    ] as const
  ).map(
    ([kind, host]): Case => [
      `${kind}, where the kind belongs`,
      docker((it) => (it.kind = kind)),
      [
        `pergola:registry.kind: "${kind}" is no kind of its own: write kind: dockerRegistry with host: ${host}; allowed: inCluster, ecr, artifactRegistry, gcr, dockerRegistry`,
      ],
    ],
  ),
  [
    "GitHub as the product",
    docker((it) => (it.product = "github")),
    ['pergola:registry.product: "github" is called ghcr here; allowed: dockerHub, ghcr, gitlab, quay, harbor, acr'],
  ],
  [
    "the website of GitLab",
    docker((it) => (it.host = "gitlab.com")),
    ['pergola:registry.host: "gitlab.com" is GitLab\'s website, not its registry; write registry.gitlab.com'],
  ],
  [
    "a login of no form",
    docker((it) => (it.login = "shop-bot:hush")),
    ["pergola:registry.login: is the value (not shown); allowed is an object"],
  ],
  [
    "a login as a list, whose password is not repeated",
    docker((it) => (it.login = [{ username: "shop-bot", password: "hush" }])),
    ['pergola:registry.login: is [{"username":"shop-bot","password":"(not shown)"}]; allowed is an object'],
  ],
  [
    "a host with a login, which is not repeated",
    docker((it) => (it.host = "https://shop-bot:hush@ghcr.io")),
    ["pergola:registry.host: the value (not shown) has a scheme; write host or host:port"],
  ],
  [
    "a user name with a colon",
    docker((it) => (it.login.username = "a:b")),
    [
      "pergola:registry.login.username: the value (not shown) is not a user name: at least one character, no colon, no white space",
    ],
  ],
  [
    "a password that is not among the secrets",
    docker((it) => (it.login.passwordSecret = "registryPasswort")),
    [
      "pergola:registry.login.passwordSecret: names no secret in pergola:secrets (there are: registryPassword); did you mean registryPassword?",
    ],
  ],
  [
    "a password in clear text",
    docker((it) => (it.login = { username: "a", password: "hunter2" })),
    [
      "pergola:registry.login.passwordSecret: is missing (name of an entry of pergola:secrets)",
      'pergola:registry.login: unknown key "password"; allowed: username, passwordSecret',
    ],
  ],
  [
    "a helper that is no name",
    docker((it) => (it.login = { helper: "ecr login" })),
    ['pergola:registry.login.helper: "ecr login" is not the name of a credential helper'],
  ],
  [
    "insecure that is text",
    docker((it) => (it.insecure = "x")),
    ['pergola:registry.insecure: is "x"; allowed is true or false'],
  ],
  [
    "a certificate that is a file's name",
    docker((it) => (it.caBundle = "/ca.pem")),
    [
      "pergola:registry.caBundle: the value (not shown) holds no certificate in PEM form (-----BEGIN CERTIFICATE-----); put the text itself there, not a file's name",
    ],
  ],
  [
    "a mirror for Docker Hub by another of its names",
    docker((it) => (it.mirrors = { "index.docker.io": ["m.example"] })),
    [
      'pergola:registry.mirrors["index.docker.io"]: the key "index.docker.io" is Docker Hub by a name that no image is looked up by; write docker.io',
    ],
  ],
  [
    "a mirror at Docker Hub's website",
    docker((it) => (it.mirrors = { "docker.io": ["hub.docker.com"] })),
    [
      'pergola:registry.mirrors["docker.io"][0]: "hub.docker.com" is Docker Hub\'s website, not its registry; write docker.io',
    ],
  ],
]);

cases("dockerRegistry: products", [
  [
    "a product that the host is not",
    docker((it) => (it.product = "harbor")),
    ['pergola:registry.product: is "harbor", but ghcr.io is GitHub\'s registry; remove it'],
  ],
  [
    "Docker Hub elsewhere",
    docker((it) => Object.assign(it, { host: "hub.example", product: "dockerHub" })),
    [
      'pergola:registry.product: is "dockerHub", but hub.example is not Docker Hub; write host: docker.io, or remove it',
    ],
  ],
  [
    "plain HTTP where there is none",
    docker((it) => (it.insecure = true)),
    ["pergola:registry.insecure: is true, but ghcr.io is reached by HTTPS only; remove it"],
  ],
  [
    "Docker Hub without an account",
    at({ host: "docker.io", login }),
    ['pergola:registry.namespace: is "", but images of Docker Hub are docker.io/ACCOUNT/IMAGE; write ACCOUNT'],
  ],
  [
    "Docker Hub with a path",
    at({ host: "hub.docker.com", namespace: "shop/dev", login }),
    ['pergola:registry.namespace: is "shop/dev", but images of Docker Hub are docker.io/ACCOUNT/IMAGE; write ACCOUNT'],
  ],
  [
    "GitHub without an owner",
    docker((it) => delete it.namespace),
    ['pergola:registry.namespace: is "", but images of GitHub\'s registry are ghcr.io/OWNER/IMAGE; write OWNER'],
  ],
  [
    "a namespace with the host before it",
    docker((it) => (it.namespace = "ghcr.io/shop")),
    ['pergola:registry.namespace: is "ghcr.io/shop", which begins with the host again; write what comes after it'],
  ],
  [
    "GitLab without a project",
    at({ host: "registry.gitlab.com", namespace: "shop", login }),
    [
      'pergola:registry.namespace: is "shop", but images of GitLab\'s registry are registry.gitlab.com/GROUP/PROJECT/IMAGE; write GROUP/PROJECT',
    ],
  ],
  [
    "a GitLab of one's own without a project",
    at({ host: "registry.git.example:5050", product: "gitlab", namespace: "shop", login }),
    [
      'pergola:registry.namespace: is "shop", but images of GitLab\'s registry are registry.git.example:5050/GROUP/PROJECT/IMAGE; write GROUP/PROJECT',
    ],
  ],
  [
    "Quay without an organization",
    at({ host: "quay.io", login }),
    ['pergola:registry.namespace: is "", but images of Quay are quay.io/ORGANIZATION/IMAGE; write ORGANIZATION'],
  ],
  [
    "Harbor without a project",
    at({ host: "harbor.example", product: "harbor", login }),
    ['pergola:registry.namespace: is "", but images of Harbor are harbor.example/PROJECT/IMAGE; write PROJECT'],
  ],
  ["Azure without a namespace, which is right", at({ host: "shop.azurecr.io", login }), []],
  [
    "a registry of caches at Docker Hub without an account, and of a product that it is not",
    docker((_, config) => {
      config["pergola:cache"] = [
        { tag: "a", registry: { kind: "dockerRegistry", host: "index.docker.io", product: "quay" } },
      ];
      config["pergola:cluster"].pullSecret = { logins: [{ host: "docker.io", ...login }] };
    }),
    [
      'pergola:cache[0].registry.product: is "quay", but docker.io is Docker Hub; remove it',
      'pergola:cache[0].registry.namespace: is "", but images of Docker Hub are docker.io/ACCOUNT/IMAGE; write ACCOUNT',
    ],
  ],
]);

const MISSING = (title: string) =>
  `pergola:registry.login: is missing, and ${title} takes no push without one; add login: { username, passwordSecret }`;

cases("dockerRegistry: logins", [
  ["none at Docker Hub", at({ host: "docker.io", namespace: "shop" }), [MISSING("Docker Hub")]],
  ["none at GitHub", at({ host: "ghcr.io", namespace: "shop" }), [MISSING("GitHub's registry")]],
  ["none at GitLab", at({ host: "registry.gitlab.com", namespace: "shop/api" }), [MISSING("GitLab's registry")]],
  ["none at Quay", at({ host: "quay.io", namespace: "shop" }), [MISSING("Quay")]],
  ["none at Azure", at({ host: "shop.azurecr.io" }), [MISSING("Azure Container Registry")]],
  ["none at Harbor", at({ host: "h.example", product: "harbor", namespace: "shop" }), [MISSING("Harbor")]],
  ["none at a registry that nothing is known of, which is right", at({ host: "r.example" }), []],
  [
    "one among those of builders, which is right",
    at({ host: "hub.docker.com", namespace: "shop" }, (config) => {
      config["pergola:cluster"].pullSecret = { logins: [{ host: "index.docker.io", ...login }] };
    }),
    [],
  ],
  [
    "one in a docker config, which is right",
    at({ host: "docker.io", namespace: "shop" }, (config) => {
      config["pergola:cluster"].pullSecret = { dockerConfigSecrets: ["hub"] };
      const auths = { "https://index.docker.io/v1/": { username: "a", password: "b" } };
      config["pergola:secrets"].hub = JSON.stringify({ auths });
    }),
    [],
  ],
  [
    "a second one among those of builders",
    docker((_, config) => (config["pergola:cluster"].pullSecret = { logins: [{ host: "ghcr.io", ...login }] })),
    [
      "pergola:cluster.pullSecret.logins[0]: is a login for ghcr.io, which already has a login, at pergola:registry.login; only one can be used: remove one of them",
    ],
  ],
  [
    "the helper of another registry",
    at({ host: "r.example", login: { helper: "ecr-login" } }),
    ['pergola:registry.login.helper: "ecr-login" only knows Amazon ECR registries, and r.example is none'],
  ],
  [
    "Azure's helper elsewhere",
    at({ host: "r.example", login: { helper: "acr-env" } }),
    ['pergola:registry.login.helper: "acr-env" only knows Azure Container Registry, and r.example is not of it'],
  ],
  [
    "a helper by the name of its program",
    at({ host: "r.example", login: { helper: "docker-credential-gcr" } }),
    ['pergola:registry.login.helper: "docker-credential-gcr" is written without the prefix docker-credential-: gcr'],
  ],
  [
    "a store of somebody's desktop",
    at({ host: "r.example", login: { helper: "osxkeychain" } }),
    [
      'pergola:registry.login.helper: "osxkeychain" is the credential store of somebody\'s desktop, which builders do not have',
    ],
  ],
  [
    "a password of Amazon ECR, which would end",
    at({ host: ECR, login }),
    [
      "pergola:registry.login: is a password, but those of Amazon ECR end after 12 hours (GetAuthorizationToken): write kind: ecr, by which builders have a role, or login: { helper: ecr-login } where they have one already",
    ],
  ],
  [
    "none at Amazon ECR",
    at({ host: ECR }),
    [
      "pergola:registry.login: is missing, and Amazon ECR takes no push without one: write kind: ecr, by which builders have an identity, or login: { helper: ecr-login } where they have one already",
    ],
  ],
  ["the helper of Amazon ECR, which is right", at({ host: ECR, login: { helper: "ecr-login" } }), []],
  [
    "a token of Google's, which would end",
    at({ host: GAR, namespace: "p/r", login: { ...login, username: "oauth2accesstoken" } }),
    [
      'pergola:registry.login.username: is "oauth2accesstoken", whose password ends after an hour: write kind: artifactRegistry with an access of kind workloadIdentity, or the key of a service account as _json_key_base64',
    ],
  ],
  [
    "a key of Google's, which is right",
    at({ host: "eu.gcr.io", namespace: "p", login: { ...login, username: "_json_key_base64" } }),
    [],
  ],
  [
    "none at Google",
    at({ host: "eu.gcr.io", namespace: "p" }),
    [
      "pergola:registry.login: is missing, and Google's registries take no push without one: write kind: gcr, by which builders have an identity, or login: { helper: gcr } where they have one already",
    ],
  ],
  [
    "none at a separate registry of caches",
    docker((_, config) => {
      config["pergola:cache"] = [
        { tag: "a", registry: { kind: "dockerRegistry", host: "quay.io", namespace: "shop" } },
      ];
    }),
    [
      'pergola:cache[0].registry.host: "quay.io" has no login: builders could not write there, and would cache nothing; add one for this host to pergola:cluster.pullSecret.logins',
    ],
  ],
  [
    "one at a separate registry of caches in a docker config, which is right",
    docker((_, config) => {
      config["pergola:cache"] = [
        { tag: "a", registry: { kind: "dockerRegistry", host: "quay.io", namespace: "shop" } },
      ];
      config["pergola:cluster"].pullSecret = { dockerConfigSecrets: ["quay"] };
      config["pergola:secrets"].quay = JSON.stringify({ auths: { "quay.io": { username: "a", password: "b" } } });
    }),
    [],
  ],
]);

describe("a right file", () => {
  const setupAfter = (change: Change) => {
    const { secrets: _, ...config }: StackConfig = configAfter(change);
    return makeBuildSetup(config, { stack: "local", clusterUid: "uid" });
  };

  test.each([
    "docker.io",
    "index.docker.io",
    "hub.docker.com",
    "registry.hub.docker.com",
    "registry-1.docker.io",
    "https://index.docker.io/v1/",
  ])("says %s, and images and logins are Docker Hub's", (host) => {
    const setup = setupAfter(at({ host, namespace: "shop", login }));
    expect(setup.registry).toMatchObject({ kind: "dockerHub", host: "docker.io", namespace: "shop" });
    expect(setup.pullSecrets[0]).toMatchObject({ name: "pergola-pull", hosts: ["docker.io"] });
  });

  test.each([
    [{ host: "ghcr.io", namespace: "shop" }, "ghcr"],
    [{ host: "registry.gitlab.com", namespace: "shop/api" }, "gitlab"],
    [{ host: "registry.git.example:5050", product: "gitlab", namespace: "shop/api" }, "gitlab"],
    [{ host: "quay.io", namespace: "shop" }, "quay"],
    [{ host: "quay.example", product: "quay", namespace: "shop" }, "quay"],
    [{ host: "harbor.example", product: "harbor", namespace: "shop" }, "harbor"],
    [{ host: "shop.azurecr.io" }, "acr"],
    [{ host: "r.example:5000" }, "dockerRegistry"],
    [{ host: ECR, login: { helper: "ecr-login" } }, "ecr"],
    [{ host: GAR, namespace: "p/r" }, "artifactRegistry"],
    [{ host: "eu.gcr.io", namespace: "p" }, "gcr"],
  ])("%j is told to the runner as %s, which makes repositories by its pushes", (registry, kind) => {
    const setup = setupAfter(at({ login, ...registry }));
    expect(setup.registry).toMatchObject({ kind, createsRepositoriesOnPush: true });
  });

  test("may have its caches at another product", () => {
    const change = docker((_, config) => {
      const place = { kind: "dockerRegistry", host: "hub.docker.com", namespace: "shop" };
      config["pergola:cache"] = [{ tag: "a", registry: place }];
      config["pergola:cluster"].pullSecret = { logins: [{ host: "docker.io", ...login }] };
    });
    expect(problemsAfter(change)).toEqual([]);
    const registry = { kind: "dockerHub", host: "docker.io", namespace: "shop", insecure: false };
    expect(setupAfter(change).cache).toMatchObject([{ tag: "a", registry }]);
  });
});
