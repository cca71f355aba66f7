/** The identity of CI jobs in AWS, and its way into the cluster. */
import { AccessEntry } from "@pulumi/aws/eks/accessEntry.js";
import * as pulumi from "@pulumi/pulumi";

/** Makes the role of an identity, whose name its own begins with. */
export type MakeCiRole = (identity: string, child: { readonly parent: pulumi.Resource }) => pulumi.Resource;

export interface CiIdentityArgs {
  /** ARN of the role */
  readonly principalArn: string;
  /** null where the role is there */
  readonly makeRole: MakeCiRole | null;
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
    const { clusterName, principalArn, group } = args;
    const child = { parent: this };
    const made = args.makeRole === null ? [] : [args.makeRole(name, child)];
    new AccessEntry(
      `${name}-entry`,
      { clusterName, principalArn, kubernetesGroups: [group], type: "STANDARD" },
      { ...child, dependsOn: made },
    );
    this.registerOutputs({});
  }
}
