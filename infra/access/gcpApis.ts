/** The APIs of Google Cloud that identities need: pure. */
import type { GcpApi } from "../gcpApis.ts";
import { enablesApis } from "../registries/registryPlace.ts";
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

/** Project -> APIs to enable, in order, beside those of the registry; none where the stack file leaves that to others. */
export function accessApis(config: AccessParts, stack: string): Map<string, GcpApi[]> {
  const found = new Map<string, Set<GcpApi>>();
  const add = (project: string | null, ...apis: GcpApi[]): void => {
    if (project === null) return;
    found.set(project, new Set([...(found.get(project) ?? []), ...apis]));
  };
  const account = builderAccountPlan(config);
  if (account === null || !enablesApis(config.registry)) return new Map();
  const tokens: GcpApi[] = config.access.kind === "workloadIdentity" ? [TOKENS] : [];
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
