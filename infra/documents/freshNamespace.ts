/**
 * What a namespace gets that was made after `up` and matches a pattern of the stack file: the same documents as the
 * namespaces that `up` makes. The BuildSetup carries them, and the runner applies them on the first build.
 */
import type { BuildSetup } from "../setup.ts";
import { builderAccount } from "./builderAccount.ts";
import { ciRole, ciRoleBinding } from "./ciRole.ts";
import { type BuilderEgress, builderPolicies } from "./networkPolicy.ts";

type FreshObject = NonNullable<BuildSetup["freshNamespaces"]>["objects"][number];

export interface FreshNamespaceArgs {
  /** of the service account */
  readonly annotations: Readonly<Record<string, string>>;
  /** group of those who build */
  readonly group: string;
  /** user who builds, too; null for the group alone */
  readonly user: string | null;
  /** also what Garden's own builds need */
  readonly garden: boolean;
  /** pull secrets of the namespace */
  readonly secrets: readonly string[];
  /** what builders reach; null for no NetworkPolicies */
  readonly egress: BuilderEgress | null;
}

/**
 * Service account, NetworkPolicies, Role and RoleBinding, in the order in which they are to be applied, without a namespace.
 *
 * The policies select Pergola's builders only, because such a namespace belongs to somebody else, whose pods may be in it,
 * too. For the same reason there is neither ResourceQuota nor LimitRange: they would hold for everything in it, Kubernetes
 * lets no mere administrator of a namespace write a quota, and amounts are up to whoever hands out namespaces.
 */
export function freshNamespaceObjects(args: FreshNamespaceArgs): FreshObject[] {
  return [
    builderAccount(args.annotations),
    ...(args.egress === null ? [] : builderPolicies(args.egress)),
    ciRole(args.secrets, args.garden),
    ciRoleBinding(args.group, args.user),
  ];
}
