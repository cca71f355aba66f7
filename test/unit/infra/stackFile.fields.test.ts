// Bad stack files: fields whose like is elsewhere in the file, too, once each with the exact message.
import { access, asKind, asTeams } from "./accessChanges.ts";
import { awsCases } from "./awsConfig.ts";
import type { Case, Change } from "./config.ts";

const ROLE = "arn:aws:iam::123456789012:role/provisioner";
const ROLE_NAME = "is not the name of a role: letters, digits and _+=,.@-";
const ROLE_PATH = "is not a path: it begins and ends with a slash";
const TAG_KEY = "is not the key of a tag, or begins with aws:";
const LABEL = "is not a DNS label: lower-case letters, digits and inner hyphens only";
const ORGANIZATION = "is not the id of an organization (o-...)";

/** What a table has of one field: where it is, what is written there, and what is said. */
type Field = readonly [path: string, change: Change, says: string];
const fields = (list: readonly Field[]): Case[] =>
  list.map(([path, change, says]) => [path, change, [`${path}: ${says}`]]);

const registry =
  (more: object): Change =>
  (config) =>
    Object.assign(config["pergola:registry"], more);
const repository = (more: object): Change => registry({ repositories: [{ name: "shop/api", ...more }] });
const eks =
  (more: object): Change =>
  (config) =>
    Object.assign(config["pergola:cluster"].eks, more);
const rules = (expire: object, more: object = {}) => ({ rules: [{ tags: ["a*"], expire, ...more }] });

awsCases(
  "the registry",
  fields([
    [
      "pergola:registry.assumeRole.externalId",
      registry({ assumeRole: { role: ROLE, externalId: "x" } }),
      '"x" is shorter than 2 characters',
    ],
    [
      "pergola:registry.repositories[0].lifecycle.buildCacheDays",
      repository({ lifecycle: { buildCacheDays: 0 } }),
      "0 is less than one day",
    ],
    [
      "pergola:registry.repositories[0].lifecycle.rules[0].description",
      repository({ lifecycle: rules({ afterDays: 1 }, { description: 1 }) }),
      'is 1; allowed is a string: "1"',
    ],
    [
      "pergola:registry.repositories[0].lifecycle.rules[0].expire.afterDays",
      repository({ lifecycle: rules({ afterDays: 0 }) }),
      "0 is less than one day",
    ],
    [
      "pergola:registry.repositories[0].lifecycle.rules[0].expire.beyondCount",
      repository({ lifecycle: rules({ beyondCount: 0 }) }),
      "0 is less than one image",
    ],
    [
      "pergola:registry.lifecycle.rules[0].expire.afterDays",
      registry({ lifecycle: rules({ afterDays: 0.5 }) }),
      "is 0.5; allowed is a whole number",
    ],
    [
      "pergola:registry.repositories[0].pull.organizations[0]",
      repository({ pull: { organizations: ["my-org"] } }),
      `"my-org" ${ORGANIZATION}`,
    ],
    [
      "pergola:registry.repositories[0].pull.roles[0]",
      repository({ pull: { roles: ["ci"] } }),
      '"ci" is not the ARN of an IAM role',
    ],
    [
      "pergola:registry.repositories[0].push.organizations[0]",
      repository({ push: { organizations: ["o-1"] } }),
      `"o-1" ${ORGANIZATION}`,
    ],
    [
      "pergola:registry.push.accounts[0]",
      registry({ push: { accounts: [123456789012] } }),
      "is 123456789012; allowed is a string in quotes, as without them YAML takes an account id for a number and drops a leading zero",
    ],
    ["pergola:registry.push.organizations[0]", registry({ push: { organizations: ["o-1"] } }), `"o-1" ${ORGANIZATION}`],
  ]),
);

const team = (role: object): Change =>
  asTeams({ shop: { namespaces: ["shop-dev"], repositories: ["shop/api", "shop/web"], role } });
const github = (more: object) => access((it) => Object.assign(it.ci.github, more));
const gitlab = (more: object) =>
  access((it) => (it.ci = { gitlab: { project: "a/b", oidcProvider: { create: true }, branches: ["main"], ...more } }));
const ciRole = (role: object) => access((it) => (it.ci.role = role));

awsCases(
  "access",
  fields([
    [
      'pergola:access.annotations["a/b"]',
      asKind("none", { annotations: { "a/b": 1 } }),
      'is 1; allowed is a string: "1"',
    ],
    ["pergola:access.teams.shop.role.name", team({ name: "a b" }), `"a b" ${ROLE_NAME}`],
    ["pergola:access.teams.shop.role.path", team({ path: "a" }), `"a" ${ROLE_PATH}`],
    ["pergola:access.teams.shop.role.maxSessionSeconds", team({ maxSessionSeconds: 1 }), "1 is less than 3600"],
    ['pergola:access.teams.shop.role.tags["aws:a"]', team({ tags: { "aws:a": "b" } }), `the key "aws:a" ${TAG_KEY}`],
    ["pergola:access.ci.role.path", ciRole({ path: "ci" }), `"ci" ${ROLE_PATH}`],
    ["pergola:access.ci.role.maxSessionSeconds", ciRole({ maxSessionSeconds: 1 }), "1 is less than 3600"],
    ["pergola:access.ci.role.tags.a", ciRole({ tags: { a: "?" } }), '"?" is not the value of a tag'],
    ["pergola:access.ci.github.tags[0]", github({ tags: ["v 1"] }), '"v 1" is not the name of a branch or tag'],
    ["pergola:access.ci.github.pullRequests", github({ pullRequests: "yes" }), 'is "yes"; allowed is true or false'],
    [
      "pergola:access.ci.github.oidcProvider.create",
      github({ oidcProvider: { create: false } }),
      "is false; allowed: true",
    ],
    ["pergola:access.ci.gitlab.branches[0]", gitlab({ branches: ["a b"] }), '"a b" is not the name of a branch or tag'],
    ["pergola:access.ci.gitlab.tags[0]", gitlab({ tags: ["a b"] }), '"a b" is not the name of a branch or tag'],
    ["pergola:access.ci.gitlab.audience", gitlab({ audience: "" }), '"" is empty'],
    ["pergola:access.ci.gitlab.oidcProvider.create", gitlab({ oidcProvider: { create: 1 } }), "is 1; allowed: true"],
  ]),
);

awsCases("a form with many mistakes is still taken for that form", [
  [
    "jobs of GitHub",
    github({ branches: ["a b"], tags: ["v 1"], pullRequests: "yes", audience: "" }),
    [
      'pergola:access.ci.github.branches[0]: "a b" is not the name of a branch or tag',
      'pergola:access.ci.github.tags[0]: "v 1" is not the name of a branch or tag',
      'pergola:access.ci.github.pullRequests: is "yes"; allowed is true or false',
      'pergola:access.ci.github.audience: "" is empty',
    ],
  ],
]);

const modes =
  (mode: string, more: object): Change =>
  (config) => {
    config["pergola:builder"].default = mode;
    const before = config["pergola:builder"].modes[mode] ?? { namespaces: ["shop-dev"] };
    config["pergola:builder"].modes[mode] = { ...before, ...more };
  };
const buildkit = (more: object) => modes("cluster-buildkit", more);

awsCases(
  "cluster, builders and caches",
  fields([
    ["pergola:cluster.eks.name", eks({ name: "a b" }), '"a b" is not the name of an EKS cluster'],
    [
      "pergola:cluster.eks.region",
      eks({ region: "Frankfurt" }),
      '"Frankfurt" is not the name of an AWS region, such as eu-central-1',
    ],
    [
      "pergola:cluster.eks.assumeRole.externalId",
      eks({ assumeRole: { role: ROLE, externalId: 7 } }),
      'is 7; allowed is a string: "7"',
    ],
    [
      "pergola:cluster.eks.assumeRole.sessionName",
      eks({ assumeRole: { role: ROLE, sessionName: "a b" } }),
      '"a b" is not the name of a session',
    ],
    [
      "pergola:builder.modes.cluster-buildkit.namespaces[0].name",
      buildkit({ namespaces: [{ name: "Shop" }] }),
      `"Shop" ${LABEL}`,
    ],
    [
      "pergola:builder.modes.cluster-buildkit.namespaces[0].existing",
      buildkit({ namespaces: [{ name: "shop-dev", existing: "no" }] }),
      'is "no"; allowed is true or false',
    ],
    [
      "pergola:builder.modes.cluster-buildkit.namespaces[0].images",
      buildkit({ namespaces: [{ name: "shop-dev", images: 1 }] }),
      'is 1; allowed is "*" or a list',
    ],
    [
      "pergola:builder.modes.cluster-buildkit.resources.requests.cpu",
      buildkit({ resources: { requests: { cpu: "many" } } }),
      '"many" is not a quantity like "500m", "4" or "8Gi"',
    ],
    [
      "pergola:builder.modes.kaniko.namespaces[0].name",
      modes("kaniko", { namespaces: [{ name: "Shop" }] }),
      `"Shop" ${LABEL}`,
    ],
    [
      "pergola:builder.modes.kaniko.helpers[0]",
      modes("kaniko", { helpers: ["ECR"] }),
      '"ECR" is not the name of a credential helper',
    ],
    [
      "pergola:builder.modes.kaniko.extraFlags[0]",
      modes("kaniko", { extraFlags: [1] }),
      'is 1; allowed is a string: "1"',
    ],
    [
      "pergola:cache[0].registry.assumeRole.externalId",
      cacheAs({ externalId: "x" }),
      '"x" is shorter than 2 characters',
    ],
    [
      "pergola:cache[0].registry.assumeRole.sessionName",
      cacheAs({ sessionName: "a b" }),
      '"a b" is not the name of a session',
    ],
  ]),
);

function cacheAs(more: object): Change {
  return (config) => {
    const place = { kind: "ecr", account: "210987654321", region: "eu-central-1" };
    const role = "arn:aws:iam::210987654321:role/provisioner";
    config["pergola:cache"] = [{ tag: "a", mode: "max", registry: { ...place, assumeRole: { role, ...more } } }];
  };
}

awsCases("logins for hosts that have a helper", [
  [
    "a login for the registry of the images",
    (config) => {
      const host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
      config["pergola:secrets"] = { p: "x" };
      config["pergola:cluster"].pullSecret = { logins: [{ host, username: "AWS", passwordSecret: "p" }] };
    },
    [
      "pergola:cluster.pullSecret.logins[0]: is a login for 123456789012.dkr.ecr.eu-central-1.amazonaws.com, which already has the credential helper ecr-login, of pergola:registry; only one can be used: remove one of them",
    ],
  ],
]);
