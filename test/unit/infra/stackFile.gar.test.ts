// Bad stack files: every field of a registry in Artifact Registry once, with the exact message.
import { expect, test } from "vitest";
import { gcr, registry } from "./garChanges.ts";
import { gcpCases, gcpConfig } from "./gcpConfig.ts";

gcpCases("fields of a registry in Artifact Registry", [
  [
    "a project by its number",
    registry((it) => (it.project = "123456789012")),
    ['pergola:registry.project: "123456789012" is the number of a project; write its id'],
  ],
  [
    "a project that is no text",
    registry((it) => (it.project = 123456)),
    ["pergola:registry.project: is 123456; allowed is the id of a project, which is not its number"],
  ],
  [
    "a project with upper-case letters",
    registry((it) => (it.project = "Shop-Registry")),
    [
      'pergola:registry.project: "Shop-Registry" is not the id of a project: a lower-case letter, then lower-case letters, digits and hyphens, no hyphen at the end',
    ],
  ],
  [
    "a project that is too short",
    registry((it) => (it.project = "shop")),
    ['pergola:registry.project: "shop" is not the id of a project: 4 characters, where 6 to 30 are allowed'],
  ],
  [
    "a project of what is no domain",
    registry((it) => (it.project = "Example:shop-registry")),
    ['pergola:registry.project: "Example:shop-registry" is not DOMAIN:PROJECT'],
  ],
  [
    "a location that is Container Registry's",
    registry((it) => (it.location = "eu")),
    ['pergola:registry.location: "eu" is no location; the multi-region is europe'],
  ],
  [
    "a location of Container Registry in capitals",
    registry((it) => (it.location = "EU")),
    ['pergola:registry.location: "EU" is no location; the multi-region is europe'],
  ],
  [
    "a zone",
    registry((it) => (it.location = "europe-central2-a")),
    ['pergola:registry.location: "europe-central2-a" is a zone; its region is europe-central2'],
  ],
  [
    "a location that is none",
    registry((it) => (it.location = "Europe")),
    ['pergola:registry.location: "Europe" is not the name of a region, such as europe-west3'],
  ],
  [
    "no location",
    registry((it) => delete it.location),
    ["pergola:registry.location: is missing (location of Artifact Registry: a region, or us, europe, asia)"],
  ],
  [
    "a repository with upper-case letters and an underscore",
    registry((it) => (it.repository = "Shop_api")),
    [
      'pergola:registry.repository: "Shop_api" has "S"; ids of repositories are made of lower-case letters, digits and hyphens',
    ],
  ],
  [
    "a repository with an underscore",
    registry((it) => (it.repository = "shop_api")),
    [
      'pergola:registry.repository: "shop_api" has "_"; ids of repositories are made of lower-case letters, digits and hyphens',
    ],
  ],
  [
    "a repository that begins with a digit",
    registry((it) => (it.repository = "2shops")),
    ['pergola:registry.repository: "2shops" begins with "2"; ids of repositories begin with a letter'],
  ],
  [
    "a repository that ends with a hyphen",
    registry((it) => (it.repository = "shop-")),
    ['pergola:registry.repository: "shop-" ends with a hyphen; ids of repositories end with a letter or digit'],
  ],
  [
    "a repository that is too long",
    registry((it) => (it.repository = "a".repeat(64))),
    [`pergola:registry.repository: "${"a".repeat(64)}" has 64 characters, at most 63 are allowed`],
  ],
  [
    "a repository without a name",
    registry((it) => (it.repository = "")),
    ['pergola:registry.repository: "" is empty; write the id of a repository'],
  ],
  [
    "a repository with its project",
    registry((it) => (it.repository = "shop-registry/shop")),
    ['pergola:registry.repository: "shop-registry/shop" is a path; write the repository alone'],
  ],
  [
    "a repository with its host",
    registry((it) => (it.repository = "europe-central2-docker.pkg.dev")),
    ['pergola:registry.repository: "europe-central2-docker.pkg.dev" is a path; write the repository alone'],
  ],
  [
    "a repository that is behind gcr.io",
    registry((it) => (it.repository = "eu.gcr.io")),
    [
      'pergola:registry.repository: "eu.gcr.io" is a host of Google\'s; for the repository behind it write kind: gcr, host: eu.gcr.io',
    ],
  ],
  [
    "an unknown key",
    registry((it) => (it.repositories = ["shop"])),
    [
      'pergola:registry: unknown key "repositories"; allowed: kind, project, location, repository, existing, import, immutableTags, cacheRepository, kmsKey, labels, scanning, cleanup, pull, enableApis, protect, impersonate, remotes; did you mean repository?',
    ],
  ],
  [
    "who may pull, as a list",
    registry((it) => (it.pull = ["nodes@shop-clusters.iam.gserviceaccount.com"])),
    ['pergola:registry.pull: is ["nodes@shop-clusters.iam.gserviceaccount.com"]; allowed is an object'],
  ],
  [
    "who may pull, as a member",
    registry((it) => (it.pull = { serviceAccounts: ["serviceAccount:nodes@shop-clusters.iam.gserviceaccount.com"] })),
    [
      'pergola:registry.pull.serviceAccounts[0]: "serviceAccount:nodes@shop-clusters.iam.gserviceaccount.com" is a member of a policy; write the address alone',
    ],
  ],
  [
    "who may pull, by an id",
    registry((it) => (it.pull = { serviceAccounts: ["shop-nodes"] })),
    [
      'pergola:registry.pull.serviceAccounts[0]: "shop-nodes" is not the address of a service account, such as builder@project.iam.gserviceaccount.com',
    ],
  ],
  [
    "existing as text",
    registry((it) => (it.existing = "yes")),
    ['pergola:registry.existing: is "yes"; allowed is true or false'],
  ],
  [
    "import as text",
    registry((it) => (it.import = "yes")),
    ['pergola:registry.import: is "yes"; allowed is true or false'],
  ],
  [
    "immutableTags as text",
    registry((it) => (it.immutableTags = "yes")),
    ['pergola:registry.immutableTags: is "yes"; allowed is true or false'],
  ],
  [
    "a repository of caches that is no id",
    registry((it) => Object.assign(it, { immutableTags: true, cacheRepository: "shop/cache" })),
    ['pergola:registry.cacheRepository: "shop/cache" is a path; write the repository alone'],
  ],
  [
    "an existing repository of caches that is no id",
    registry((it) => Object.assign(it, { immutableTags: true, cacheRepository: { existing: "Cache" } })),
    [
      'pergola:registry.cacheRepository.existing: "Cache" has "C"; ids of repositories are made of lower-case letters, digits and hyphens',
    ],
  ],
  [
    "a repository of caches that is a number",
    registry((it) => Object.assign(it, { immutableTags: true, cacheRepository: 1 })),
    ["pergola:registry.cacheRepository: is 1; allowed is a string or an object"],
  ],
  [
    "a key by its version",
    registry((it) => (it.kmsKey = "projects/p/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1")),
    [
      'pergola:registry.kmsKey: "projects/p/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1" is not the name of a key: projects/P/locations/L/keyRings/R/cryptoKeys/K',
    ],
  ],
  [
    "a label with an upper-case key",
    registry((it) => (it.labels = { Team: "shop" })),
    [
      'pergola:registry.labels.Team: the key "Team" is not the key of a label: a lower-case letter, then lower-case letters, digits, _ and -, at most 63 characters',
    ],
  ],
  [
    "a label with an upper-case value",
    registry((it) => (it.labels = { team: "Shop" })),
    [
      'pergola:registry.labels.team: "Shop" is not the value of a label: lower-case letters, digits, _ and -, at most 63 characters',
    ],
  ],
  [
    "scanning as it is written in the API",
    registry((it) => (it.scanning = "INHERITED")),
    ['pergola:registry.scanning: is "INHERITED"; allowed: inherited, disabled; did you mean inherited?'],
  ],
  [
    "scanning switched on",
    registry((it) => (it.scanning = "enabled")),
    ['pergola:registry.scanning: is "enabled"; allowed: inherited, disabled'],
  ],
  [
    "enableApis as text",
    registry((it) => (it.enableApis = "no")),
    ['pergola:registry.enableApis: is "no"; allowed is true or false'],
  ],
  [
    "protect as text",
    registry((it) => (it.protect = "no")),
    ['pergola:registry.protect: is "no"; allowed is true or false'],
  ],
  [
    "whom to act as by its id",
    registry((it) => (it.impersonate = "registry-maker")),
    [
      'pergola:registry.impersonate: "registry-maker" is not the address of a service account, such as builder@project.iam.gserviceaccount.com',
    ],
  ],
  [
    "a remote repository that is no id",
    registry((it) => (it.remotes = [{ repository: "docker.io", of: "dockerHub" }])),
    [
      'pergola:registry.remotes[0].repository: "docker.io" has "."; ids of repositories are made of lower-case letters, digits and hyphens',
    ],
  ],
  [
    "a remote repository of nothing",
    registry((it) => (it.remotes = [{ repository: "hub" }])),
    [
      "pergola:registry.remotes[0].of: is missing (dockerHub, or the URL of another registry; it has to let anybody pull)",
    ],
  ],
  [
    "a remote repository of a host",
    registry((it) => (it.remotes = [{ repository: "hub", of: "ghcr.io" }])),
    ['pergola:registry.remotes[0].of: "ghcr.io" is neither dockerHub nor an https URL'],
  ],
  [
    "a remote repository of Docker Hub by its website",
    registry((it) => (it.remotes = [{ repository: "hub", of: "https://hub.docker.com" }])),
    ['pergola:registry.remotes[0].of: "https://hub.docker.com" is Docker Hub; write dockerHub'],
  ],
  [
    "a remote repository without TLS",
    registry((it) => (it.remotes = [{ repository: "hub", of: "http://ghcr.io" }])),
    ['pergola:registry.remotes[0].of: "http://ghcr.io" is neither dockerHub nor an https URL'],
  ],
  [
    "a remote repository that exists and is made",
    registry((it) => (it.remotes = [{ repository: "hub", of: "dockerHub", existing: true }])),
    ['pergola:registry.remotes[0]: unknown key "existing"; allowed: repository, of'],
  ],
]);

gcpCases("fields of a registry behind gcr.io", [
  [
    "a host that is none of Google's",
    gcr({ host: "europe.gcr.io" }),
    ['pergola:registry.host: is "europe.gcr.io"; allowed: gcr.io, us.gcr.io, eu.gcr.io, asia.gcr.io'],
  ],
  [
    "a host of Artifact Registry",
    gcr({ host: "us-docker.pkg.dev" }),
    ['pergola:registry.host: is "us-docker.pkg.dev"; allowed: gcr.io, us.gcr.io, eu.gcr.io, asia.gcr.io'],
  ],
  [
    "no host",
    gcr({ host: undefined }),
    ["pergola:registry.host: is missing; allowed: gcr.io, us.gcr.io, eu.gcr.io, asia.gcr.io"],
  ],
  [
    "a project with its domain in the wrong form",
    gcr({ project: "example.com/shop-registry" }),
    [
      'pergola:registry.project: "example.com/shop-registry" is a path; write the id alone, and DOMAIN:PROJECT for a project of a domain',
    ],
  ],
  [
    "a location, which the host has already",
    gcr({ location: "eu" }),
    [
      'pergola:registry: unknown key "location"; allowed: kind, project, host, existing, import, immutableTags, cacheRepository, kmsKey, labels, scanning, cleanup, pull, enableApis, protect, impersonate',
    ],
  ],
  [
    "a repository, which is the host",
    gcr({ repository: "gcr.io" }),
    [
      'pergola:registry: unknown key "repository"; allowed: kind, project, host, existing, import, immutableTags, cacheRepository, kmsKey, labels, scanning, cleanup, pull, enableApis, protect, impersonate',
    ],
  ],
  [
    "remote repositories, which are not behind gcr.io",
    gcr({ remotes: [{ repository: "hub", of: "dockerHub" }] }),
    [
      'pergola:registry: unknown key "remotes"; allowed: kind, project, host, existing, import, immutableTags, cacheRepository, kmsKey, labels, scanning, cleanup, pull, enableApis, protect, impersonate',
    ],
  ],
]);

test("registries of every location are accepted, also of projects of a domain", () => {
  for (const location of ["us", "europe", "asia", "europe-west3", "northamerica-northeast1"]) {
    const { registry: found } = gcpConfig(
      registry((it) => Object.assign(it, { location, project: "example.com:shop-registry" })),
    );
    expect(found).toMatchObject({ kind: "artifactRegistry", location });
  }
  for (const host of ["gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io"]) {
    expect(gcpConfig(gcr({ host, project: "example.com:shop-registry" })).registry).toMatchObject({
      kind: "gcr",
      host,
    });
  }
});
