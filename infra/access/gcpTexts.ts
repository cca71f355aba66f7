/** What whoever runs `up` should know of identities in Google Cloud and cannot see in the resources. Pure. */

import { isOnGke } from "../cluster/nodeUse.ts";
import type { StackConfig } from "../config.ts";
import { READER, WRITER } from "../documents/gcp/members.ts";
import { configKey } from "../documents/registryHost.ts";
import { isGar, registryPlace } from "../registries/registryPlace.ts";
import type { AccessParts } from "./builderRoles.ts";
import { builderServiceAccount, isGcpAccess } from "./builderServiceAccount.ts";
import { clusterProjectOf, grantedProject } from "./gcpGrants.ts";

/** What is given away by rights to a whole project; null where that is not so. */
export function projectScopeText(config: Pick<StackConfig, "access" | "registry">): string | null {
  const project = grantedProject(config);
  if (project === null) return null;
  return (
    `builders may write to every repository of ${project}, also those of others and those that are made later (pergola:access.scope): ` +
    "whoever can run code in a builder can move tags there, push packages of every format, and read all of them. scope: repository, " +
    "the default, gives the right to the repositories of this stack alone"
  );
}

/** What a key is worth; null where there is none. */
export function keyText(config: Pick<StackConfig, "access" | "registry">): string | null {
  if (config.access.kind !== "serviceAccountKey") return null;
  const { rotation } = config.access;
  return (
    `builders log in with a key of ${builderServiceAccount(config)}, which works from anywhere until it is deleted: whoever reads the ` +
    "pull secret of a builder namespace, can run code in a builder, or decrypts this stack's state can push with it. Garden copies the " +
    "secret to namespaces of its own and never removes the copies. Change it regularly (pergola:access.rotation: " +
    `${rotation + 1} is the next), and look at what uses it in the audit logs. An organisation may forbid keys ` +
    "(iam.disableServiceAccountKeyCreation, on by default in those made since May 2024): then making it fails. With kind: " +
    "workloadIdentity there is no key"
  );
}

/** Who else is a builder by Workload Identity; null where nobody is. */
export function samenessText(config: Pick<AccessParts, "access" | "registry" | "cluster">): string | null {
  if (config.access.kind !== "workloadIdentity") return null;
  const project = clusterProjectOf(config);
  return (
    `all clusters of ${project} share the pool ${project}.svc.id.goog: in each of them, whoever may make pods as ` +
    `garden-in-cluster-builder in a namespace of this stack's list is ${builderServiceAccount(config)}, too`
  );
}

/** Who pods on nodes of a service account can be where nothing tells them apart; null where something does. */
export function nodeMetadataText({ cluster }: Pick<StackConfig, "cluster">, account: string): string | null {
  if (cluster.gke?.workloadIdentity !== false) return null;
  return (
    `builder nodes have no metadata server of GKE (pergola:cluster.gke.workloadIdentity is false): every pod there that reaches ` +
    `169.254.169.254 can be ${account}, the nodes' service account, and reads what else Compute Engine tells the node. In a cluster ` +
    "with Workload Identity pods are themselves"
  );
}

/** How builders could push to a registry of Google's for which a stack has no identity; null where there is nothing to say. */
export function noIdentityText({
  access,
  registry,
  cluster,
}: Pick<AccessParts, "access" | "registry" | "cluster">): string | null {
  if (isGcpAccess(access) || !isGar(registry)) return null;
  const { host } = registryPlace(registry);
  const login = cluster.pullSecret.logins.find((one) => configKey(one.host) === configKey(host));
  const annotated = access.kind === "none" && Object.keys(access.annotations).length > 0;
  if (login !== undefined && !("helper" in login)) return null;
  const closed = cluster.guardrails.networkPolicy && !isOnGke({ access, cluster });
  if (login !== undefined && annotated && !closed) return null;
  const rights = `${WRITER} (${READER} to pull only)`;
  const whoever =
    cluster.gke?.workloadIdentity === false
      ? "the nodes' service account, and every other pod there is, too. It needs"
      : "without Workload Identity the nodes' service account, and then every pod there is; with it, their own Kubernetes account. " +
        "Either needs";
  const who = annotated
    ? `Whoever pergola:access.annotations makes builders needs ${rights}`
    : `Builders are whoever the nodes' metadata server says: ${whoever} ${rights}`;
  const how = login
    ? ""
    : `; kaniko asks that server by itself, BuildKit only with a login${annotated ? "" : ", without which the network policy keeps kaniko from it, too"}: ` +
      `pergola:cluster.pullSecret.logins: [{ host: ${host}, helper: gcr }]`;
  const shut = closed
    ? ". The network policy lets them reach that server only where the cluster is known to be GKE's: write pergola:cluster.gke"
    : "";
  return `pergola:access makes no identity for ${host}. ${who}${how}${shut}`;
}
