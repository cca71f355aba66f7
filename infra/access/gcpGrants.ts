/** What the builders' service account may do, and who is it: pure, as rules, resources and the words of a preview all go by it. */
import type { ParsedSections, StackConfig } from "../config.ts";
import { builderMember, READER, serviceAccountName, WRITER } from "../documents/gcp/members.ts";
import { garKey } from "../registries/garPlan.ts";
import { type BuilderRepository, builderRepositories } from "../registries/garRepositories.ts";
import { isGar } from "../registries/registryPlace.ts";
import { type AccessParts, builderNamespaceNames } from "./builderRoles.ts";
import { builderServiceAccount, isGcpAccess, serviceAccountProject } from "./builderServiceAccount.ts";

/** A right of the builders' service account to one repository. */
export interface RepositoryGrant {
  /** PROJECT/LOCATION/REPOSITORY */
  readonly key: string;
  readonly repository: BuilderRepository;
  readonly role: string;
}

/** A service account that is made, or one that is there. */
export interface ServiceAccountPlan {
  readonly email: string;
  readonly project: string;
  /** id to make it by; null where it is there */
  readonly create: string | null;
  /** projects/PROJECT/serviceAccounts/ADDRESS */
  readonly name: string;
}

/** The builders' service account; null where builders are none. */
export function builderAccountPlan(config: Pick<StackConfig, "access" | "registry">): ServiceAccountPlan | null {
  const { access, registry } = config;
  if (!isGcpAccess(access)) return null;
  const project = serviceAccountProject(access, registry);
  if (project === null) throw new Error("the project of the builders' service account is not known");
  const email = builderServiceAccount(config);
  const create = typeof access.serviceAccount === "string" ? access.serviceAccount : null;
  return { email, project, create, name: serviceAccountName(email, project) };
}

/** The project whose repositories builders may all write to; null where they get rights to each. */
export function grantedProject({ access, registry }: Pick<StackConfig, "access" | "registry">): string | null {
  return isGcpAccess(access) && access.scope === "project" && isGar(registry) ? registry.project : null;
}

/** The rights to single repositories: to write to those that builders push to, to read the others. */
export function repositoryGrants(config: Pick<StackConfig, "access" | "registry" | "cache">): RepositoryGrant[] {
  if (!isGcpAccess(config.access)) return [];
  const whole = grantedProject(config);
  return builderRepositories(config)
    .filter(({ project }) => project !== whole)
    .map((repository) => ({
      key: garKey(repository),
      repository,
      role: repository.writable ? WRITER : READER,
    }));
}

/** Project of the cluster, of which builders are principals; null where the stack file does not tell. */
export function clusterProjectOf({ access, cluster }: Pick<ParsedSections, "access" | "cluster">): string | null {
  const said = access?.kind === "workloadIdentity" ? access.clusterProject : undefined;
  return said ?? cluster?.gke?.project ?? null;
}

/** Namespaces whose builders are the service account by Workload Identity, once each. */
export function memberNamespaces(config: Pick<AccessParts, "access" | "builder">): string[] {
  const { access } = config;
  if (access.kind !== "workloadIdentity") return [];
  return [...new Set(access.namespaces ?? builderNamespaceNames(config))];
}

/** Namespace -> the one member that its builders are. */
export function builderMembers(config: Pick<AccessParts, "access" | "builder" | "cluster">): Map<string, string> {
  const project = clusterProjectOf(config);
  const namespaces = memberNamespaces(config);
  if (namespaces.length > 0 && project === null) throw new Error("the project of the cluster is not known");
  return new Map(namespaces.map((namespace) => [namespace, builderMember(project ?? "", namespace)]));
}

/** Numbers of the keys that there are, the present one first; none without keys. */
export function keyNumbers({ access }: Pick<StackConfig, "access">): number[] {
  if (access.kind !== "serviceAccountKey") return [];
  const { rotation, keep } = access;
  return keep === "previous" && rotation > 1 ? [rotation, rotation - 1] : [rotation];
}
