/** Who may build: a group that a cluster's administrator puts developers and CI identities into, and a CI identity that has no groups. */
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole.js";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding.js";
import { Role } from "@pulumi/kubernetes/rbac/v1/role.js";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding.js";
import * as pulumi from "@pulumi/pulumi";
import { API_GROUP, ciRole, ciRoleBinding, ciSubjects, clusterRules } from "../documents/ciRole.ts";

export interface CiAccessArgs {
  readonly namespace: pulumi.Input<string>;
  readonly group: string;
  /** null for the group alone */
  readonly user: string | null;
  /** also what Garden's own builds need */
  readonly garden: boolean;
  /** pull secrets of the namespace */
  readonly secrets: readonly string[];
}

/** Role and RoleBinding of one builder namespace. */
export class CiAccess extends pulumi.ComponentResource {
  constructor(name: string, args: CiAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:CiAccess", name, {}, opts);
    const { namespace } = args;
    const wanted = ciRole(args.secrets, args.garden);
    const role = new Role(`${name}-role`, { ...wanted, metadata: { ...wanted.metadata, namespace } }, { parent: this });
    const binding = ciRoleBinding(args.group, args.user);
    new RoleBinding(
      `${name}-binding`,
      {
        ...binding,
        metadata: { ...binding.metadata, namespace },
        roleRef: { ...binding.roleRef, name: role.metadata.name },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

export interface ClusterIdentityAccessArgs {
  /** name of the ClusterRole and its binding */
  readonly roleName: string;
  readonly group: string;
  /** null for the group alone */
  readonly user: string | null;
}

/** Lets the same identities read the uid of kube-system, by which a build makes sure that it is at the right cluster. */
export class ClusterIdentityAccess extends pulumi.ComponentResource {
  constructor(name: string, args: ClusterIdentityAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:ClusterIdentityAccess", name, {}, opts);
    const metadata = { name: args.roleName };
    const role = new ClusterRole(`${name}-role`, { metadata, rules: clusterRules() }, { parent: this });
    new ClusterRoleBinding(
      `${name}-binding`,
      {
        metadata,
        roleRef: { apiGroup: API_GROUP, kind: "ClusterRole", name: role.metadata.name },
        subjects: ciSubjects(args.group, args.user),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
