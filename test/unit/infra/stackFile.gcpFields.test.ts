// Fields of Google Cloud in a stack file that the tables of their parts have no wrong value of.
import type { Change } from "./config.ts";
import { gcpCases } from "./gcpConfig.ts";

const PROVIDER = "projects/1/locations/global/workloadIdentityPools/pool/providers/gitlab";

const jobs =
  (ci: object): Change =>
  (config) =>
    (config["pergola:access"].ci = { gitlab: { project: "shop/api", branches: ["main"], provider: PROVIDER }, ...ci });

const gitlab = (changes: object): Change =>
  jobs({ gitlab: { project: "shop/api", branches: ["main"], provider: PROVIDER, ...changes } });

const gke =
  (changes: object): Change =>
  (config) =>
    Object.assign(config["pergola:cluster"].gke, changes);

const login =
  (changes: object): Change =>
  (config) => {
    config["pergola:secrets"] = { p: "hush" };
    const logins = [{ host: "ghcr.io", username: "reader", passwordSecret: "p", ...changes }];
    config["pergola:cluster"].pullSecrets = [{ namespaces: ["shop"], logins }];
  };

gcpCases("the cluster as Google Cloud knows it", [
  [
    "a project",
    gke({ project: "x" }),
    ['pergola:cluster.gke.project: "x" is not the id of a project: 1 characters, where 6 to 30 are allowed'],
  ],
  [
    "a location",
    gke({ location: "europe" }),
    ['pergola:cluster.gke.location: "europe" is neither a region nor a zone, such as europe-west3 or europe-west3-a'],
  ],
  [
    "a name",
    gke({ name: "Dev" }),
    [
      'pergola:cluster.gke.name: "Dev" is not the name of a GKE cluster: a lower-case letter, then lower-case letters, digits and hyphens, at most 40 characters, no hyphen at the end',
    ],
  ],
  [
    "the name of a context",
    gke({ name: "gke_shop-clusters_europe-west3_dev" }),
    [
      'pergola:cluster.gke.name: "gke_shop-clusters_europe-west3_dev" is the name of a kubeconfig context; its cluster is dev',
    ],
  ],
  [
    "whom it is made as",
    gke({ impersonate: "builder" }),
    [
      'pergola:cluster.gke.impersonate: "builder" is not the address of a service account, such as builder@project.iam.gserviceaccount.com',
    ],
  ],
]);

gcpCases("service accounts and providers that are there, or made", [
  [
    "nodes' account",
    (config) => (config["pergola:cluster"].builderNodes[0].nodeServiceAccount = { existing: "nodes" }),
    [
      'pergola:cluster.builderNodes[0].nodeServiceAccount.existing: "nodes" is not the address of a service account, such as builder@project.iam.gserviceaccount.com',
    ],
  ],
  [
    "jobs' account",
    jobs({ serviceAccount: { existing: "ci" } }),
    [
      'pergola:access.ci.serviceAccount.existing: "ci" is not the address of a service account, such as builder@project.iam.gserviceaccount.com',
    ],
  ],
  [
    "GitLab's provider",
    gitlab({ provider: "gitlab" }),
    [
      'pergola:access.ci.gitlab.provider: "gitlab" is not projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
    ],
  ],
  [
    "GitLab's provider, not made",
    gitlab({ provider: { create: false } }),
    ["pergola:access.ci.gitlab.provider.create: is false; allowed: true"],
  ],
  [
    "a pool",
    gitlab({ provider: { create: true, pool: "P" } }),
    ['pergola:access.ci.gitlab.provider.pool: "P" has 1 characters; ids of pools have 4 to 32'],
  ],
  [
    "GitHub's provider, not made",
    (config) =>
      (config["pergola:access"].ci = {
        github: { repository: "shop/api", branches: ["main"], provider: { create: false } },
      }),
    ["pergola:access.ci.github.provider.create: is false; allowed: true"],
  ],
  [
    "a remote repository",
    (config) => (config["pergola:registry"].remotes = [{ repository: "hub", existing: false }]),
    ["pergola:registry.remotes[0].existing: is false; allowed: true"],
  ],
]);

gcpCases("logins of Secrets for workloads", [
  [
    "a host",
    login({ host: "https://ghcr.io" }),
    ['pergola:cluster.pullSecrets[0].logins[0].host: "https://ghcr.io" has a scheme; write host or host:port'],
  ],
  [
    "a user",
    login({ username: "a b" }),
    [
      'pergola:cluster.pullSecrets[0].logins[0].username: "a b" is not a user name: at least one character, no colon, no white space',
    ],
  ],
]);
