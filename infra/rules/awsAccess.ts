/** Rules of a stack file about roles of builders: what they are for, who gets them, and whether AWS would take them. */
import { builderRolePolicy, builderTrust, clusterOidcProviders } from "../access/accessDocuments.ts";
import { type AccessParts, type BuilderRole, builderRoles, isAwsAccess, teamsOf } from "../access/builderRoles.ts";
import { builderNamespaces, modesOf, type ParsedSections } from "../config.ts";
import { listedTwice, type Problem, problem } from "../configProblems.ts";
import { POLICY_LIMITS, policySize } from "../documents/aws/policyDocument.ts";
import { matchesPattern } from "../documents/namespacePattern.ts";
import { nearest } from "../documents/nearest.ts";
import { imageRepositories } from "../registries/ecrRepositories.ts";
import type { AwsAccessConfig as Access, RoleOptions, TeamConfig } from "../sections/access.ts";
import { roleOptions } from "../sections/awsValues.ts";
import { awsIdentityProblems } from "./awsIdentities.ts";

type Path = readonly (string | number)[];

/** All violations. @param stack its name, which is part of the names of roles */
export function awsAccessProblems(config: ParsedSections, stack: string): Problem[] {
  const { access, registry, cluster } = config;
  if (access === undefined || !isAwsAccess(access)) return [];
  if (registry !== undefined && registry.kind !== "ecr") {
    const message =
      `is ${JSON.stringify(access.kind)}, a role of AWS that may push to ECR, but pergola:registry is of kind ` +
      `${JSON.stringify(registry.kind)}, where it is good for nothing; write kind: none, or use a registry of kind: ecr`;
    return [problem(["access", "kind"], message)];
  }
  const problems = [
    ...clusterNeeded(access, cluster),
    ...group(access, cluster),
    ...lists(access),
    ...covered(access, config),
    ...somebody(access, config),
    ...teams(access, config),
    ...awsIdentityProblems(config, access, stack),
  ];
  return problems.length > 0 ? problems : limits(config, stack);
}

/** What is made in the cluster by AWS goes by its name there. */
function clusterNeeded(access: Access, cluster: ParsedSections["cluster"]): Problem[] {
  if (cluster === undefined || cluster.eks !== undefined) return [];
  const next = "add pergola:cluster.eks: { name, region }";
  if (access.kind === "podIdentity") {
    return [problem(["access", "kind"], `is "podIdentity", which goes by the name of the cluster in EKS; ${next}`)];
  }
  if (access.ci === undefined) return [];
  return [problem(["access", "ci"], `gets an access entry, which goes by the name of the cluster in EKS; ${next}`)];
}

/** Groups that EKS puts nobody into by an access entry (EKS user guide, "Create access entries"). */
const RESERVED_GROUPS = /^(system|eks|aws|amazon|iam):/;

function group(access: Access, cluster: ParsedSections["cluster"]): Problem[] {
  const [reserved] = (access.ci !== undefined && RESERVED_GROUPS.exec(cluster?.ci.group ?? "")) || [];
  if (reserved === undefined) return [];
  const message =
    `is ${JSON.stringify(cluster?.ci.group)}: pergola:access.ci gets an access entry with it, and EKS takes no group there that ` +
    `begins with ${reserved}; write another name, or remove it`;
  return [problem(["cluster", "ci", "group"], message)];
}

/** Namespaces once each, and no list or pattern that nothing reads. */
function lists(access: Access): Problem[] {
  const { namespaces = [], namespacePatterns } = access;
  const problems = listedTwice(["access", "namespaces"], namespaces);
  const given = teamsOf({ access });
  if (access.kind === "podIdentity" && namespacePatterns.length > 0) {
    const message =
      "are not for podIdentity: an association of EKS names exactly one namespace, and none has a wildcard. List namespaces, or " +
      "write kind: irsa, which trusts patterns";
    problems.push(problem(["access", "namespacePatterns"], message));
  } else if (given !== null && namespacePatterns.length > 0) {
    const message =
      "are not for teams: of a namespace that is made later nothing says whose it is. List it under its team, or remove teams";
    problems.push(problem(["access", "namespacePatterns"], message));
  }
  if (given === null) return problems;
  if (access.namespaces !== undefined) {
    const message = "are those of the one role of all builders, but each team has its own role; move them to the teams";
    problems.push(problem(["access", "namespaces"], message));
  }
  const idle = "role" in access && typeof access.role === "object" ? said(access.role) : [];
  for (const key of idle) {
    const message =
      "is of the one role of all builders, but each team has its own; move it to pergola:access.teams.<team>.role";
    problems.push(problem(["access", "role", key], message));
  }
  return problems;
}

/** What differs from how a role is made by default. */
function said(role: RoleOptions): string[] {
  const defaults: Record<string, unknown> = roleOptions.parse({});
  return Object.entries(role).flatMap(([key, value]) =>
    JSON.stringify(value) === JSON.stringify(defaults[key]) ? [] : [key],
  );
}

/** Builders without push rights would build and fail at the end. */
function covered(access: Access, { builder }: ParsedSections): Problem[] {
  if (builder === undefined || teamsOf({ access }) !== null || access.namespaces === undefined) return [];
  const { namespaces, namespacePatterns } = access;
  return builderNamespaces({ builder }).flatMap(({ path, namespace: { name } }) => {
    if (namespaces.includes(name) || namespacePatterns.some((pattern) => matchesPattern(pattern, name))) return [];
    const message =
      `${JSON.stringify(name)} could not push: pergola:access.namespaces does not have it, and no pattern matches it; add it ` +
      "there, or remove that list, which is the builder namespaces by default";
    return [problem(path, message)];
  });
}

/** A role that nobody becomes would have a trust document without statements, which IAM refuses. */
function somebody(access: Access, { builder }: ParsedSections): Problem[] {
  if (builder === undefined || teamsOf({ access }) !== null || access.namespaces !== undefined) return [];
  if (modesOf({ builder }).length > 0 || access.namespacePatterns.length > 0) return [];
  const message =
    `is ${JSON.stringify(access.kind)}, a role for builders in the cluster, but no mode of pergola:builder.modes builds there; write ` +
    "kind: none, or list namespaces";
  return [problem(["access", "kind"], message)];
}

/** Every builder namespace has one team, and teams have repositories that there are. A repository may be of several teams. */
function teams(access: Access, { builder, registry }: ParsedSections): Problem[] {
  const given = teamsOf({ access });
  if (given === null) return [];
  if (Object.keys(given).length === 0) return [problem(["access", "teams"], "is empty; name a team, or remove it")];
  const owners = new Map<string, string>();
  const problems = Object.entries(given).flatMap(([team, { namespaces, repositories }]) => {
    const own = namespaces.flatMap((namespace, index) => {
      const path = ["access", "teams", team, "namespaces", index];
      const owner = owners.get(namespace);
      owners.set(namespace, owner ?? team);
      if (owner === undefined) return [];
      const whose =
        owner === team ? "is listed twice" : `is also of team ${owner}: its service account can have one role`;
      return [problem(path, `${JSON.stringify(namespace)} ${whose}`)];
    });
    return [...own, ...teamRepositories(team, repositories, registry)];
  });
  if (builder === undefined) return problems;
  return [...problems, ...builderNamespaces({ builder }).flatMap((entry) => teamOfNamespace(entry, given, owners))];
}

function teamRepositories(team: string, names: readonly string[], registry: ParsedSections["registry"]): Problem[] {
  if (registry?.kind !== "ecr") return [];
  const there = imageRepositories(registry).map(({ name }) => name);
  return names.flatMap((name, index) => {
    const path = ["access", "teams", team, "repositories", index];
    if (names.indexOf(name) !== index) return [problem(path, `${JSON.stringify(name)} is listed twice`)];
    if (there.includes(name)) return [];
    const meant = nearest(name, there);
    const next = meant === null ? `there are: ${there.join(", ")}` : `did you mean ${meant}?`;
    return [problem(path, `${JSON.stringify(name)} is not in pergola:registry.repositories; ${next}`)];
  });
}

/** What the entry of a builder namespace says is no more than its team may. */
function teamOfNamespace(
  { path, namespace }: ReturnType<typeof builderNamespaces>[number],
  given: Readonly<Record<string, TeamConfig>>,
  owners: ReadonlyMap<string, string>,
): Problem[] {
  const team = owners.get(namespace.name);
  if (team === undefined) {
    const message = `${JSON.stringify(namespace.name)} is of no team, so it could not push; add it to pergola:access.teams.<team>.namespaces`;
    return [problem(path, message)];
  }
  if (namespace.team !== null && namespace.team !== team) {
    const message = `is ${JSON.stringify(namespace.team)}, but pergola:access.teams has the namespace under ${team}; remove it here`;
    return [problem([...path, "team"], message)];
  }
  if (namespace.images === "*") return [];
  const pushed = given[team]?.repositories ?? [];
  return namespace.images.flatMap((image, index) =>
    pushed.includes(image)
      ? []
      : [
          problem(
            [...path, "images", index],
            `${JSON.stringify(image)} is not a repository of team ${team}, so it could not be pushed`,
          ),
        ],
  );
}

/** Documents that IAM would not take are refused before the first of them is made. */
function limits({ registry, access, cluster, builder, cache }: ParsedSections, stack: string): Problem[] {
  if (!registry || !access || !cluster || !builder || !cache) return [];
  const parts = { registry, access, cluster, builder, cache };
  return builderRoles(parts, stack).flatMap((role) => [...trustLimit(parts, role), ...policyLimit(parts, role)]);
}

function trustLimit(parts: AccessParts, role: BuilderRole): Problem[] {
  const trust = builderTrust(parts, role);
  const size = policySize(trust);
  if (size <= POLICY_LIMITS.trust) return [];
  const { access } = parts;
  const clusters = clusterOidcProviders(parts).length;
  const patterns = role.namespacePatterns.length;
  const of = [
    amount(role.namespaces.length, "namespace"),
    ...(patterns > 0 ? [amount(patterns, "pattern")] : []),
    ...(clusters > 0 ? [amount(clusters, "OIDC provider")] : []),
  ];
  const { path, next } = whatToShorten();
  const message = `make a trust document of ${size} characters (${of.join(", ")}); IAM takes ${POLICY_LIMITS.trust}. ${next}`;
  return [problem(path, message)];

  function whatToShorten(): { path: Path; next: string } {
    const several = "or give teams roles of their own (pergola:access.teams)";
    if (clusters > 1 && size / clusters <= POLICY_LIMITS.trust) {
      return {
        path: ["access", "oidcProviders"],
        next: "Give some of the clusters a stack, and so a role, of their own",
      };
    }
    if (role.team !== null) {
      return {
        path: ["access", "teams", role.team, "namespaces"],
        next: "Make two teams of it, with the same repositories",
      };
    }
    if (patterns > role.namespaces.length) {
      return {
        path: ["access", "namespacePatterns"],
        next: `Name fewer, wider patterns ("team-*"), ${several}`,
      };
    }
    const listed = isAwsAccess(access) && access.namespaces !== undefined;
    const path = listed ? ["access", "namespaces"] : ["builder", "modes"];
    const pattern = 'a pattern instead of a list (namespacePatterns: ["team-*"])';
    return {
      path,
      next: `${access.kind === "irsa" ? `Name ${pattern}` : `Write kind: irsa with ${pattern}`}, ${several}`,
    };
  }
}

function policyLimit(parts: AccessParts, role: BuilderRole): Problem[] {
  const size = policySize(builderRolePolicy(parts, role.repositories));
  if (size <= POLICY_LIMITS.inline) return [];
  const path = role.team === null ? ["registry", "repositories"] : ["access", "teams", role.team, "repositories"];
  const message =
    `make a policy of ${size} characters for the role ${role.name} (${amount(role.repositories.length, "repository")} with their ` +
    `caches); IAM takes ${POLICY_LIMITS.inline}. Give teams roles of their own for fewer repositories each (pergola:access.teams), or ` +
    "share a cache repository (cache: { repository })";
  return [problem(path, message)];
}

function amount(count: number, one: string): string {
  return `${count} ${count === 1 ? one : one.replace(/y$/, "ie").concat("s")}`;
}
