/** What whoever runs `up` should know of a registry of kind `ecr` and cannot see in its resources. Pure. */
import { clusterHome } from "../access/builderRoles.ts";
import type { StackConfig } from "../config.ts";
import { parseArn } from "../documents/aws/partition.ts";
import type { PrincipalsConfig } from "../sections/ecrRegistry.ts";
import { imageRepositories } from "./ecrRepositories.ts";

/**
 * That nodes of the cluster may not pull, which is in another account than the registry, as no repository policy lets them; null where
 * one may. Who is in an organization is not known here: it is taken to have the cluster's account.
 */
export function nodesMayNotPullText({ registry, cluster }: Pick<StackConfig, "registry" | "cluster">): string | null {
  if (registry.kind !== "ecr") return null;
  const account = clusterHome({ registry, cluster })?.account;
  if (account === undefined || account === registry.account) return null;
  const letsIn = ({ accounts, organizations, roles }: PrincipalsConfig) =>
    accounts.includes(account) || organizations.length > 0 || roles.some((role) => parseArn(role)?.account === account);
  // What is there already has a policy that is not seen here.
  const closed = imageRepositories(registry).filter(
    ({ existing, pull, push }) => !existing && !letsIn(pull) && !letsIn(push),
  );
  if (closed.length === 0) return null;
  const names = closed.map(({ name }) => name).join(", ");
  return (
    `the cluster is in account ${account}, and the registry in ${registry.account}: builders may use its repositories, but nodes may ` +
    `not pull from ${names}. For pods that run these images write pergola:registry.pull: { accounts: ["${account}"] }`
  );
}
