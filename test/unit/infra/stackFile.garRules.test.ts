// Bad stack files: every rule about repositories in Artifact Registry once, with the exact message.
import { gcr, keyAt, MANY_LABELS, registry } from "./garChanges.ts";
import { gcpCases } from "./gcpConfig.ts";

const NODES = "nodes@shop-clusters.iam.gserviceaccount.com";

gcpCases("rules about the repositories", [
  [
    "existing and imported",
    registry((it) => Object.assign(it, { existing: true, import: true })),
    ["pergola:registry: has both existing, which leaves it as it is, and import, which takes it over; keep one"],
  ],
  [
    "a repository of caches where tags move",
    registry((it) => Object.assign(it, { cacheRepository: "shop-cache" })),
    [
      "pergola:registry.cacheRepository: has no effect: without immutableTags caches are in the repository of the images, as tags move there; remove it, or add immutableTags: true",
    ],
  ],
  [
    "a repository of caches that exists, where tags move",
    registry((it) => Object.assign(it, { cacheRepository: { existing: "shop-cache" } })),
    [
      "pergola:registry.cacheRepository: has no effect: without immutableTags caches are in the repository of the images, as tags move there; remove it, or add immutableTags: true",
    ],
  ],
  [
    "one repository for images and caches",
    registry((it) => Object.assign(it, { immutableTags: true, cacheRepository: "shop" })),
    ['pergola:registry.cacheRepository: is "shop", the repository of the images, where no tag moves; name another one'],
  ],
  [
    "one existing repository for images and caches",
    registry((it) => Object.assign(it, { immutableTags: true, existing: true, cacheRepository: { existing: "shop" } })),
    ['pergola:registry.cacheRepository: is "shop", the repository of the images, where no tag moves; name another one'],
  ],
  [
    "a repository of caches whose id would be too long",
    registry((it) => Object.assign(it, { immutableTags: true, repository: "a".repeat(60) })),
    [
      `pergola:registry.cacheRepository: is "${"a".repeat(60)}-cache" where nothing else is said, which has 66 characters, at most 63 are allowed; name one`,
    ],
  ],
  [
    "a remote repository that is that of the images",
    registry((it) => Object.assign(it, { remotes: [{ repository: "shop", of: "dockerHub" }] })),
    [
      'pergola:registry.remotes[0].repository: "shop" is the repository of the images; a remote repository is one of its own',
    ],
  ],
  [
    "a remote repository that is that of the caches",
    registry((it) =>
      Object.assign(it, { immutableTags: true, remotes: [{ repository: "shop-cache", existing: true }] }),
    ),
    [
      'pergola:registry.remotes[0].repository: "shop-cache" is the repository of the caches; a remote repository is one of its own',
    ],
  ],
  [
    "a remote repository twice",
    registry((it) =>
      Object.assign(it, {
        remotes: [
          { repository: "hub", of: "dockerHub" },
          { repository: "hub", of: "https://ghcr.io" },
        ],
      }),
    ),
    ['pergola:registry.remotes[1].repository: "hub" is listed twice; a remote repository is one of its own'],
  ],
  [
    "a key of another region",
    registry((it) => Object.assign(it, { kmsKey: keyAt("europe-west3") })),
    [
      "pergola:registry.kmsKey: is a key of europe-west3, but the repositories are in europe-central2, whose keys they take",
    ],
  ],
  [
    "a key of a region for a multi-region behind gcr.io",
    gcr({ host: "eu.gcr.io", kmsKey: keyAt("europe-west3") }),
    ["pergola:registry.kmsKey: is a key of europe-west3, but the repositories are in europe, whose keys they take"],
  ],
  ["the key of the multi-region behind gcr.io", gcr({ host: "eu.gcr.io", kmsKey: keyAt("europe") }), []],
  [
    "more labels than a repository takes",
    registry((it) => Object.assign(it, { labels: MANY_LABELS })),
    ["pergola:registry.labels: are 65, a repository takes at most 64"],
  ],
  [
    "existing, with settings of what is made",
    registry((it) =>
      Object.assign(it, {
        existing: true,
        scanning: "disabled",
        cleanup: { policies: { old: { action: "delete", condition: { olderThan: "30d" } } } },
        protect: false,
        kmsKey: keyAt("europe-central2"),
        labels: { team: "shop" },
      }),
    ),
    [
      "pergola:registry.scanning: changes nothing: shop is existing and stays as it is; remove it, or write import: true instead of existing",
      "pergola:registry.cleanup: changes nothing: shop is existing and stays as it is; remove it, or write import: true instead of existing",
      "pergola:registry.protect: changes nothing: shop is existing and stays as it is; remove it, or write import: true instead of existing",
      "pergola:registry.kmsKey: changes nothing: shop is existing and stays as it is; remove it, or write import: true instead of existing",
      "pergola:registry.labels: changes nothing: shop is existing and stays as it is; remove it, or write import: true instead of existing",
    ],
  ],
  [
    "existing, with what its repository of caches has",
    registry((it) =>
      Object.assign(it, {
        existing: true,
        immutableTags: true,
        kmsKey: keyAt("europe-central2"),
        labels: { team: "shop" },
      }),
    ),
    [],
  ],
  [
    "existing beside existing caches, with a key for neither",
    registry((it) =>
      Object.assign(it, {
        existing: true,
        immutableTags: true,
        cacheRepository: { existing: "layers" },
        kmsKey: keyAt("europe-central2"),
      }),
    ),
    [
      "pergola:registry.kmsKey: changes nothing: shop is existing and stays as it is; remove it, or write import: true instead of existing",
    ],
  ],
  [
    "existing, with what its remote repository has",
    registry((it) =>
      Object.assign(it, {
        existing: true,
        remotes: [{ repository: "hub", of: "dockerHub" }],
        labels: { team: "shop" },
      }),
    ),
    [],
  ],
  [
    "nodes of others that may pull, also Google's own account for them",
    registry((it) => (it.pull = { serviceAccounts: [NODES, "123-compute@developer.gserviceaccount.com"] })),
    [],
  ],
  [
    "nodes of others twice",
    registry((it) => (it.pull = { serviceAccounts: [NODES, NODES] })),
    [`pergola:registry.pull.serviceAccounts[1]: "${NODES}" is listed twice`],
  ],
  [
    "accounts that the stack knows among those of others' nodes",
    (it) => {
      it["pergola:access"].ci = { serviceAccount: "jobs@shop-ci.iam.gserviceaccount.com" };
      const serviceAccounts = [
        "gar-access@shop-registry.iam.gserviceaccount.com",
        "gcp-dev-nodes@shop-clusters.iam.gserviceaccount.com",
        "jobs@shop-ci.iam.gserviceaccount.com",
      ];
      it["pergola:registry"].pull = { serviceAccounts };
    },
    [
      'pergola:registry.pull.serviceAccounts[0]: "gar-access@shop-registry.iam.gserviceaccount.com" is that of builders, which push and pull already; remove it',
      'pergola:registry.pull.serviceAccounts[1]: "gcp-dev-nodes@shop-clusters.iam.gserviceaccount.com" is that of the nodes of pergola:cluster.builderNodes[0], which may pull already; remove it',
      'pergola:registry.pull.serviceAccounts[2]: "jobs@shop-ci.iam.gserviceaccount.com" is that of CI jobs, which need no right to the registry and never are nodes; remove it',
    ],
  ],
]);
