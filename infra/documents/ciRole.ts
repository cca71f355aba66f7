/**
 * What an identity may do that runs builds (a developer, a CI job) and nothing else. Whoever may exec into a builder can use
 * its push rights, and whoever may make pods can mount what is in their namespace and be every account there: so builders have
 * namespaces of their own, and one that is shared shares its Secrets with whoever builds. Beyond that: no listing of secrets, no
 * service accounts, no wildcard, no change of the BuildSetup. So the first build in a namespace that was made after `up` is not theirs: it needs the right to make
 * what others then use. Kubernetes' own role `admin` in that namespace has it (and reading the pull secret that is copied).
 */
import { BUILDER_SERVICE_ACCOUNT, BUILDKIT_NAME } from "../setup.ts";

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
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch", "create"] },
    // Not those of the BuildSetup, which says what the first build makes in a fresh namespace.
    {
      apiGroups: [""],
      resources: ["configmaps"],
      verbs: ["update", "patch", "delete"],
      resourceNames: [BUILDKIT_NAME],
    },
    {
      apiGroups: ["apps"],
      resources: ["deployments"],
      verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
    },
    // Which pods are those of the builder's current template, while it is replaced.
    { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["get", "list"] },
    { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["get"], resourceNames: [BUILDER_SERVICE_ACCOUNT] },
    // In a Role this is the namespace itself: its Pod Security level.
    { apiGroups: [""], resources: ["namespaces"], verbs: ["get"] },
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

/** Name of the Role and its binding in every builder namespace. */
const NAME = "pergola-ci";
export const API_GROUP = "rbac.authorization.k8s.io";

/** The group of those who build with a stack, which a stack file may name. */
export function ciGroup(named: string | undefined, stack: string): string {
  return named ?? `pergola:ci:${stack}`;
}

export type RoleDocument = {
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly kind: "Role";
  readonly metadata: { readonly name: string };
  readonly rules: PolicyRule[];
};

/** The Role of those who build. @param secrets pull secrets of the namespace @param garden also what Garden's builds need */
export function ciRole(secrets: readonly string[], garden: boolean): RoleDocument {
  const rules = [...builderRules(secrets), ...(garden ? gardenRules() : [])];
  return { apiVersion: `${API_GROUP}/v1`, kind: "Role", metadata: { name: NAME }, rules };
}

export type RoleBindingDocument = {
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly kind: "RoleBinding";
  readonly metadata: { readonly name: string };
  readonly roleRef: { readonly apiGroup: string; readonly kind: "Role"; readonly name: string };
  readonly subjects: CiSubject[];
};

/** Who builds, as bindings name them. */
export type CiSubject = { apiGroup: string; kind: "Group" | "User"; name: string };

/**
 * The group of those who build, and the one user that a stack knows by name: a service account of Google Cloud, which GKE puts
 * into no group but those of Google Groups for RBAC (GKE, "Authorize actions in clusters using RBAC").
 */
export function ciSubjects(group: string, user: string | null): CiSubject[] {
  const subject = (kind: CiSubject["kind"], name: string): CiSubject => ({ apiGroup: API_GROUP, kind, name });
  return [subject("Group", group), ...(user === null ? [] : [subject("User", user)])];
}

/** Gives {@link ciRole} to those who build. */
export function ciRoleBinding(group: string, user: string | null = null): RoleBindingDocument {
  return {
    apiVersion: `${API_GROUP}/v1`,
    kind: "RoleBinding",
    metadata: { name: NAME },
    roleRef: { apiGroup: API_GROUP, kind: "Role", name: NAME },
    subjects: ciSubjects(group, user),
  };
}
