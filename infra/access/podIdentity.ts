/** Associations of EKS Pod Identity. */
import { PodIdentityAssociation } from "@pulumi/aws/eks/podIdentityAssociation.js";
import * as pulumi from "@pulumi/pulumi";
import { BUILDER_SERVICE_ACCOUNT } from "../setup.ts";

export interface PodIdentityArgs {
  readonly clusterName: string;
  /** each with the ARN of the role of its builders */
  readonly namespaces: readonly { readonly name: string; readonly roleArn: pulumi.Input<string> }[];
}

/** One association for each namespace, which is the only way that EKS has them. */
export class PodIdentity extends pulumi.ComponentResource {
  constructor(name: string, args: PodIdentityArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:PodIdentity", name, {}, opts);
    const { clusterName } = args;
    for (const { name: namespace, roleArn } of args.namespaces) {
      const association = { clusterName, namespace, serviceAccount: BUILDER_SERVICE_ACCOUNT, roleArn };
      new PodIdentityAssociation(`${name}-${namespace}`, association, { parent: this });
    }
    this.registerOutputs({});
  }
}
