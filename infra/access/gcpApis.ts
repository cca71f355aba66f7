/** The APIs of Google Cloud that identities need: pure. */
import type { AccessParts } from "./builderRoles.ts";
import { gcpCiPlan } from "./gcpCi.ts";
import { builderAccountPlan, clusterProjectOf, grantedProject } from "./gcpGrants.ts";

/** Makes service accounts, keys, pools, and their policies. */
const IAM = "iam";
/** Gives tokens of a service account to whoever is it by Workload Identity. */
const TOKENS = "iamcredentials";
/** Changes policies of projects. */
const PROJECTS = "cloudresourcemanager";
/** Exchanges tokens of other issuers. */
const FEDERATION = "sts";

/** Name of an API, without `.googleapis.com`. */
export type AccessApi = typeof IAM | typeof TOKENS | typeof PROJECTS | typeof FEDERATION;

/** Project -> APIs, in order; those of the registry are not among them. */
export function accessApis(config: AccessParts, stack: string): Map<string, AccessApi[]> {
  const found = new Map<string, Set<AccessApi>>();
  const add = (project: string | null, ...apis: AccessApi[]): void => {
    if (project === null) return;
    found.set(project, new Set([...(found.get(project) ?? []), ...apis]));
  };
  const account = builderAccountPlan(config);
  if (account === null) return new Map();
  const tokens: AccessApi[] = config.access.kind === "workloadIdentity" ? [TOKENS] : [];
  add(account.project, IAM, ...tokens);
  if (tokens.length > 0) add(clusterProjectOf(config), ...tokens);
  add(grantedProject(config), PROJECTS);
  const ci = gcpCiPlan(config, stack);
  if (ci !== null) add(ci.clusterProject, PROJECTS);
  if (ci?.federated) {
    add(ci.federated.account.project, IAM, TOKENS);
    if (ci.federated.federation.createPool !== null) add(ci.clusterProject, IAM, FEDERATION);
  }
  return new Map([...found].map(([project, apis]) => [project, [...apis].sort()]));
}
