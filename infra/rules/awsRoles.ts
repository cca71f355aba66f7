/** Rules of a stack file about the roles that are made in AWS: of builders, of CI jobs, of nodes. */
import { ciJobRole, ciOf } from "../access/accessDocuments.ts";
import { builderRoles, clusterHome } from "../access/builderRoles.ts";
import { groupNameOf } from "../cluster/nodeNames.ts";
import type { ParsedSections } from "../config.ts";
import { type Problem, pathText, problem } from "../configProblems.ts";
import { nodeRoleName } from "../documents/aws/nodeRole.ts";
import { roleNameProblem } from "../documents/aws/roleNames.ts";
import type { EksNodesConfig } from "../sections/builderNodes.ts";
import { elsewhere } from "./awsIdentities.ts";

type Path = readonly (string | number)[];

/** A role that this stack makes. */
interface MadeRole {
  readonly path: Path;
  readonly name: string;
  /** whether the stack file gives its name */
  readonly given: boolean;
}

/** All violations. @param stack its name, which is part of the names of roles */
export function awsRoleProblems(config: ParsedSections, stack: string): Problem[] {
  return [
    ...boundaries(config),
    ...bothNodeRoles(config),
    ...roleNames(config, stack),
    ...jobsAsBuilders(config, stack),
  ];
}

/** The node groups of a stack file whose role is made, with their place in it. */
function groupsWithRole({ cluster }: ParsedSections): [Path, EksNodesConfig][] {
  return (cluster?.builderNodes ?? []).flatMap((nodes, index): [Path, EksNodesConfig][] =>
    nodes.kind === "eks" && nodes.nodeRole === undefined ? [[["cluster", "builderNodes", index], nodes]] : [],
  );
}

/** Policies of a boundary are of the role's account, or AWS's own. */
function boundaries(config: ParsedSections): Problem[] {
  const { access, registry, cluster } = config;
  if (registry === undefined || cluster === undefined) return [];
  const home = clusterHome({ registry, cluster });
  if (home === null) return [];
  const roles: [Path, { readonly permissionsBoundary?: string | undefined }][] = [];
  if (access?.kind === "irsa" || access?.kind === "podIdentity") {
    roles.push([["access", "role"], access.role]);
    for (const [team, { role }] of Object.entries(access.teams ?? {}))
      roles.push([["access", "teams", team, "role"], role]);
  }
  const ci = access === undefined ? null : ciOf({ access });
  if (ci !== null && typeof ci.role === "object") roles.push([["access", "ci", "role"], ci.role]);
  for (const [path, { role }] of groupsWithRole(config)) if (role !== undefined) roles.push([[...path, "role"], role]);
  return roles.flatMap(([path, { permissionsBoundary }]) => {
    if (permissionsBoundary === undefined) return [];
    const what = `the role is made in ${home.account}, the account of the cluster`;
    const wrong = elsewhere(permissionsBoundary, home, what);
    return wrong === null ? [] : [problem([...path, "permissionsBoundary"], wrong)];
  });
}

/** A role that is given is as it is. */
function bothNodeRoles({ cluster }: ParsedSections): Problem[] {
  return (cluster?.builderNodes ?? []).flatMap((nodes, index) => {
    if (nodes.kind !== "eks" || nodes.nodeRole === undefined || nodes.role === undefined) return [];
    const message = "is how a role is made, but nodeRole gives one that is there; remove one of them";
    return [problem(["cluster", "builderNodes", index, "role"], message)];
  });
}

/** Names that are made from those of stack and team fit, and no two roles have the same, for which letter case counts nothing. */
function roleNames(config: ParsedSections, stack: string): Problem[] {
  const roles = [...accessRoles(config, stack), ...nodeRoles(config, stack)];
  return roles.flatMap(({ path, name, given }, index) => {
    const wrong = given ? null : roleNameProblem(name);
    if (wrong !== null) return [problem(path, `would be ${JSON.stringify(name)}, which ${wrong}; give a name`)];
    const twin = roles.slice(0, index).find((other) => other.name.toLowerCase() === name.toLowerCase());
    if (twin === undefined) return [];
    return [
      problem(
        path,
        `is ${JSON.stringify(name)}, which is also the name at ${pathText(twin.path)}; roles of an account have different names`,
      ),
    ];
  });
}

function accessRoles({ registry, access, cluster, builder, cache }: ParsedSections, stack: string): MadeRole[] {
  if (!registry || !access || !cluster || !builder || !cache || access.kind === "none") return [];
  const parts = { registry, access, cluster, builder, cache };
  if (clusterHome(parts) === null) return [];
  const roles = builderRoles(parts, stack).map(
    ({ team, name, options }): MadeRole => ({
      path: team === null ? ["access", "role", "name"] : ["access", "teams", team, "role", "name"],
      name,
      given: options.name !== undefined,
    }),
  );
  const ci = ciJobRole(parts, stack);
  if (ci !== null)
    roles.push({ path: ["access", "ci", "role", "name"], name: ci.name, given: ci.options.name !== undefined });
  return roles;
}

function nodeRoles(config: ParsedSections, stack: string): MadeRole[] {
  const groups = groupsWithRole(config);
  return groups.flatMap(([path, nodes], index): MadeRole[] => {
    const { name, role } = nodes;
    const at = [...path, "role", "name"];
    if (role?.name !== undefined) return [{ path: at, name: role.name, given: true }];
    // Two groups of one name are said to be that, and whether the role of a group that has a name fits (nodes.ts, awsNodes.ts).
    const group = groupNameOf(nodes, stack);
    if (groups.slice(0, index).some(([, other]) => groupNameOf(other, stack) === group)) return [];
    return [{ path: at, name: nodeRoleName(group), given: name !== undefined }];
  });
}

/** Builders push, jobs let them: a job that is a builder could push without one. */
function jobsAsBuilders({ registry, access, cluster, builder, cache }: ParsedSections, stack: string): Problem[] {
  if (access === undefined || access.kind === "none") return [];
  const role = ciOf({ access })?.role;
  if (typeof role !== "string") return [];
  const path: Path = ["access", "ci", "role"];
  const message = (whose: string) =>
    `is ${whose}: jobs could push themselves, and whatever runs a builder could get into the cluster; jobs need no right to the ` +
    "registry, so give them a role of their own";
  if (access.kind === "existing") {
    return role === access.role ? [problem(path, message("also pergola:access.role, that of builders"))] : [];
  }
  if (!registry || !cluster || !builder || !cache) return [];
  const same = builderRoles({ registry, access, cluster, builder, cache }, stack).find(({ arn }) => arn === role);
  if (same === undefined) return [];
  return [
    problem(
      path,
      message(same.team === null ? "the role of builders" : `the role of the builders of team ${same.team}`),
    ),
  ];
}
