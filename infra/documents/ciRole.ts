/**
 * What an identity may do that runs builds (a developer, a CI job) and nothing else. Whoever may exec into a builder can use
 * its push rights; nothing here goes further than that: no listing of secrets, no service accounts, no wildcard.
 */
import { BUILDER_SERVICE_ACCOUNT } from "../setup.ts";

/** A rule of a Role. */
export interface PolicyRule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
  readonly resourceNames?: string[];
}

/** Rules in a builder namespace for `pergola build`; `secrets` are the pull secrets there, which may be read by name. */
export function builderRules(secrets: readonly string[]): PolicyRule[] {
  return [
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "create", "delete"] },
    { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
    { apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] },
    { apiGroups: [""], resources: ["events"], verbs: ["get", "list", "watch"] },
    {
      apiGroups: [""],
      resources: ["configmaps"],
      verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
    },
    {
      apiGroups: ["apps"],
      resources: ["deployments"],
      verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
    },
    // Which pods are those of the builder's current template, while it is replaced.
    { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["get", "list"] },
    { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["get"], resourceNames: [BUILDER_SERVICE_ACCOUNT] },
    ...(secrets.length === 0
      ? []
      : [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"], resourceNames: [...secrets] }]),
  ];
}

/**
 * What Garden needs on top: it keeps a Deployment and a Service `garden-util`, and writes a merged auth Secret under a name
 * that it computes.
 */
export function gardenRules(): PolicyRule[] {
  return [
    { apiGroups: [""], resources: ["services"], verbs: ["get", "list", "create", "update"] },
    { apiGroups: [""], resources: ["secrets"], verbs: ["get", "create", "update"] },
    { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["get", "create", "update"] },
    { apiGroups: [""], resources: ["pods/portforward"], verbs: ["get", "create"] },
  ];
}

/** Cluster-wide: reading the one namespace whose uid tells clusters apart. */
export function clusterRules(): PolicyRule[] {
  return [{ apiGroups: [""], resources: ["namespaces"], verbs: ["get"], resourceNames: ["kube-system"] }];
}
