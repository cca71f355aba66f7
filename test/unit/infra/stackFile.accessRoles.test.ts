// Bad stack files: every rule about roles of builders once, with the exact message.
import { access, asKind, asTeams, many, PROVIDER } from "./accessChanges.ts";
import { awsCases } from "./awsConfig.ts";
import type { Case } from "./config.ts";

awsCases("what access is for", [
  [
    "a registry of another kind",
    (config) => {
      config["pergola:cluster"].builderNodes = [{ kind: "existing" }];
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
    "CI jobs in a group that EKS keeps for itself",
    (config) => (config["pergola:cluster"].ci = { group: "system:masters" }),
    [
      'pergola:cluster.ci.group: is "system:masters": pergola:access.ci gets an access entry with it, and EKS takes no group there that begins with system:; write another name, or remove it',
    ],
  ],
  ...["irsa", "podIdentity", "existing"].map(
    (kind): Case => [
      `a role that nobody becomes, of kind ${kind}`,
      (config) => {
        config["pergola:builder"] = { default: "local-docker", modes: { "local-docker": {} } };
        const { oidcProviders } = config["pergola:access"];
        const role = "arn:aws:iam::123456789012:role/a";
        config["pergola:access"] = { kind, ...{ irsa: { oidcProviders }, existing: { role } }[kind] };
      },
      [
        `pergola:access.kind: is "${kind}", a role for builders in the cluster, but no mode of pergola:builder.modes builds there; write kind: none, or list namespaces`,
      ],
    ],
  ),
  [
    "a role of Garden's namespaces alone, which may be",
    (config) => {
      config["pergola:builder"] = { default: "local-docker", modes: { "local-docker": {} } };
      config["pergola:access"].namespacePatterns = [];
    },
    [],
  ],
  [
    "a namespace twice",
    access((it) => it.namespaces.push("shop-dev")),
    ['pergola:access.namespaces[1]: "shop-dev" is listed twice'],
  ],
  [
    "a pattern where Pod Identity has a namespace",
    asKind("podIdentity", { namespaces: ["shop-*"] }),
    [
      'pergola:access.namespaces[0]: "shop-*" has a wildcard: an identity of this kind is bound to single namespaces; list each',
    ],
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
    "namespaces and what a role is like beside teams",
    (config) => {
      asTeams({ shop: { namespaces: ["shop-dev"], repositories: ["shop/api"] } })(config);
      config["pergola:access"].namespaces = ["shop-dev"];
      config["pergola:access"].role = { name: "builders", permissionsBoundary: "arn:aws:iam::123456789012:policy/a" };
    },
    [
      "pergola:access.namespaces: are those of the one role of all builders, but each team has its own role; move them to the teams",
      "pergola:access.role.name: is of the one role of all builders, but each team has its own; move it to pergola:access.teams.<team>.role",
      "pergola:access.role.permissionsBoundary: is of the one role of all builders, but each team has its own; move it to pergola:access.teams.<team>.role",
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
