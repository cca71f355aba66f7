// Bad stack files: every field of `access` on AWS once, with the exact message.
import { access, asKind, asTeams, PROVIDER, ROLE } from "./accessChanges.ts";
import { awsCases } from "./awsConfig.ts";

awsCases("fields of access", [
  [
    "a kind that is near another",
    access((it) => (it.kind = "isra")),
    [
      'pergola:access.kind: is "isra"; allowed: none, irsa, podIdentity, existing, workloadIdentity, serviceAccountKey; did you mean irsa?',
    ],
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
    ['pergola:access.namespaces[1]: "shop-*" has a wildcard: these are names; a pattern goes into namespacePatterns'],
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
    "a path with a wildcard",
    access((it) => (it.role = { path: "/*/" })),
    ['pergola:access.role.path: "/*/" has a wildcard, which would mean other roles where this one is let in'],
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
    ["pergola:access.ci.role: is missing (role of the jobs, made elsewhere)"],
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
    "tags with what builds are named by, which may be",
    access((it) => (it.ci.github.tags = ["v1.0.0+build.1", "@scope/tool@2.0"])),
    [],
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
    ["pergola:access.ci.github.oidcProvider: is missing (a string or an object)"],
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
