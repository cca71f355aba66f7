/** Names of node pools of GKE and of their nodes' service accounts: pure, as rules and nodes both go by them. */
import { serviceAccountEmail } from "../documents/gcp/names.ts";
import type { GkeNodesConfig } from "../sections/gkeNodes.ts";

/** The service account of nodes. */
export interface NodeAccount {
  /** of one that is made, in the project of the cluster; null for one that is there */
  readonly id: string | null;
  readonly email: string;
}

/**
 * What the resources of a nodes' account are called after: its id, which only one account in the cluster's project has, and the
 * whole address of an account from elsewhere.
 * @param project that of the cluster
 */
export function nodeAccountKey(email: string, project: string): string {
  const id = email.slice(0, email.indexOf("@"));
  return email === serviceAccountEmail(id, project) ? id : email;
}

/** Name of a node pool: that of the stack file, or the one by rule. */
export function poolNameOf({ name, architecture }: GkeNodesConfig, stack: string): string {
  return name ?? `${stack}-builder-${architecture}`;
}

/** The service account of a pool's nodes. By rule, all pools of a stack have one. @param project that of the cluster */
export function nodeAccountOf(
  { nodeServiceAccount }: Pick<GkeNodesConfig, "nodeServiceAccount">,
  stack: string,
  project: string,
): NodeAccount {
  if (typeof nodeServiceAccount === "object") return { id: null, email: nodeServiceAccount.existing };
  const id = nodeServiceAccount ?? `${stack}-nodes`;
  return { id, email: serviceAccountEmail(id, project) };
}
