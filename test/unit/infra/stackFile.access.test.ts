// Bad stack files: every field and rule of `access` on AWS once, with the exact message.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseStackFile } from "../../../infra/stackFile.ts";
import { awsCases } from "./awsConfig.ts";
import { type Change, values } from "./config.ts";

const access =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:access"]);

const ROLE = "arn:aws:iam::123456789012:role/builders";
const PROVIDER = "arn:aws:iam::123456789012:oidc-provider";
const many = (count: number, name: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => name(index));

/** A role for each team instead of one for all. */
const asTeams =
  (teams: object): Change =>
  (config) => {
    const it = config["pergola:access"];
    delete it.namespaces;
    it.namespacePatterns = [];
    it.teams = teams;
  };

/** Another kind of access. */
const asKind =
  (kind: string, more: object = {}): Change =>
  (config) => {
    config["pergola:access"] = { kind, ...more };
  };

awsCases("fields of access", [
  [
    "a kind that is near another",
    access((it) => (it.kind = "isra")),
    ['pergola:access.kind: is "isra"; allowed: none, irsa, podIdentity, existing; did you mean irsa?'],
  ],
  [
    "a kind of a later version",
    access((it) => (it.kind = "workloadIdentity")),
    ['pergola:access.kind: "workloadIdentity" is not part of this version; allowed: none, irsa, podIdentity, existing'],
  ],
  [
    "a key that it does not have",
    access((it) => (it.namespace = "a")),
    [
      'pergola:access: unknown key "namespace"; allowed: kind, oidcProviders, namespaces, namespacePatterns, allowAnyNamespace, teams, role, ci; did you mean namespaces?',
    ],
  ],
  [
    "no OIDC provider",
    access((it) => (it.oidcProviders = [])),
    ["pergola:access.oidcProviders: [] is empty; at least one entry is needed"],
  ],
  [
    "an OIDC provider that is no ARN",
    access((it) => (it.oidcProviders = ["oidc.eks.eu-central-1.amazonaws.com/id/X"])),
    [
      'pergola:access.oidcProviders[0]: "oidc.eks.eu-central-1.amazonaws.com/id/X" is not the ARN of an IAM OIDC provider',
    ],
  ],
  [
    "the ARN of something else",
    access((it) => (it.oidcProviders = [ROLE])),
    [
      'pergola:access.oidcProviders[0]: "arn:aws:iam::123456789012:role/builders" is an ARN, but not of an IAM OIDC provider',
    ],
  ],
  [
    "an OIDC provider of no account",
    access((it) => (it.oidcProviders = ["arn:aws:iam:::oidc-provider/a"])),
    ['pergola:access.oidcProviders[0]: "arn:aws:iam:::oidc-provider/a" has no account of twelve digits'],
  ],
  [
    "an issuer that is no URL",
    access((it) => (it.oidcProviders = [{ create: true, issuer: "oidc.example/id/X" }])),
    ['pergola:access.oidcProviders[0].issuer: "oidc.example/id/X" is not an https URL without a slash at its end'],
  ],
  [
    "an issuer with a slash at its end",
    access((it) => (it.oidcProviders = [{ create: true, issuer: "https://oidc.example/" }])),
    ['pergola:access.oidcProviders[0].issuer: "https://oidc.example/" is not an https URL without a slash at its end'],
  ],
  [
    "an issuer without create",
    access((it) => (it.oidcProviders = [{ issuer: "https://oidc.example" }])),
    ["pergola:access.oidcProviders[0].create: is missing; allowed: true"],
  ],
  [
    "no namespace in the list",
    access((it) => (it.namespaces = [])),
    ["pergola:access.namespaces: [] is empty; at least one entry is needed"],
  ],
  [
    "a namespace of Kubernetes",
    access((it) => it.namespaces.push("kube-system")),
    ['pergola:access.namespaces[1]: "kube-system" belongs to Kubernetes (kube-*); name a namespace of its own'],
  ],
  [
    "the namespace default",
    access((it) => it.namespaces.push("default")),
    [
      'pergola:access.namespaces[1]: "default" is where everything without a namespace lands; name a namespace of its own',
    ],
  ],
  [
    "a pattern in the list",
    access((it) => it.namespaces.push("shop-*")),
    ['pergola:access.namespaces[1]: "shop-*" is not a DNS label: lower-case letters, digits and inner hyphens only'],
  ],
  [
    "a name among the patterns",
    access((it) => it.namespacePatterns.push("shop-test")),
    [
      'pergola:access.namespacePatterns[1]: "shop-test" has neither * nor ?; list a single namespace under pergola:builder.modes.<mode>.namespaces',
    ],
  ],
  [
    "a pattern of Kubernetes' namespaces",
    access((it) => it.namespacePatterns.push("kube-*")),
    [
      'pergola:access.namespacePatterns[1]: "kube-*" belongs to Kubernetes (kube-*), whose namespaces builders never get',
    ],
  ],
  [
    "a role's name with a slash",
    access((it) => (it.role = { name: "a/b" })),
    ['pergola:access.role.name: "a/b" is not the name of a role: letters, digits and _+=,.@-'],
  ],
  [
    "a role's name that is too long",
    access((it) => (it.role = { name: "a".repeat(65) })),
    [
      'pergola:access.role.name: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" has 65 characters, at most 64 are allowed',
    ],
  ],
  [
    "a path without a slash at its end",
    access((it) => (it.role = { path: "/a" })),
    ['pergola:access.role.path: "/a" is not a path: it begins and ends with a slash'],
  ],
  [
    "a path that is too long",
    access((it) => (it.role = { path: `/${"a".repeat(511)}/` })),
    [
      'pergola:access.role.path: "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa... has 513 characters, at most 512 are allowed',
    ],
  ],
  [
    "a boundary that is a role",
    access((it) => (it.role = { permissionsBoundary: ROLE })),
    [
      'pergola:access.role.permissionsBoundary: "arn:aws:iam::123456789012:role/builders" is an ARN, but not of an IAM policy',
    ],
  ],
  [
    "a session that is too short",
    access((it) => (it.role = { maxSessionSeconds: 60 })),
    ["pergola:access.role.maxSessionSeconds: 60 is less than 3600"],
  ],
  [
    "a session that is too long",
    access((it) => (it.role = { maxSessionSeconds: 43_201 })),
    ["pergola:access.role.maxSessionSeconds: 43201 is more than 43200"],
  ],
  [
    "a tag of AWS's own",
    access((it) => (it.role = { tags: { "aws:a": "b" } })),
    ['pergola:access.role.tags["aws:a"]: the key "aws:a" is not the key of a tag, or begins with aws:'],
  ],
  [
    "a tag whose value has what tags have not",
    access((it) => (it.role = { tags: { a: "b#" } })),
    ['pergola:access.role.tags.a: "b#" is not the value of a tag'],
  ],
  [
    "a team's name with capitals",
    asTeams({ Shop: { namespaces: ["shop-dev"], repositories: ["shop/api"] } }),
    ['pergola:access.teams.Shop: the key "Shop" is not the name of a team: at most 32 of a-z, 0-9 and inner -'],
  ],
  [
    "a team without namespaces",
    asTeams({ shop: { namespaces: [], repositories: ["shop/api"] } }),
    ["pergola:access.teams.shop.namespaces: [] is empty; at least one entry is needed"],
  ],
  [
    "a team without repositories",
    asTeams({ shop: { namespaces: ["shop-dev"], repositories: [] } }),
    ["pergola:access.teams.shop.repositories: [] is empty; at least one entry is needed"],
  ],
  [
    "an existing role that is none",
    asKind("existing", { role: "builders" }),
    ['pergola:access.role: "builders" is not the ARN of an IAM role'],
  ],
  [
    "an existing role and what only a made one has",
    asKind("existing", { role: ROLE, teams: {} }),
    [
      'pergola:access: unknown key "teams"; allowed: kind, role, oidcProviders, namespaces, namespacePatterns, allowAnyNamespace, ci',
    ],
  ],
]);

awsCases("fields of access.ci", [
  [
    "neither a role nor where jobs run",
    access((it) => (it.ci = {})),
    ["pergola:access.ci.role: is missing (a string)"],
  ],
  [
    "a role that is none",
    access((it) => (it.ci = { role: PROVIDER })),
    ['pergola:access.ci.role: "arn:aws:iam::123456789012:oidc-provider" is an ARN, but not of an IAM role'],
  ],
  [
    "a repository without an owner",
    access((it) => (it.ci.github.repository = "monorepo")),
    ['pergola:access.ci.github.repository: "monorepo" is neither OWNER/REPOSITORY nor OWNER@ID/REPOSITORY@ID'],
  ],
  [
    "a repository with wildcards",
    access((it) => (it.ci.github.repository = "shop/*")),
    ['pergola:access.ci.github.repository: "shop/*" is neither OWNER/REPOSITORY nor OWNER@ID/REPOSITORY@ID'],
  ],
  [
    "an id of the owner, but none of the repository",
    access((it) => (it.ci.github.repository = "shop@1/monorepo")),
    ['pergola:access.ci.github.repository: "shop@1/monorepo" is neither OWNER/REPOSITORY nor OWNER@ID/REPOSITORY@ID'],
  ],
  [
    "a branch with a blank",
    access((it) => (it.ci.github.branches = ["my branch"])),
    ['pergola:access.ci.github.branches[0]: "my branch" is not the name of a branch or tag'],
  ],
  [
    "an environment with wildcards",
    access((it) => (it.ci.github.environments = ["*"])),
    ['pergola:access.ci.github.environments[0]: "*" is not the name of an environment'],
  ],
  [
    "an empty audience",
    access((it) => (it.ci.github.audience = "")),
    ['pergola:access.ci.github.audience: "" is empty'],
  ],
  [
    "no OIDC provider",
    access((it) => delete it.ci.github.oidcProvider),
    ["pergola:access.ci.github.oidcProvider: is nothing; allowed is a string or an object"],
  ],
  [
    "a project without a group",
    access((it) => (it.ci = { gitlab: { project: "app", branches: ["main"], oidcProvider: { create: true } } })),
    ['pergola:access.ci.gitlab.project: "app" is not GROUP/PROJECT'],
  ],
  [
    "a project with wildcards",
    access((it) => (it.ci = { gitlab: { project: "shop/*", branches: ["main"], oidcProvider: { create: true } } })),
    ['pergola:access.ci.gitlab.project: "shop/*" is not GROUP/PROJECT'],
  ],
  [
    "a GitLab with a path",
    access(
      (it) =>
        (it.ci = {
          gitlab: { project: "a/b", url: "https://a.example/b", branches: ["main"], oidcProvider: { create: true } },
        }),
    ),
    ['pergola:access.ci.gitlab.url: "https://a.example/b" is not an https URL without a path'],
  ],
]);

awsCases("what access is for", [
  [
    "a registry of another kind",
    (config) => {
      config["pergola:registry"] = {
        kind: "inCluster",
        host: "10.0.0.1:30500",
        insecure: true,
        image: "registry:3",
        storage: { node: "a" },
      };
    },
    [
      'pergola:access.kind: is "irsa", a role of AWS that may push to ECR, but pergola:registry is of kind "inCluster", where it is good for nothing; write kind: none, or use a registry of kind: ecr',
    ],
  ],
  [
    "Pod Identity without the name of the cluster",
    (config) => {
      config["pergola:access"] = { kind: "podIdentity" };
      delete config["pergola:cluster"].eks;
      config["pergola:cluster"].builderNodes = [{ kind: "existing" }];
    },
    [
      'pergola:access.kind: is "podIdentity", which goes by the name of the cluster in EKS; add pergola:cluster.eks: { name, region }',
    ],
  ],
  [
    "CI jobs without the name of the cluster",
    (config) => {
      delete config["pergola:cluster"].eks;
      config["pergola:cluster"].builderNodes = [{ kind: "existing" }];
    },
    [
      "pergola:access.ci: gets an access entry, which goes by the name of the cluster in EKS; add pergola:cluster.eks: { name, region }",
    ],
  ],
  [
    "a namespace twice",
    access((it) => it.namespaces.push("shop-dev")),
    ['pergola:access.namespaces[1]: "shop-dev" is listed twice'],
  ],
  [
    "patterns for Pod Identity",
    asKind("podIdentity", { namespacePatterns: ["shop-*"] }),
    [
      "pergola:access.namespacePatterns: are not for podIdentity: an association of EKS names exactly one namespace, and none has a wildcard. List namespaces, or write kind: irsa, which trusts patterns",
    ],
  ],
  [
    "a builder namespace that nothing covers",
    access((it) => (it.namespaces = ["shop-test"])),
    [
      'pergola:builder.modes.cluster-buildkit.namespaces[0]: "shop-dev" could not push: pergola:access.namespaces does not have it, and no pattern matches it; add it there, or remove that list, which is the builder namespaces by default',
    ],
  ],
  [
    "a pattern for any namespace",
    access((it) => it.namespacePatterns.push("*")),
    [
      'pergola:access.namespacePatterns[1]: "*" has no letter or digit: whoever has a namespace could push images. Name a common part ("team-*"); if any namespace is meant, add allowAnyNamespace: true',
    ],
  ],
  [
    "a yes to any namespace without such a pattern",
    access((it) => (it.allowAnyNamespace = true)),
    [
      "pergola:access.allowAnyNamespace: is true, but no entry of namespacePatterns is without letters and digits; remove it",
    ],
  ],
]);

awsCases("teams", [
  ["no team", asTeams({}), ["pergola:access.teams: is empty; name a team, or remove it"]],
  [
    "patterns beside teams",
    (config) => {
      asTeams({ shop: { namespaces: ["shop-dev"], repositories: ["shop/api"] } })(config);
      config["pergola:access"].namespacePatterns = ["shop-*"];
    },
    [
      "pergola:access.namespacePatterns: are not for teams: of a namespace that is made later nothing says whose it is. List it under its team, or remove teams",
    ],
  ],
  [
    "namespaces and a role's name beside teams",
    (config) => {
      asTeams({ shop: { namespaces: ["shop-dev"], repositories: ["shop/api"] } })(config);
      config["pergola:access"].namespaces = ["shop-dev"];
      config["pergola:access"].role = { name: "builders" };
    },
    [
      "pergola:access.namespaces: are those of the one role of all builders, but each team has its own role; move them to the teams",
      'pergola:access.role.name: is "builders", the one role of all builders, but each team has its own; move it to pergola:access.teams.<team>.role',
    ],
  ],
  [
    "a namespace of two teams, and twice in one",
    asTeams({
      shop: { namespaces: ["shop-dev", "shop-dev"], repositories: ["shop/api"] },
      web: { namespaces: ["shop-dev"], repositories: ["shop/web"] },
    }),
    [
      'pergola:access.teams.shop.namespaces[1]: "shop-dev" is listed twice',
      'pergola:access.teams.web.namespaces[0]: "shop-dev" is also of team shop: its service account can have one role',
    ],
  ],
  [
    "a builder namespace of no team",
    asTeams({ web: { namespaces: ["web-dev"], repositories: ["shop/web"] } }),
    [
      'pergola:builder.modes.cluster-buildkit.namespaces[0]: "shop-dev" is of no team, so it could not push; add it to pergola:access.teams.<team>.namespaces',
    ],
  ],
  [
    "a repository that is not there, and one twice",
    asTeams({ shop: { namespaces: ["shop-dev"], repositories: ["shop/apis", "other", "shop/api", "shop/api"] } }),
    [
      'pergola:access.teams.shop.repositories[0]: "shop/apis" is not in pergola:registry.repositories; did you mean shop/api?',
      'pergola:access.teams.shop.repositories[1]: "other" is not in pergola:registry.repositories; there are: shop/api, shop/web',
      'pergola:access.teams.shop.repositories[3]: "shop/api" is listed twice',
    ],
  ],
  [
    "a team of a namespace that says another",
    (config) => {
      asTeams({ shop: { namespaces: ["shop-dev"], repositories: ["shop/api"] } })(config);
      config["pergola:builder"].modes["cluster-buildkit"].namespaces = [{ name: "shop-dev", team: "web" }];
    },
    [
      'pergola:builder.modes.cluster-buildkit.namespaces[0].team: is "web", but pergola:access.teams has the namespace under shop; remove it here',
    ],
  ],
  [
    "images of a namespace that its team does not push",
    (config) => {
      asTeams({ shop: { namespaces: ["shop-dev"], repositories: ["shop/api"] } })(config);
      config["pergola:builder"].modes["cluster-buildkit"].namespaces = [
        { name: "shop-dev", team: "shop", images: ["shop/api", "shop/web"] },
      ];
    },
    [
      'pergola:builder.modes.cluster-buildkit.namespaces[0].images[1]: "shop/web" is not a repository of team shop, so it could not be pushed',
    ],
  ],
  [
    "a repository of two teams, which may be",
    asTeams({
      shop: { namespaces: ["shop-dev"], repositories: ["shop/api"] },
      web: { namespaces: ["web-dev"], repositories: ["shop/api"] },
    }),
    [],
  ],
]);

awsCases("accounts and partitions", [
  [
    "an OIDC provider of another account",
    access((it) => (it.oidcProviders = ["arn:aws:iam::999999999999:oidc-provider/oidc.example/id/X"])),
    [
      'pergola:access.oidcProviders[0]: "arn:aws:iam::999999999999:oidc-provider/oidc.example/id/X" is of account 999999999999, but the role of builders is made in 123456789012, the account of the cluster (pergola:cluster.eks.account), and a role can only trust OIDC providers of its own account: make one there for the same issuer (create: true)',
    ],
  ],
  [
    "a cluster of another account than its OIDC provider",
    (config) => {
      config["pergola:cluster"].eks.account = "999999999999";
    },
    [
      'pergola:access.oidcProviders[0]: "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE" is of account 123456789012, but the role of builders is made in 999999999999, the account of the cluster (pergola:cluster.eks.account), and a role can only trust OIDC providers of its own account: make one there for the same issuer (create: true)',
      "pergola:access.ci.github.oidcProvider: is of account 123456789012, but the role of the jobs is made in 999999999999, and a role can only trust OIDC providers of its own account",
    ],
  ],
  [
    "an OIDC provider of another partition",
    access((it) => (it.oidcProviders = ["arn:aws-cn:iam::123456789012:oidc-provider/oidc.example/id/X"])),
    [
      'pergola:access.oidcProviders[0]: "arn:aws-cn:iam::123456789012:oidc-provider/oidc.example/id/X" is of the partition aws-cn, but the cluster is in eu-central-1, so in aws',
    ],
  ],
  [
    "an OIDC provider twice, once by its issuer",
    access(
      (it) =>
        (it.oidcProviders = [{ create: true, issuer: "https://oidc.example/id/X" }, `${PROVIDER}/oidc.example/id/X`]),
    ),
    ["pergola:access.oidcProviders[1]: oidc.example/id/X is listed twice"],
  ],
  [
    "a boundary of another account",
    access((it) => (it.role = { permissionsBoundary: "arn:aws:iam::999999999999:policy/a" })),
    [
      "pergola:access.role.permissionsBoundary: is of account 999999999999, but the role is made in 123456789012, the account of the cluster",
    ],
  ],
  [
    "a boundary of another partition, of a team and of CI jobs",
    (config) => {
      asTeams({
        shop: {
          namespaces: ["shop-dev"],
          repositories: ["shop/api"],
          role: { permissionsBoundary: "arn:aws-cn:iam::123456789012:policy/a" },
        },
      })(config);
      config["pergola:access"].ci.role = { permissionsBoundary: "arn:aws-us-gov:iam::aws:policy/a" };
    },
    [
      "pergola:access.teams.shop.role.permissionsBoundary: is of the partition aws-cn, but the cluster is in eu-central-1, so in aws",
      "pergola:access.ci.role.permissionsBoundary: is of the partition aws-us-gov, but the cluster is in eu-central-1, so in aws",
    ],
  ],
  [
    "a boundary of AWS's own, which may be",
    access((it) => (it.role = { permissionsBoundary: "arn:aws:iam::aws:policy/PowerUserAccess" })),
    [],
  ],
  [
    "an existing role of another partition",
    asKind("existing", {
      role: "arn:aws-cn:iam::123456789012:role/a",
      ci: { role: "arn:aws-cn:iam::123456789012:role/b" },
    }),
    [
      "pergola:access.role: is of the partition aws-cn, but the cluster is in eu-central-1, so in aws",
      "pergola:access.ci.role: is of the partition aws-cn, but the cluster is in eu-central-1, so in aws",
    ],
  ],
  [
    "an existing role of another account, which may be",
    asKind("existing", { role: "arn:aws:iam::999999999999:role/a" }),
    [],
  ],
  [
    "an existing role that cannot trust its OIDC provider",
    asKind("existing", { role: "arn:aws:iam::999999999999:role/a", oidcProviders: [`${PROVIDER}/oidc.example/id/X`] }),
    [
      'pergola:access.oidcProviders[0]: "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/X" is of account 123456789012, but the role of pergola:access.role is of 999999999999: a role can only trust OIDC providers of its own account',
    ],
  ],
  [
    "an OIDC provider of CI jobs of another account",
    access(
      (it) =>
        (it.ci.github.oidcProvider = "arn:aws:iam::999999999999:oidc-provider/token.actions.githubusercontent.com"),
    ),
    [
      "pergola:access.ci.github.oidcProvider: is of account 999999999999, but the role of the jobs is made in 123456789012, and a role can only trust OIDC providers of its own account",
    ],
  ],
  [
    "an OIDC provider of CI jobs that is made twice",
    access((it) => {
      it.oidcProviders.push({ create: true, issuer: "https://token.actions.githubusercontent.com" });
      it.ci.github.oidcProvider = { create: true };
    }),
    ["pergola:access.ci.github.oidcProvider: is also one of pergola:access.oidcProviders"],
  ],
  [
    "the OIDC provider of another GitLab",
    access(
      (it) =>
        (it.ci = { gitlab: { project: "a/b", branches: ["main"], oidcProvider: `${PROVIDER}/gitlab.example.com` } }),
    ),
    [
      "pergola:access.ci.gitlab.oidcProvider: is the provider of gitlab.example.com, but pergola:access.ci.gitlab.url is that of gitlab.com",
    ],
  ],
]);

awsCases("CI jobs", [
  [
    "GitHub's jobs of no branch",
    access((it) => (it.ci.github.branches = [])),
    [
      "pergola:access.ci.github: admits no job: name branches, tags or environments (branches: [main]), or set pullRequests",
    ],
  ],
  [
    "GitLab's jobs of no branch",
    access((it) => (it.ci = { gitlab: { project: "a/b", oidcProvider: { create: true } } })),
    ["pergola:access.ci.gitlab: admits no job: name branches or tags (branches: [main])"],
  ],
]);

awsCases("names of roles", [
  [
    "two roles of one name, in other case",
    access((it) => {
      it.role = { name: "Builders" };
      it.ci.role = { name: "builders" };
    }),
    [
      'pergola:access.ci.role.name: is "builders", which is also the name at pergola:access.role.name; roles of an account have different names',
    ],
  ],
]);

awsCases("limits of IAM", [
  [
    "too many namespaces",
    access((it) => it.namespaces.push(...many(30, (index) => `shop-test-${index}`))),
    [
      'pergola:access.namespaces: make a trust document of 2875 characters (31 namespaces, 1 pattern, 1 OIDC provider); IAM takes 2048. Name a pattern instead of a list (namespacePatterns: ["team-*"]), or give teams roles of their own (pergola:access.teams)',
    ],
  ],
  [
    "too many patterns",
    access((it) => {
      delete it.namespaces;
      it.namespacePatterns = many(30, (index) => `shop-test-${index}-*`);
    }),
    [
      'pergola:access.namespacePatterns: make a trust document of 2870 characters (1 namespace, 30 patterns, 1 OIDC provider); IAM takes 2048. Name fewer, wider patterns ("team-*"), or give teams roles of their own (pergola:access.teams)',
    ],
  ],
  [
    "too many clusters",
    access((it) => {
      delete it.namespaces;
      it.oidcProviders = many(5, (index) => `${PROVIDER}/oidc.example/id/${"X".repeat(32)}${index}`);
    }),
    [
      "pergola:access.oidcProviders: make a trust document of 4163 characters (1 namespace, 1 pattern, 5 OIDC providers); IAM takes 2048. Give some of the clusters a stack, and so a role, of their own",
    ],
  ],
  [
    "too many namespaces of a team",
    asTeams({
      shop: { namespaces: ["shop-dev", ...many(30, (index) => `shop-test-${index}`)], repositories: ["shop/api"] },
    }),
    [
      "pergola:access.teams.shop.namespaces: make a trust document of 2386 characters (31 namespaces, 1 OIDC provider); IAM takes 2048. Make two teams of it, with the same repositories",
    ],
  ],
  [
    "too many namespaces for Pod Identity",
    asKind("podIdentity", { namespaces: ["shop-dev", ...many(120, (index) => `shop-test-${index}`)] }),
    [
      'pergola:access.namespaces: make a trust document of 2200 characters (121 namespaces); IAM takes 2048. Write kind: irsa with a pattern instead of a list (namespacePatterns: ["team-*"]), or give teams roles of their own (pergola:access.teams)',
    ],
  ],
  [
    "too many repositories",
    (config) => {
      config["pergola:registry"].repositories = many(80, (index) => `shop/service-${index}`);
    },
    [
      "pergola:registry.repositories: make a policy of 11531 characters for the role aws-dev-builder (80 repositories with their caches); IAM takes 10240. Give teams roles of their own for fewer repositories each (pergola:access.teams), or share a cache repository (cache: { repository })",
    ],
  ],
  [
    "too many repositories of a team",
    (config) => {
      const repositories = many(80, (index) => `shop/service-${index}`);
      config["pergola:registry"].repositories = repositories;
      asTeams({ shop: { namespaces: ["shop-dev"], repositories } })(config);
    },
    [
      "pergola:access.teams.shop.repositories: make a policy of 11531 characters for the role aws-dev-builder-shop (80 repositories with their caches); IAM takes 10240. Give teams roles of their own for fewer repositories each (pergola:access.teams), or share a cache repository (cache: { repository })",
    ],
  ],
  [
    "too many branches",
    access((it) => (it.ci.github.branches = many(60, (index) => `release-${index}`))),
    [
      'pergola:access.ci.github: makes a trust document of 3149 characters; IAM takes 2048. Name a pattern instead of a list (branches: ["release-*"]), or give the jobs an environment and name that',
    ],
  ],
]);

test("a name that stack and team make too long", () => {
  const { config } = parse(readFileSync(join(import.meta.dirname, "../../../stacks/Pulumi.aws-dev.yaml"), "utf8"));
  asTeams({ ["t".repeat(32)]: { namespaces: ["shop-dev"], repositories: ["shop/api"] } })(config);
  const name = `${"s".repeat(30)}-builder-${"t".repeat(32)}`;
  expect(parseStackFile("s".repeat(30), values(config), [])).toEqual({
    problems: [
      {
        path: `pergola:access.teams.${"t".repeat(32)}.role.name`,
        message: `would be "${name}", which has 71 characters, at most 64 are allowed; give a name`,
      },
    ],
  });
});
