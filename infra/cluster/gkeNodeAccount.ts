/** The service account of nodes in GKE. */
import type { Provider } from "@pulumi/gcp/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { grantProject } from "../access/projectGrant.ts";
import { makeServiceAccount } from "../access/serviceAccount.ts";
import { READER, serviceAccountMember } from "../documents/gcp/members.ts";
import { grantRepository, type KnownRepository } from "../registries/repositoryMember.ts";
import type { NodeAccount } from "./gkeNodeNames.ts";

/** What a node's agents need: to write logs and metrics (GKE, "Harden your cluster's security", least privilege). */
const NODE_ROLE = "roles/container.defaultNodeServiceAccount";

export interface GkeNodeAccountArgs {
  readonly account: NodeAccount;
  /** project of the cluster, where the nodes are */
  readonly project: string;
  /** what has to be there before an account that is made: the APIs */
  readonly after: readonly pulumi.Resource[];
  /** what nodes pull from, each as it is made where this stack makes it */
  readonly repositories: readonly KnownRepository[];
  /** the provider of the repositories' project */
  readonly registryProvider: Provider | null;
}

/**
 * The account, where it is not there already, with the role of a node; and the right to pull, for either. All of it is added to
 * what others have: members of their own make no difference.
 */
export class GkeNodeAccount extends pulumi.ComponentResource {
  constructor(name: string, args: GkeNodeAccountArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:GkeNodeAccount", name, {}, opts);
    const { account, project } = args;
    const child = { parent: this };
    // The address follows from the id, so everything is known before the account is there.
    const member = serviceAccountMember(account.email);
    const made: pulumi.Resource[] = [];
    if (account.id !== null) {
      const said = {
        displayName: account.id,
        description: "Nodes of image builders: they write logs and metrics, and pull images",
      };
      const after = { ...child, dependsOn: [...args.after] };
      made.push(makeServiceAccount(`${name}-account`, { project, create: account.id }, said, after));
      const dependsOn = [...made, ...args.after];
      grantProject(`${name}-node`, { project, role: NODE_ROLE, member }, { ...child, dependsOn });
    }
    for (const known of args.repositories) {
      const opts = { ...child, provider: args.registryProvider!, dependsOn: made };
      grantRepository(`${name}-pull-${known.repository}`, known, { role: READER, member }, opts);
    }
    this.registerOutputs({});
  }
}
