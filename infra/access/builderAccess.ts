/** The role of builders. */
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import * as pulumi from "@pulumi/pulumi";
import { type IdentityDocument, policyText, type TrustDocument } from "../documents/aws/policyDocument.ts";
import type { BuilderRole } from "./builderRoles.ts";
import { roleArgs } from "./roleArgs.ts";

export interface BuilderAccessArgs {
  readonly role: BuilderRole;
  readonly stack: string;
  readonly trust: TrustDocument;
  readonly policy: IdentityDocument;
  /** OIDC providers that this stack makes and the role trusts: an option of a component says nothing to its children */
  readonly after: readonly pulumi.Resource[];
}

/**
 * A role that builders push as, and its one policy. That is inline, not managed: it belongs to this role alone and goes with it,
 * a change of it is one call that leaves no versions behind, and it may be longer (POLICY_LIMITS).
 */
export class BuilderAccess extends pulumi.ComponentResource {
  readonly role: Role;

  constructor(name: string, args: BuilderAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:BuilderAccess", name, {}, opts);
    const { options, name: roleName, team } = args.role;
    const whose = team === null ? "Image builders" : `Image builders of team ${team}`;
    this.role = new Role(
      `${name}-role`,
      roleArgs(roleName, options, args.trust, `${whose} of the stack ${args.stack}: they push and pull its images`),
      { parent: this, dependsOn: [...args.after] },
    );
    new RolePolicy(
      `${name}-policy`,
      { name: "push-and-pull-images", role: this.role.name, policy: policyText(args.policy) },
      { parent: this },
    );
    this.registerOutputs({ roleArn: this.role.arn });
  }
}
