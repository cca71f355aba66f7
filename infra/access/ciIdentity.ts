/** The identity of CI jobs in AWS, and its way into the cluster. */
import { AccessEntry } from "@pulumi/aws/eks/accessEntry.js";
import { Role } from "@pulumi/aws/iam/role.js";
import * as pulumi from "@pulumi/pulumi";
import type { CiRole } from "./accessDocuments.ts";
import { roleArgs } from "./builderAccess.ts";
import { makeOidcProvider } from "./oidcProvider.ts";

export interface CiIdentityArgs {
  /** role that is made, or the ARN of one that is there */
  readonly role: CiRole | string;
  readonly stack: string;
  readonly clusterName: string;
  /** group in the cluster whose Role lets its members build */
  readonly group: string;
}

/**
 * The role of CI jobs and its access entry. The entry has a group and no access policy: what jobs may do in the cluster is the
 * minimal Role of documents/ciRole.ts, and in AWS they may do nothing, as builders have the rights to the registry.
 */
export class CiIdentity extends pulumi.ComponentResource {
  constructor(name: string, args: CiIdentityArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:CiIdentity", name, {}, opts);
    const child = { parent: this };
    const made =
      typeof args.role === "string" ? [] : [this.#makeRole(`${name}-role`, `${name}-oidc`, args.role, args.stack)];
    const principalArn = typeof args.role === "string" ? args.role : args.role.arn;
    new AccessEntry(
      `${name}-entry`,
      { clusterName: args.clusterName, principalArn, kubernetesGroups: [args.group], type: "STANDARD" },
      { ...child, dependsOn: made },
    );
    this.registerOutputs({});
  }

  #makeRole(name: string, oidcName: string, role: CiRole, stack: string): Role {
    const { provider, audience, trust, options } = role;
    const child = { parent: this };
    const dependsOn = provider.create === null ? [] : [makeOidcProvider(oidcName, provider.create, audience, child)];
    const description = `CI jobs that build with the stack ${stack}`;
    return new Role(name, roleArgs(role.name, options, trust, description), { ...child, dependsOn });
  }
}
