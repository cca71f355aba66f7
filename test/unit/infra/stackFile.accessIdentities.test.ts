// Bad stack files: every rule about ARNs, names of roles and CI jobs once, with the exact message.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseStackFile } from "../../../infra/stackFile.ts";
import { access, asKind, asTeams, PROVIDER, ROLE } from "./accessChanges.ts";
import { awsCases } from "./awsConfig.ts";
import { values } from "./config.ts";

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
    "a role of another account than the cluster's to make what its account gets",
    (config) => {
      config["pergola:cluster"].eks.assumeRole = { role: "arn:aws:iam::999999999999:role/a" };
    },
    [
      'pergola:cluster.eks.assumeRole.role: is a role of the account 999999999999, but the cluster is in 123456789012; name a role of that account, or write account: "999999999999"',
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
    "CI jobs as the builders' role that is made",
    access((it) => (it.ci = { role: "arn:aws:iam::123456789012:role/aws-dev-builder" })),
    [
      "pergola:access.ci.role: is the role of builders: jobs could push themselves, and whatever runs a builder could get into the cluster; jobs need no right to the registry, so give them a role of their own",
    ],
  ],
  [
    "CI jobs as the role of a team",
    (config) => {
      asTeams({ shop: { namespaces: ["shop-dev"], repositories: ["shop/api", "shop/web"] } })(config);
      config["pergola:access"].ci = { role: "arn:aws:iam::123456789012:role/aws-dev-builder-shop" };
    },
    [
      "pergola:access.ci.role: is the role of the builders of team shop: jobs could push themselves, and whatever runs a builder could get into the cluster; jobs need no right to the registry, so give them a role of their own",
    ],
  ],
  [
    "CI jobs as the builders' role that is there",
    asKind("existing", { role: ROLE, namespaces: ["shop-dev"], ci: { role: ROLE } }),
    [
      "pergola:access.ci.role: is also pergola:access.role, that of builders: jobs could push themselves, and whatever runs a builder could get into the cluster; jobs need no right to the registry, so give them a role of their own",
    ],
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
