// Bad stack files: fields and rules of repositories of Artifact Registry that only hold caches once, with the exact message.

import { expect, test } from "vitest";
import type { Case, Change } from "./config.ts";
import { CACHES, caches, gcr, keyAt, MANY_LABELS, registry } from "./garChanges.ts";
import { gcpCases, gcpProblems } from "./gcpConfig.ts";

/** One change after another. */
const both =
  (...changes: Change[]): Change =>
  (config) => {
    for (const change of changes) change(config);
  };

/** The repository of the images. */
const IMAGES = { project: "shop-registry", location: "europe-central2", repository: "shop" };

gcpCases("fields of a repository of caches", [
  [
    "a project by its number",
    caches({ project: "123456789012" }),
    ['pergola:cache[0].registry.project: "123456789012" is the number of a project; write its id'],
  ],
  [
    "a location that is none",
    caches({ location: "eu" }),
    ['pergola:cache[0].registry.location: "eu" is no location; the multi-region is europe'],
  ],
  [
    "a repository with its image",
    caches({ repository: "layers/api" }),
    ['pergola:cache[0].registry.repository: "layers/api" is a path; write the repository alone'],
  ],
  [
    "existing as text",
    caches({ existing: "yes" }),
    ['pergola:cache[0].registry.existing: is "yes"; allowed is true or false'],
  ],
  [
    "a key by its name alone",
    caches({ kmsKey: "images" }),
    [
      'pergola:cache[0].registry.kmsKey: "images" is not the name of a key: projects/P/locations/L/keyRings/R/cryptoKeys/K',
    ],
  ],
  [
    "a label with an upper-case key",
    caches({ labels: { Team: "shop" } }),
    [
      'pergola:cache[0].registry.labels.Team: the key "Team" is not the key of a label: a lower-case letter, then lower-case letters, digits, _ and -, at most 63 characters',
    ],
  ],
  [
    "whom to act as by its id",
    caches({ impersonate: "cache-maker" }),
    [
      'pergola:cache[0].registry.impersonate: "cache-maker" is not the address of a service account, such as builder@project.iam.gserviceaccount.com',
    ],
  ],
  [
    "a repository behind gcr.io",
    caches({ kind: "gcr" }),
    [
      'pergola:cache[0].registry.kind: "gcr" is not offered: each host of gcr.io is one repository of a project; write kind: artifactRegistry with a repository for caches; allowed: dockerRegistry, ecr, artifactRegistry',
    ],
  ],
  [
    "a repository of Container Registry",
    caches({ kind: "containerRegistry" }),
    [
      'pergola:cache[0].registry.kind: "containerRegistry" is not offered: it was shut down in 2025; write kind: artifactRegistry with a repository for caches; allowed: dockerRegistry, ecr, artifactRegistry',
    ],
  ],
  [
    "an unknown key",
    caches({ namespace: "api" }),
    [
      'pergola:cache[0].registry: unknown key "namespace"; allowed: kind, project, location, repository, existing, kmsKey, labels, impersonate',
    ],
  ],
]);

/** Images are at the host of the caches, with a login of their own. */
const imagesAt = (login: object): Change =>
  both(
    caches({}),
    (config) => (config["pergola:secrets"] = { key: "x" }),
    (config) => (config["pergola:access"].project = "shop-caches"),
    (config) => {
      const host = "europe-west3-docker.pkg.dev";
      config["pergola:registry"] = { kind: "dockerRegistry", host, namespace: "shop-images/shop", login };
    },
  );
const password = { username: "_json_key_base64", passwordSecret: "key" };
/** Builders have a key. */
const keyed: Change = (config) => {
  const { serviceAccount, project } = config["pergola:access"];
  config["pergola:access"] = { kind: "serviceAccountKey", serviceAccount, project, rotation: 1 };
};
const ONE_LOGIN =
  "only one can be used. Let both be of one kind, so that they have one login, or keep this one at another host";

gcpCases("caches at a host that has a login", [
  [
    "with a password, beside Workload Identity",
    imagesAt(password),
    [
      `pergola:cache[0].registry: is at europe-west3-docker.pkg.dev, where builders log in with a credential helper, but that host already has a login, at pergola:registry.login; ${ONE_LOGIN}`,
    ],
  ],
  [
    "with a password, beside a key",
    both(imagesAt(password), keyed),
    [
      `pergola:cache[0].registry: is at europe-west3-docker.pkg.dev, where builders log in with the key of the builders' service account, but that host already has a login, at pergola:registry.login; ${ONE_LOGIN}`,
    ],
  ],
  [
    "by the helper, beside a key",
    both(imagesAt({ helper: "gcr" }), keyed),
    [
      `pergola:cache[0].registry: is at europe-west3-docker.pkg.dev, where builders log in with the key of the builders' service account, but that host already has the credential helper gcr, of pergola:registry.login; ${ONE_LOGIN}`,
    ],
  ],
  ["by the helper, beside Workload Identity, which is the same login", imagesAt({ helper: "gcr" }), []],
]);

gcpCases("rules about repositories of caches", [
  [
    "a key of another region",
    caches({ kmsKey: keyAt("us") }),
    [
      "pergola:cache[0].registry.kmsKey: is a key of us, but the repositories are in europe-west3, whose keys they take",
    ],
  ],
  [
    "more labels than a repository takes",
    caches({ labels: MANY_LABELS }),
    ["pergola:cache[0].registry.labels: are 65, a repository takes at most 64"],
  ],
  [
    "existing, with settings of what is made",
    caches({
      existing: true,
      kmsKey: keyAt("europe-west3"),
      labels: { team: "shop" },
      impersonate: "maker@shop-caches.iam.gserviceaccount.com",
    }),
    [
      "pergola:cache[0].registry.kmsKey: changes nothing: the repository is existing and stays as it is; remove it",
      "pergola:cache[0].registry.labels: changes nothing: the repository is existing and stays as it is; remove it",
      "pergola:cache[0].registry.impersonate: changes nothing: the repository is existing and stays as it is; remove it",
    ],
  ],
  [
    "the repository of the images",
    caches(IMAGES),
    [
      'pergola:cache[0].registry.repository: "shop" is the repository of the images itself; remove it, or name another one',
    ],
  ],
  [
    "the repository that immutableTags has",
    both(
      registry((it) => (it.immutableTags = true)),
      caches({ ...IMAGES, repository: "shop-cache" }),
    ),
    [
      'pergola:cache[0].registry.repository: "shop-cache" is the repository that immutableTags has for caches, where they are without this, too; remove it, or name another one',
    ],
  ],
  [
    "the one that immutableTags has behind gcr.io",
    both(
      gcr({ immutableTags: true }),
      caches({ project: "shop-registry", location: "us", repository: "gcr-io-cache" }),
    ),
    [
      'pergola:cache[0].registry.repository: "gcr-io-cache" is the repository that immutableTags has for caches, where they are without this, too; remove it, or name another one',
    ],
  ],
  [
    "a remote repository",
    both(
      registry((it) => (it.remotes = [{ repository: "hub", of: "dockerHub" }])),
      caches({ ...IMAGES, repository: "hub" }),
    ),
    ['pergola:cache[0].registry.repository: "hub" is a remote repository, to which nobody can push; name another one'],
  ],
  [
    "one repository in two ways",
    caches({}, { existing: true }),
    [
      "pergola:cache[1].registry: is the registry of pergola:cache[0], but its entry says something else; write the same in both",
    ],
  ],
  ["one repository for two tags", caches({}, {}), []],
  [
    "by its host, to which builders have no right",
    (config) => {
      config["pergola:cluster"].pullSecret = { logins: [{ host: "europe-west3-docker.pkg.dev", helper: "gcr" }] };
      config["pergola:cache"] = [
        {
          tag: "a",
          registry: { kind: "dockerRegistry", host: "europe-west3-docker.pkg.dev", namespace: "shop-caches/layers" },
        },
      ];
    },
    [
      'pergola:cache[0].registry.host: "europe-west3-docker.pkg.dev" is Artifact Registry, to which the builders\' service account gets no right in this way; write kind: artifactRegistry, location: europe-west3, project and repository instead of the host',
    ],
  ],
  [
    "by a host of gcr.io, to which builders have no right",
    (config) => {
      config["pergola:cluster"].pullSecret = { logins: [{ host: "eu.gcr.io", helper: "gcr" }] };
      config["pergola:cache"] = [
        { tag: "a", registry: { kind: "dockerRegistry", host: "eu.gcr.io", namespace: "shop-caches/layers" } },
      ];
    },
    [
      'pergola:cache[0].registry.host: "eu.gcr.io" is Artifact Registry, to which the builders\' service account gets no right in this way; write a repository for caches: kind: artifactRegistry, location: europe, with its project and repository',
    ],
  ],
  [
    "by its host, with somebody else's key",
    (config) => {
      config["pergola:secrets"] = { key: "x" };
      config["pergola:cluster"].pullSecret = {
        logins: [{ host: "europe-west3-docker.pkg.dev", username: "_json_key_base64", passwordSecret: "key" }],
      };
      config["pergola:cache"] = [
        {
          tag: "a",
          registry: { kind: "dockerRegistry", host: "europe-west3-docker.pkg.dev", namespace: "shop-caches/layers" },
        },
      ];
    },
    [],
  ],
  ...[
    { auths: { "europe-west3-docker.pkg.dev": { username: "_json_key", password: "x" } } },
    { credHelpers: { "europe-west3-docker.pkg.dev": "gcr" } },
  ].map((given): Case => {
    const change: Change = (config) => {
      config["pergola:secrets"] = { given: JSON.stringify(given) };
      config["pergola:cluster"].pullSecret = { dockerConfigSecrets: ["given"] };
      const host = "europe-west3-docker.pkg.dev";
      config["pergola:cache"] = [
        { tag: "a", registry: { kind: "dockerRegistry", host, namespace: "shop-caches/layers" } },
      ];
    };
    if ("auths" in given) return ["by its host, with somebody else's key in a docker config", change, []];
    return [
      "by its host, with the helper in a docker config",
      change,
      [
        'pergola:cache[0].registry.host: "europe-west3-docker.pkg.dev" is Artifact Registry, to which the builders\' service account gets no right in this way; write kind: artifactRegistry, location: europe-west3, project and repository instead of the host',
      ],
    ];
  }),
  [
    "of the same id elsewhere",
    caches({ ...IMAGES, location: "europe-west3" }, { ...IMAGES, project: CACHES.project }),
    [],
  ],
]);

/** What is said of a cache, whatever else is wrong. */
const ofCaches = (change: Change) =>
  gcpProblems(both(caches({}), change)).filter((problem) => problem.startsWith("pergola:cache"));

test("it may be there for images elsewhere, as a push makes what is in it", () => {
  const elsewhere: Change = (config) => {
    config["pergola:registry"] = { kind: "dockerRegistry", host: "ghcr.io", namespace: "shop" };
  };
  expect(ofCaches(elsewhere)).toEqual([]);
});

test.each([{ kind: "none" }, { kind: "existing", role: "arn:aws:iam::123456789012:role/push" }])(
  "it is refused for builders that are nobody in Google Cloud, as with access of kind $kind",
  (access) => {
    expect(
      ofCaches((config) => {
        config["pergola:access"] = access;
      }),
    ).toEqual([
      `pergola:cache[0].registry.kind: is "artifactRegistry", where builders write as a service account of Google Cloud, but pergola:access is of kind ${access.kind}; write kind: workloadIdentity or serviceAccountKey there`,
    ]);
  },
);
