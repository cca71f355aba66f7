/** Rules of a stack file about the builders' service account of Google Cloud: what it is for, whose it is, who is it. */
import { builderNamespaceNames } from "../access/builderRoles.ts";
import { isGcpAccess, serviceAccountProject } from "../access/builderServiceAccount.ts";
import { clusterProjectOf, memberNamespaces } from "../access/gcpGrants.ts";
import { builderNamespaces, type ParsedSections } from "../config.ts";
import { listedTwice, type Problem, problem } from "../configProblems.ts";
import { MEMBERS_LIMIT } from "../documents/gcp/members.ts";
import { projectOfServiceAccount, sharedAccount } from "../documents/gcp/names.ts";
import { isGar } from "../registries/registryPlace.ts";
import type { GcpAccessConfig, WorkloadIdentityConfig } from "../sections/gcpAccess.ts";
import { gcpCiProblems } from "./gcpCi.ts";

/** All violations. @param stack its name, of which names of CI's identity are made */
export function gcpAccessProblems(config: ParsedSections, stack: string): Problem[] {
  const { access } = config;
  if (access === undefined || !isGcpAccess(access)) return [];
  const elsewhere = [...purpose(access, config), ...otherCloud(access, config)];
  if (elsewhere.length > 0) return elsewhere;
  return [
    ...scope(access, config),
    ...(everybodys(access) ?? project(access, config)),
    ...(access.kind === "workloadIdentity" ? principals(access, config) : []),
    ...somebody(access, config),
    ...gcpCiProblems(config, access, stack),
  ];
}

/** A service account of Google Cloud pushes to Google's registries. */
function purpose(access: GcpAccessConfig, { registry, cache }: ParsedSections): Problem[] {
  if (registry === undefined || cache === undefined || isGar(registry)) return [];
  if (cache.some((entry) => entry.registry?.kind === "artifactRegistry")) return [];
  const message =
    `is ${JSON.stringify(access.kind)}, a service account that may push to Artifact Registry and gcr.io, but pergola:registry is of kind ` +
    `${JSON.stringify(registry.kind)}, and no cache is in Artifact Registry: it is good for nothing; write kind: none, or use a registry ` +
    "of kind: artifactRegistry";
  return [problem(["access", "kind"], message)];
}

/** Builders are somebody in one cloud, and by Workload Identity in a cluster of GKE only. */
function otherCloud(access: GcpAccessConfig, { registry, cache, cluster }: ParsedSections): Problem[] {
  const path = ["access", "kind"];
  const said = `is ${JSON.stringify(access.kind)}, `;
  const problems: Problem[] = [];
  if (registry?.kind === "ecr" && cache?.some((entry) => entry.registry?.kind === "artifactRegistry")) {
    const message =
      `${said}but pergola:registry is of kind "ecr": builders have one identity, and without a role of AWS they could not push their ` +
      "images; write kind: irsa, podIdentity or existing, and keep caches in ECR, or use a registry of kind: artifactRegistry";
    problems.push(problem(path, message));
  }
  if (access.kind === "workloadIdentity" && cluster?.eks !== undefined && cluster.gke === undefined) {
    const message =
      `${said}which pods get from the metadata server of GKE, but pergola:cluster.eks says that the cluster is of EKS, which has none; ` +
      "write kind: serviceAccountKey";
    problems.push(problem(path, message));
  }
  return problems;
}

function scope(access: GcpAccessConfig, { registry }: ParsedSections): Problem[] {
  if (access.scope === "repository" || registry === undefined || isGar(registry)) return [];
  const message =
    `is "project", that of the registry, but pergola:registry is of kind ${JSON.stringify(registry.kind)}, which has none; ` +
    "remove it: builders may write to the repositories of the caches";
  return [problem(["access", "scope"], message)];
}

/** Rights of builders are not for whatever else runs in a project. Null where the account may be one that was made for them. */
function everybodys({ serviceAccount }: GcpAccessConfig): Problem[] | null {
  if (typeof serviceAccount === "string") return null;
  const { existing } = serviceAccount;
  const whose = sharedAccount(existing);
  if (whose === null) return null;
  const message = `is ${existing}, ${whose}: whatever was told no account of its own is that one, and could push; name one that was made for builders`;
  return [problem(["access", "serviceAccount", "existing"], message)];
}

/** The service account is of a project, and of one only. */
function project(access: GcpAccessConfig, { registry }: ParsedSections): Problem[] {
  const at = ["access", "project"];
  const { serviceAccount } = access;
  if (typeof serviceAccount !== "string") {
    const told = projectOfServiceAccount(serviceAccount.existing);
    if (told === null && access.project === undefined) {
      const message = `is missing: the address ${serviceAccount.existing} does not tell the project of the service account; add it`;
      return [problem(at, message)];
    }
    if (told === null || access.project === undefined || access.project === told) return [];
    const message = `is ${JSON.stringify(access.project)}, but ${serviceAccount.existing} is of ${told}; remove it`;
    return [problem(at, message)];
  }
  if (registry === undefined || serviceAccountProject(access, registry) !== null) return [];
  const message =
    `is missing: the service account ${serviceAccount} is made in the registry's project, but a registry of kind ` +
    `${JSON.stringify(registry.kind)} has none; add it`;
  return [problem(at, message)];
}

/** Who is the service account by Workload Identity. */
function principals(access: WorkloadIdentityConfig, config: ParsedSections): Problem[] {
  return [
    ...clusterProject(access, config),
    ...clusterHasIt(access, config),
    ...listedTwice(["access", "namespaces"], access.namespaces ?? []),
    ...patterns(access),
    ...covered(access, config),
    ...limit(access, config),
  ];
}

function clusterProject(access: WorkloadIdentityConfig, { cluster }: ParsedSections): Problem[] {
  const at = ["access", "clusterProject"];
  if (cluster === undefined) return [];
  const { clusterProject: said } = access;
  const known = cluster.gke?.project;
  if (said !== undefined && known !== undefined && said !== known) {
    const message = `is ${JSON.stringify(said)}, but pergola:cluster.gke.project is ${JSON.stringify(known)}; a cluster is of one project: remove it`;
    return [problem(at, message)];
  }
  if (clusterProjectOf({ access, cluster }) !== null) return [];
  const message =
    "is missing: builders are principals of the cluster's project (PROJECT.svc.id.goog), which need not be the registry's; add it, or " +
    "pergola:cluster.gke: { project, location, name }";
  return [problem(at, message)];
}

/** Without GKE's metadata server no pod becomes a service account of its own. */
function clusterHasIt({ kind }: WorkloadIdentityConfig, { cluster }: ParsedSections): Problem[] {
  if (cluster?.gke === undefined || cluster.gke.workloadIdentity) return [];
  const message =
    `is ${JSON.stringify(kind)}, but pergola:cluster.gke.workloadIdentity is false: builders would be the nodes' service account. ` +
    "Enable it in the cluster and remove that, or write kind: serviceAccountKey";
  return [problem(["access", "kind"], message)];
}

function patterns({ namespacePatterns }: WorkloadIdentityConfig): Problem[] {
  if (namespacePatterns.length === 0) return [];
  const message =
    "are not for workloadIdentity: a member of IAM names exactly one namespace, and none has a wildcard. List namespaces, and run up " +
    "when there is one more";
  return [problem(["access", "namespacePatterns"], message)];
}

/** Builders without push rights would build and fail at the end. */
function covered({ namespaces }: WorkloadIdentityConfig, { builder }: ParsedSections): Problem[] {
  if (builder === undefined || namespaces === undefined) return [];
  return builderNamespaces({ builder }).flatMap(({ path, namespace: { name } }) => {
    if (namespaces.includes(name)) return [];
    const message =
      `${JSON.stringify(name)} could not push: pergola:access.namespaces does not have it; add it there, or remove that list, ` +
      "which is the builder namespaces by default";
    return [problem(path, message)];
  });
}

/** Members are of the one policy of the service account. */
function limit(access: WorkloadIdentityConfig, { builder }: ParsedSections): Problem[] {
  if (builder === undefined) return [];
  const count = memberNamespaces({ access, builder }).length;
  if (count <= MEMBERS_LIMIT) return [];
  const path = access.namespaces === undefined ? ["builder", "modes"] : ["access", "namespaces"];
  const message =
    `make ${count} members of the service account, one for each namespace; IAM takes ${MEMBERS_LIMIT} in a policy. Give some of the ` +
    "namespaces a stack, and so a service account, of their own";
  return [problem(path, message)];
}

/** A service account that no builder is would be made for nothing. */
function somebody(access: GcpAccessConfig, { builder }: ParsedSections): Problem[] {
  if (builder === undefined || builderNamespaceNames({ builder }).length > 0) return [];
  if (access.kind === "workloadIdentity" ? access.namespaces !== undefined : access.namespacePatterns.length > 0)
    return [];
  const list = access.kind === "workloadIdentity" ? ", or list namespaces" : "";
  const message =
    `is ${JSON.stringify(access.kind)}, a service account for builders in the cluster, but no mode of pergola:builder.modes builds ` +
    `there; write kind: none${list}`;
  return [problem(["access", "kind"], message)];
}
