/** The roles that builders have, as names: pure, as roles, accounts and the BuildSetup all go by them. */
import { builderNamespaces, type NamespaceConfig, type StackConfig } from "../config.ts";
import { partitionOf } from "../documents/aws/partition.ts";
import { roleArnOf } from "../documents/aws/roleNames.ts";
import { imageRepositories } from "../registries/ecrRepositories.ts";
import type { AccessConfig, AwsAccessConfig, RoleOptions, TeamConfig } from "../sections/access.ts";
import { GSA_ANNOTATION } from "../setupNames.ts";
import { builderServiceAccount } from "./builderServiceAccount.ts";

/** Annotation by which EKS gives an account's pods a role (EKS user guide, "Assign IAM roles to Kubernetes service accounts"). */
export const ROLE_ANNOTATION = "eks.amazonaws.com/role-arn";

/** A role of builders that this stack makes. */
export interface BuilderRole {
  /** null where all builders have one role */
  readonly team: string | null;
  readonly name: string;
  readonly arn: string;
  readonly options: RoleOptions;
  /** namespaces whose account `garden-in-cluster-builder` has it, exactly */
  readonly namespaces: readonly string[];
  readonly namespacePatterns: readonly string[];
  /** image repositories that it may push to, without their caches */
  readonly repositories: readonly string[];
}

/** What of a stack file roles go by. */
export type AccessParts = Pick<StackConfig, "registry" | "access" | "cluster" | "builder" | "cache">;

/** Whether builders have a role of AWS. */
export function isAwsAccess(access: AccessConfig): access is AwsAccessConfig {
  return access.kind === "irsa" || access.kind === "podIdentity" || access.kind === "existing";
}

/** The account and region of the cluster; null where the stack file does not name them. */
export function clusterHome({ registry, cluster }: Pick<AccessParts, "registry" | "cluster">): {
  readonly account: string;
  readonly region: string;
} | null {
  const account = cluster.eks?.account ?? (registry.kind === "ecr" ? registry.account : undefined);
  const region = cluster.eks?.region ?? (registry.kind === "ecr" ? registry.region : undefined);
  return account === undefined || region === undefined ? null : { account, region };
}

/** The roles of builders that a stack makes: none, one, or one for each team. */
export function builderRoles(config: AccessParts, stack: string): BuilderRole[] {
  const { access, registry } = config;
  const home = clusterHome(config);
  if ((access.kind !== "irsa" && access.kind !== "podIdentity") || registry.kind !== "ecr" || home === null) return [];
  const partition = partitionOf(home.region);
  const named = (options: RoleOptions, fallback: string): Pick<BuilderRole, "name" | "arn" | "options"> => {
    const name = options.name ?? fallback;
    return { name, options, arn: roleArnOf({ partition, account: home.account, path: options.path, name }) };
  };
  if (access.teams !== undefined) {
    return Object.entries(access.teams).map(([team, { role, namespaces, repositories }]) => ({
      ...{ team, namespaces, repositories, namespacePatterns: [] },
      ...named(role, `${stack}-builder-${team}`),
    }));
  }
  return [
    {
      ...named(access.role, `${stack}-builder`),
      team: null,
      namespaces: access.namespaces ?? builderNamespaceNames(config),
      namespacePatterns: access.kind === "irsa" ? access.namespacePatterns : [],
      repositories: imageRepositories(registry).map(({ name }) => name),
    },
  ];
}

/** Names of the builder namespaces of all modes, once each. */
export function builderNamespaceNames({ builder }: Pick<AccessParts, "builder">): string[] {
  return [...new Set(builderNamespaces({ builder }).map(({ namespace }) => namespace.name))];
}

/**
 * Exactly the annotations of the account of builders.
 * @param namespace null for namespaces that only a pattern admits
 */
export function builderAnnotations(
  config: AccessParts,
  stack: string,
  namespace: string | null,
): Record<string, string> {
  const { access } = config;
  switch (access.kind) {
    case "none":
      return access.annotations;
    case "existing":
      return { [ROLE_ANNOTATION]: access.role };
    case "podIdentity":
    case "serviceAccountKey":
      return {};
    case "workloadIdentity":
      return { [GSA_ANNOTATION]: builderServiceAccount(config) };
    case "irsa": {
      const role = builderRoles(config, stack).find(
        (one) => one.team === null || (namespace !== null && one.namespaces.includes(namespace)),
      );
      return role === undefined ? {} : { [ROLE_ANNOTATION]: role.arn };
    }
  }
}

/** The team that a namespace belongs to, by `teams` or, where there are none, as its entry says. */
export function teamOf(
  { access }: Pick<AccessParts, "access">,
  namespace: Pick<NamespaceConfig, "name" | "team">,
): string | null {
  const teams = teamsOf({ access });
  if (teams === null) return namespace.team;
  return Object.keys(teams).find((team) => teams[team]?.namespaces.includes(namespace.name)) ?? null;
}

/** The images that may be built in a namespace: of those that its entry names, the ones that its team may push. */
export function imagesOf(
  { access }: Pick<AccessParts, "access">,
  namespace: NamespaceConfig,
): NamespaceConfig["images"] {
  const teams = teamsOf({ access });
  if (teams === null) return namespace.images;
  const pushed = teams[teamOf({ access }, namespace) ?? ""]?.repositories ?? [];
  return namespace.images === "*" ? [...pushed] : namespace.images.filter((image) => pushed.includes(image));
}

/** The teams of a stack; null where there are none. */
export function teamsOf({ access }: Pick<AccessParts, "access">): Readonly<Record<string, TeamConfig>> | null {
  return access.kind === "irsa" || access.kind === "podIdentity" ? (access.teams ?? null) : null;
}

/** Patterns of namespaces that are made later and may build. */
export function namespacePatternsOf({ access }: Pick<AccessParts, "access">): string[] {
  return access.kind === "podIdentity" || access.kind === "workloadIdentity" ? [] : access.namespacePatterns;
}
