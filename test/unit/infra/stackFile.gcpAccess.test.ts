// Bad stack files: every field and rule about the builders' service account of Google Cloud once, with the exact message.
import { access, asKind, many } from "./accessChanges.ts";
import type { Case, Change } from "./config.ts";
import { gcpCases } from "./gcpConfig.ts";

const key = (more: object = {}): Change =>
  asKind("serviceAccountKey", { serviceAccount: "gar-access", rotation: 1, ...more });

/** A registry of another cloud. */
const ecr: Change = (config) => {
  config["pergola:registry"] = {
    kind: "ecr",
    account: "123456789012",
    region: "eu-central-1",
    repositories: ["shop/api"],
  };
};
/** A registry of no cloud. */
const harbor: Change = (config) => {
  config["pergola:registry"] = { kind: "dockerRegistry", host: "harbor.example.com", namespace: "shop" };
};
const cacheInGoogle: Change = (config) => {
  const registry = { kind: "artifactRegistry", project: "shop-caches", location: "europe", repository: "caches" };
  config["pergola:cache"] = [{ tag: "_buildcache", registry }];
};
/** The cluster is of another cloud. */
const onEks: Change = (config) => {
  const { gke: _, ...cluster } = config["pergola:cluster"];
  const eks = { name: "dev", region: "eu-central-1", account: "123456789012" };
  config["pergola:cluster"] = { ...cluster, eks, builderNodes: [{ kind: "existing" }] };
};
const all =
  (...changes: Change[]): Change =>
  (config) => {
    for (const change of changes) change(config);
  };

const ID_FORM = "a lower-case letter, then lower-case letters, digits and hyphens, no hyphen at the end";

const unsaid = access((it) => delete it.kind);

gcpCases("the kind of access, where a file says none", [
  ["is Workload Identity where the registry is Google's", unsaid, []],
  [
    "is Workload Identity also behind gcr.io",
    all((config) => {
      config["pergola:registry"] = { kind: "gcr", project: "shop-registry", host: "eu.gcr.io" };
    }, unsaid),
    [],
  ],
  [
    "is Workload Identity, whatever is wrong with the registry",
    all((config) => {
      config["pergola:registry"].location = "eu";
    }, unsaid),
    ['pergola:registry.location: "eu" is no location; the multi-region is europe'],
  ],
  [
    "has what Workload Identity has",
    all(
      unsaid,
      access((it) => (it.rotation = 1)),
    ),
    [
      'pergola:access: unknown key "rotation"; allowed: kind, serviceAccount, project, clusterProject, namespaces, namespacePatterns, scope, ci',
    ],
  ],
  [
    "is missing where the registry is somebody else's",
    all(harbor, unsaid),
    [
      "pergola:access.kind: is missing; allowed: none, irsa, podIdentity, existing, workloadIdentity, serviceAccountKey",
    ],
  ],
  [
    "is missing where access is no object",
    (config) => (config["pergola:access"] = ["gar-access"]),
    ['pergola:access: is ["gar-access"]; allowed is an object'],
  ],
]);

gcpCases("service accounts", [
  [
    "none",
    access((it) => delete it.serviceAccount),
    [
      "pergola:access.serviceAccount: is missing (service account that builders push as: an id to make one, or { existing: ADDRESS })",
    ],
  ],
  [
    "an id that is too short",
    access((it) => (it.serviceAccount = "build")),
    ['pergola:access.serviceAccount: "build" has 5 characters; ids of service accounts have 6 to 30'],
  ],
  [
    "an id that is too long",
    access((it) => (it.serviceAccount = "a".repeat(31))),
    [`pergola:access.serviceAccount: "${"a".repeat(31)}" has 31 characters; ids of service accounts have 6 to 30`],
  ],
  [
    "an id in capitals",
    access((it) => (it.serviceAccount = "GarAccess")),
    [`pergola:access.serviceAccount: "GarAccess" is not the id of a service account: ${ID_FORM}`],
  ],
  [
    "an address where an id belongs",
    access((it) => (it.serviceAccount = "a@b.iam.gserviceaccount.com")),
    [
      'pergola:access.serviceAccount: "a@b.iam.gserviceaccount.com" is an address; write { existing: ADDRESS } for a service account that is there',
    ],
  ],
  [
    "the file of a key, which is not repeated",
    key({ serviceAccount: { existing: '{ "private_key": "-----BEGIN PRIVATE KEY-----" }' } }),
    [
      "pergola:access.serviceAccount.existing: the value (not shown) is not the address of a service account, such as builder@project.iam.gserviceaccount.com",
    ],
  ],
  [
    "an id where an address belongs",
    access((it) => (it.serviceAccount = { existing: "gar-access" })),
    [
      'pergola:access.serviceAccount.existing: "gar-access" is not the address of a service account, such as builder@project.iam.gserviceaccount.com',
    ],
  ],
  [
    "the number of a project",
    access((it) => (it.project = "123456789012")),
    ['pergola:access.project: "123456789012" is the number of a project; write its id'],
  ],
  [
    "another project than that of the address",
    access((it) => {
      it.serviceAccount = { existing: "builder@elsewhere.iam.gserviceaccount.com" };
      it.project = "shop-registry";
    }),
    [
      'pergola:access.project: is "shop-registry", but builder@elsewhere.iam.gserviceaccount.com is of elsewhere; remove it',
    ],
  ],
  [
    "an address that does not tell its project",
    access((it) => (it.serviceAccount = { existing: "123@cloudservices.gserviceaccount.com" })),
    [
      "pergola:access.project: is missing: the address 123@cloudservices.gserviceaccount.com does not tell the project of the service account; add it",
    ],
  ],
  ...(
    [
      ["123-compute@developer.gserviceaccount.com", "Compute Engine, also of GKE's nodes"],
      ["shop@appspot.gserviceaccount.com", "App Engine"],
    ] as const
  ).map(
    ([existing, whose]): Case => [
      `what everything of ${whose} is`,
      access((it) => Object.assign(it, { serviceAccount: { existing }, project: "shop-clusters" })),
      [
        `pergola:access.serviceAccount.existing: is ${existing}, the default account of ${whose}: whatever was told no account of its own is that one, and could push; name one that was made for builders`,
      ],
    ],
  ),
  [
    "no project to make it in",
    all(harbor, cacheInGoogle),
    [
      'pergola:access.project: is missing: the service account gar-access is made in the registry\'s project, but a registry of kind "dockerRegistry" has none; add it',
    ],
  ],
  [
    "caches alone in Google Cloud, which may be",
    all(
      harbor,
      cacheInGoogle,
      access((it) => (it.project = "shop-caches")),
    ),
    [],
  ],
  [
    "an unknown key",
    access((it) => (it.role = "writer")),
    [
      'pergola:access: unknown key "role"; allowed: kind, serviceAccount, project, clusterProject, namespaces, namespacePatterns, scope, ci',
    ],
  ],
]);

gcpCases("what access is for", [
  ...["workloadIdentity", "serviceAccountKey"].map((kind): Case => {
    const change = kind === "workloadIdentity" ? () => {} : key();
    return [
      `a registry of another cloud, ${kind}`,
      all(change, ecr),
      [
        `pergola:access.kind: is "${kind}", a service account that may push to Artifact Registry and gcr.io, but pergola:registry is of kind "ecr", and no cache is in Artifact Registry: it is good for nothing; write kind: none, or use a registry of kind: artifactRegistry`,
      ],
    ];
  }),
  ...["workloadIdentity", "serviceAccountKey"].map((kind): Case => {
    const change = kind === "workloadIdentity" ? () => {} : key({ project: "shop-caches" });
    return [
      `a registry of another cloud with caches in Google's, ${kind}`,
      all(change, ecr, cacheInGoogle),
      [
        `pergola:access.kind: is "${kind}", but pergola:registry is of kind "ecr": builders have one identity, and without a role of AWS they could not push their images; write kind: irsa, podIdentity or existing, and keep caches in ECR, or use a registry of kind: artifactRegistry`,
      ],
    ];
  }),
  [
    "Workload Identity in a cluster of another cloud",
    all(
      onEks,
      access((it) => (it.clusterProject = "shop-clusters")),
    ),
    [
      'pergola:access.kind: is "workloadIdentity", which pods get from the metadata server of GKE, but pergola:cluster.eks says that the cluster is of EKS, which has none; write kind: serviceAccountKey',
    ],
  ],
  ["a key in a cluster of another cloud, which may be", all(onEks, key()), []],
  [
    "a role of AWS for a registry of Google's",
    asKind("existing", { role: "arn:aws:iam::123456789012:role/a" }),
    [
      'pergola:access.kind: is "existing", a role of AWS that may push to ECR, but pergola:registry is of kind "artifactRegistry", where it is good for nothing; write kind: none, or use a registry of kind: ecr',
    ],
  ],
  ["no identity for a registry of Google's, which may be", asKind("none"), []],
  [
    "a scope that is none",
    access((it) => (it.scope = "organization")),
    ['pergola:access.scope: is "organization"; allowed: repository, project'],
  ],
  [
    "the project of a registry that has none",
    all(
      harbor,
      cacheInGoogle,
      access((it) => Object.assign(it, { project: "shop-caches", scope: "project" })),
    ),
    [
      'pergola:access.scope: is "project", that of the registry, but pergola:registry is of kind "dockerRegistry", which has none; remove it: builders may write to the repositories of the caches',
    ],
  ],
  [
    "a service account that no builder is",
    all(
      access((it) => delete it.namespaces),
      (config) => (config["pergola:builder"] = { default: "local-docker", modes: { "local-docker": {} } }),
    ),
    [
      'pergola:access.kind: is "workloadIdentity", a service account for builders in the cluster, but no mode of pergola:builder.modes builds there; write kind: none, or list namespaces',
    ],
  ],
  [
    "a key that no builder has",
    all(key(), (config) => (config["pergola:builder"] = { default: "local-docker", modes: { "local-docker": {} } })),
    [
      'pergola:access.kind: is "serviceAccountKey", a service account for builders in the cluster, but no mode of pergola:builder.modes builds there; write kind: none',
    ],
  ],
]);

gcpCases("who is the service account", [
  [
    "a cluster whose project is not known",
    (config) => {
      delete config["pergola:cluster"].gke;
      config["pergola:cluster"].builderNodes = [{ kind: "existing" }];
    },
    [
      "pergola:access.clusterProject: is missing: builders are principals of the cluster's project (PROJECT.svc.id.goog), which need not be the registry's; add it, or pergola:cluster.gke: { project, location, name }",
    ],
  ],
  [
    "a cluster of which only the project is known, which may be",
    (config) => {
      delete config["pergola:cluster"].gke;
      config["pergola:cluster"].builderNodes = [{ kind: "existing" }];
      config["pergola:access"].clusterProject = "shop-clusters";
    },
    [],
  ],
  [
    "two projects of one cluster",
    access((it) => (it.clusterProject = "shop-registry")),
    [
      'pergola:access.clusterProject: is "shop-registry", but pergola:cluster.gke.project is "shop-clusters"; a cluster is of one project: remove it',
    ],
  ],
  [
    "patterns",
    access((it) => (it.namespacePatterns = ["shop-*"])),
    [
      "pergola:access.namespacePatterns: are not for workloadIdentity: a member of IAM names exactly one namespace, and none has a wildcard. List namespaces, and run up when there is one more",
    ],
  ],
  [
    "a pattern where a namespace belongs",
    access((it) => it.namespaces.push("shop-*")),
    [
      'pergola:access.namespaces[1]: "shop-*" has a wildcard: an identity of this kind is bound to single namespaces; list each',
    ],
  ],
  [
    "a namespace twice",
    access((it) => it.namespaces.push("shop-dev")),
    ['pergola:access.namespaces[1]: "shop-dev" is listed twice'],
  ],
  [
    "no namespaces",
    access((it) => (it.namespaces = [])),
    ["pergola:access.namespaces: [] is empty; at least one entry is needed"],
  ],
  [
    "a builder namespace that could not push",
    access((it) => (it.namespaces = ["shop-project"])),
    [
      'pergola:builder.modes.kaniko.namespaces[0]: "shop-dev" could not push: pergola:access.namespaces does not have it; add it there, or remove that list, which is the builder namespaces by default',
    ],
  ],
  ["Garden's namespaces, too, which may be", access((it) => it.namespaces.push("shop-project")), []],
  [
    "more namespaces than one policy takes",
    access((it) => it.namespaces.push(...many(1500, (index) => `shop-${index}`))),
    [
      "pergola:access.namespaces: make 1501 members of the service account, one for each namespace; IAM takes 1500 in a policy. Give some of the namespaces a stack, and so a service account, of their own",
    ],
  ],
  [
    "as many namespaces as one policy takes, which may be",
    access((it) => it.namespaces.push(...many(1499, (index) => `shop-${index}`))),
    [],
  ],
]);

gcpCases("keys", [
  ["one that may be", key({ keep: "none", username: "_json_key", namespacePatterns: ["shop-*"] }), []],
  [
    "no number",
    asKind("serviceAccountKey", { serviceAccount: "gar-access" }),
    [
      "pergola:access.rotation: is missing (number of the present key, 1 at first: one more makes a new key, puts it into the pull secrets, and deletes the one before the previous one; two more delete the key that builds use, too. A first up above 1 makes the key before it, too, unless keep is none)",
    ],
  ],
  ["a number below one", key({ rotation: 0 }), ["pergola:access.rotation: 0 is less than 1"]],
  ["half a number", key({ rotation: 1.5 }), ["pergola:access.rotation: is 1.5; allowed is a whole number"]],
  [
    "an age, which is not how keys change",
    key({ rotation: "90d" }),
    ['pergola:access.rotation: is "90d"; allowed is a number'],
  ],
  ["keeping all", key({ keep: "all" }), ['pergola:access.keep: is "all"; allowed: previous, none']],
  [
    "another user name",
    key({ username: "oauth2accesstoken" }),
    ['pergola:access.username: is "oauth2accesstoken"; allowed: _json_key_base64, _json_key'],
  ],
  [
    "any namespace without saying so",
    key({ namespacePatterns: ["*"] }),
    [
      'pergola:access.namespacePatterns[0]: "*" has no letter or digit: whoever has a namespace could push images. Name a common part ("team-*"); if any namespace is meant, add allowAnyNamespace: true',
    ],
  ],
  [
    "namespaces, which a key does not ask for",
    key({ namespaces: ["shop-dev"] }),
    [
      'pergola:access: unknown key "namespaces"; allowed: kind, serviceAccount, project, rotation, keep, username, namespacePatterns, allowAnyNamespace, scope, ci',
    ],
  ],
]);

const buildkit =
  (image: string): Change =>
  (config) => {
    const modes = { "cluster-buildkit": { namespaces: ["shop-dev"], profile: "rootful", image } };
    config["pergola:builder"] = { default: "cluster-buildkit", modes };
  };

gcpCases("images of BuildKit", [
  [
    "one without the helper of Google's registries",
    buildkit("docker.io/moby/buildkit:v0.31.1"),
    [
      'pergola:builder.modes.cluster-buildkit.image: "docker.io/moby/buildkit:v0.31.1" has no docker-credential-gcr, by which builders log in to europe-central2-docker.pkg.dev; write an image that has it (docker.io/gardendev/buildkit, or one of your own with helpers: [gcr])',
    ],
  ],
  ["one that has it, which may be", buildkit("docker.io/gardendev/buildkit:v0.23.2"), []],
  ["one without it where there is a key, which may be", all(buildkit("docker.io/moby/buildkit:v0.31.1"), key()), []],
]);
