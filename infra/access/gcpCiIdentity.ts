/** The identity of CI jobs in Google Cloud, and its way to the cluster. */
import * as pulumi from "@pulumi/pulumi";
import { CLUSTER_VIEWER, serviceAccountMember } from "../documents/gcp/members.ts";
import type { GcpCiPlan } from "./gcpCi.ts";
import { grantProject } from "./projectGrant.ts";

/** Makes the service account of an identity, whose name its own begins with, and what makes jobs it. */
export type MakeCiAccount = (identity: string, child: { readonly parent: pulumi.Resource }) => pulumi.Resource[];

export interface GcpCiIdentityArgs {
  readonly plan: GcpCiPlan;
  /** what the right in the cluster's project waits for: the API */
  readonly after: readonly pulumi.Resource[];
  /** null where the service account is there, and this stack has nothing to do with who is it */
  readonly makeAccount: MakeCiAccount | null;
}

/**
 * The service account of CI jobs with the one right that it needs outside of the cluster: to find it. What jobs may do there is
 * the minimal Role of documents/ciRole.ts, which is bound to the account's address.
 */
export class GcpCiIdentity extends pulumi.ComponentResource {
  constructor(name: string, args: GcpCiIdentityArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:GcpCiIdentity", name, {}, opts);
    const { clusterProject: project, email } = args.plan;
    const child = { parent: this };
    const made = args.makeAccount?.(name, child) ?? [];
    const member = serviceAccountMember(email);
    grantProject(
      `${name}-cluster`,
      { project, role: CLUSTER_VIEWER, member },
      { ...child, dependsOn: [...made, ...args.after] },
    );
    this.registerOutputs({});
  }
}
