/** The identity of CI jobs in Google Cloud: pure, as rules, resources and the bindings in the cluster all go by it. */
import type { ParsedSections } from "../config.ts";
import { GITHUB_ISSUER, githubSubjects, gitlabSubjects } from "../documents/ciSubjects.ts";
import { githubCondition, gitlabCondition } from "../documents/gcp/federation.ts";
import { serviceAccountName } from "../documents/gcp/members.ts";
import { projectOfServiceAccount, serviceAccountEmail } from "../documents/gcp/names.ts";
import type { GcpCiConfig } from "../sections/gcpCi.ts";
import { isGcpAccess } from "./builderServiceAccount.ts";
import { clusterProjectOf, type ServiceAccountPlan } from "./gcpGrants.ts";

/** Where the tokens of jobs come from, and which of them. */
export interface FederationPlan {
  /** also the id of the provider, where it is made */
  readonly of: "github" | "gitlab";
  readonly issuer: string;
  /** id of the pool that is made; null where pool and provider are there */
  readonly createPool: string | null;
  /** projects/NUMBER/locations/global/workloadIdentityPools/POOL; null where it is made */
  readonly pool: string | null;
  /** CEL */
  readonly condition: string;
  /** each is a principal */
  readonly subjects: readonly string[];
}

/** The service account of CI jobs. */
export interface GcpCiPlan {
  /** project of the cluster that they reach */
  readonly clusterProject: string;
  readonly email: string;
  /** null where it is made elsewhere, and is nobody's to become by this stack */
  readonly federated: { readonly account: ServiceAccountPlan; readonly federation: FederationPlan } | null;
}

/** What a stack file says of CI jobs in Google Cloud. */
export function gcpCiOf({ access }: Pick<ParsedSections, "access">): GcpCiConfig | null {
  return access !== undefined && isGcpAccess(access) ? (access.ci ?? null) : null;
}

/** The identity; null where there is none, or the stack file does not tell the cluster's project or the account's, which rules refuse. */
export function gcpCiPlan(config: Pick<ParsedSections, "access" | "cluster">, stack: string): GcpCiPlan | null {
  const ci = gcpCiOf(config);
  const clusterProject = clusterProjectOf(config);
  if (ci === null || clusterProject === null) return null;
  if (!("github" in ci || "gitlab" in ci)) return { clusterProject, email: ci.serviceAccount, federated: null };
  const account = accountPlan(ci.serviceAccount ?? defaultAccount(stack), clusterProject);
  if (account === null) return null;
  return { clusterProject, email: account.email, federated: { account, federation: federationPlan(ci, stack) } };
}

function accountPlan(said: string | { readonly existing: string }, clusterProject: string): ServiceAccountPlan | null {
  const create = typeof said === "string" ? said : null;
  const project = typeof said === "string" ? clusterProject : projectOfServiceAccount(said.existing);
  if (project === null) return null;
  const email = typeof said === "string" ? serviceAccountEmail(said, clusterProject) : said.existing;
  return { email, project, create, name: serviceAccountName(email, project) };
}

type FederatedCi = Extract<GcpCiConfig, { github: unknown } | { gitlab: unknown }>;

function federationPlan(ci: FederatedCi, stack: string): FederationPlan {
  if ("github" in ci) {
    const { repository, provider } = ci.github;
    return {
      of: "github",
      issuer: GITHUB_ISSUER,
      ...poolPlan(provider, stack),
      condition: githubCondition(repository, ci.github),
      subjects: githubSubjects({ ...ci.github, environments: [], pullRequests: false }),
    };
  }
  const { project, url, provider } = ci.gitlab;
  return {
    of: "gitlab",
    issuer: url,
    ...poolPlan(provider, stack),
    condition: gitlabCondition(project, ci.gitlab),
    subjects: gitlabSubjects(ci.gitlab),
  };
}

type ProviderConfig = Extract<FederatedCi, { github: unknown }>["github"]["provider"];

function poolPlan(provider: ProviderConfig, stack: string): Pick<FederationPlan, "createPool" | "pool"> {
  return typeof provider === "string"
    ? { createPool: null, pool: provider.replace(/\/providers\/[^/]+$/, "") }
    : { createPool: provider.pool ?? defaultPool(stack), pool: null };
}

/** Id of the service account that is made where a stack file gives none. */
export function defaultAccount(stack: string): string {
  return `${stack}-ci`;
}

/** Id of the pool that is made where a stack file gives none. Google keeps ids to itself that begin like the names of many a stack. */
export function defaultPool(stack: string): string {
  return `pergola-${stack}`;
}

/** Address of the service account by which RBAC knows CI jobs; null where there is none. */
export function ciUser(config: Pick<ParsedSections, "access" | "cluster">, stack: string): string | null {
  return gcpCiPlan(config, stack)?.email ?? null;
}
