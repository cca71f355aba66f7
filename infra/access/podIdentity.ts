/** Associations of EKS Pod Identity. */
import { PodIdentityAssociation } from "@pulumi/aws/eks/podIdentityAssociation.js";
import * as pulumi from "@pulumi/pulumi";
import { BUILDER_SERVICE_ACCOUNT } from "../setup.ts";

export interface PodIdentityArgs {
  readonly clusterName: string;
  /** each with the role of its builders; its ARN goes by rule, so that previews know it */
  readonly namespaces: readonly { readonly name: string; readonly roleArn: string; readonly role: pulumi.Resource }[];
}

/** One association for each namespace, which is the only way that EKS has them. */
export class PodIdentity extends pulumi.ComponentResource {
  constructor(name: string, args: PodIdentityArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:PodIdentity", name, {}, opts);
    const { clusterName } = args;
    for (const { name: namespace, roleArn, role } of args.namespaces) {
      const association = { clusterName, namespace, serviceAccount: BUILDER_SERVICE_ACCOUNT, roleArn };
      new PodIdentityAssociation(`${name}-${namespace}`, association, { parent: this, dependsOn: role });
    }
    this.registerOutputs({});
  }
}
