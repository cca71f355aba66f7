/**
 * Principals of IAM as members of allow policies, and the roles they get. All of them are added one by one: a policy or a
 * binding of a role as a whole would evict everybody else (Pulumi, gcp.artifactregistry.RepositoryIamMember).
 */
import { BUILDER_SERVICE_ACCOUNT } from "../../setupNames.ts";

/** Reads and writes artifacts and tags of a repository, and deletes nothing (Artifact Registry, "Roles and permissions"). */
export const WRITER = "roles/artifactregistry.writer";
export const READER = "roles/artifactregistry.reader";
/** Becoming a service account from Kubernetes or by a token of another issuer (IAM, "Service account roles"). */
export const WORKLOAD_IDENTITY_USER = "roles/iam.workloadIdentityUser";
/**
 * The least that whoever works in a cluster needs: its container.clusters.get "to authenticate", while what they may do there
 * is up to RBAC (GKE, "Authorize actions in clusters using RBAC"). A role of one's own without its list of the project's
 * clusters would be less; but the id of one that was deleted cannot be used again for weeks, so that a stack could not be
 * made again after `destroy`.
 */
export const CLUSTER_VIEWER = "roles/container.clusterViewer";

/** Members that one allow policy may have (IAM, "Quotas and limits": principals in an allow policy). */
export const MEMBERS_LIMIT = 1500;

/** A service account as a member. */
export function serviceAccountMember(email: string): string {
  return `serviceAccount:${email}`;
}

/**
 * The builders of a namespace as a member: those of all clusters of that project, which share one pool. There is no member for
 * an account in several namespaces (IAM, "Principal identifiers": GKE workloads).
 */
export function builderMember(clusterProject: string, namespace: string): string {
  return `serviceAccount:${clusterProject}.svc.id.goog[${namespace}/${BUILDER_SERVICE_ACCOUNT}]`;
}

/**
 * Whoever has a token with exactly this subject, as a member.
 * @param pool projects/NUMBER/locations/global/workloadIdentityPools/POOL
 */
export function federatedMember(pool: string, subject: string): string {
  return `principal://iam.googleapis.com/${pool}/subject/${subject}`;
}

/** Full name of a service account, as policies on it go by. */
export function serviceAccountName(email: string, project: string): string {
  return `projects/${project}/serviceAccounts/${email}`;
}
