/** Builder nodes that Karpenter makes. */
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import * as pulumi from "@pulumi/pulumi";
import { type KarpenterNodes, nodeClass, nodePool } from "../documents/aws/karpenter.ts";
import type { Environment } from "../environment.ts";
import type { KarpenterNodesConfig } from "../sections/builderNodes.ts";
import type { ClusterConnection } from "./connection.ts";
import { groupNameOf } from "./nodeNames.ts";
import { needsUserNamespaces } from "./nodeUse.ts";

export interface KarpenterBuilderNodesArgs {
  readonly nodes: KarpenterNodes;
  /** whether builders on these nodes need user namespaces */
  readonly userNamespaces: boolean;
}

/** A NodePool and its EC2NodeClass. Karpenter itself, its role and the role of its nodes are there already. */
export class KarpenterBuilderNodes extends pulumi.ComponentResource {
  constructor(name: string, args: KarpenterBuilderNodesArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:KarpenterBuilderNodes", name, {}, opts);
    const { nodes, userNamespaces } = args;
    const child = { parent: this };
    const made = new CustomResource(`${name}-class`, nodeClass(nodes, { userNamespaces }), child);
    // A class goes only after the nodes that were made by it, which go with their pool.
    new CustomResource(`${name}-pool`, nodePool(nodes), { ...child, dependsOn: [made] });
    this.registerOutputs({});
  }
}

/** Makes a NodePool of the stack file. */
export async function provisionKarpenterNodes(
  { config, stack }: Environment,
  nodes: KarpenterNodesConfig,
  cluster: ClusterConnection,
): Promise<void> {
  const name = groupNameOf(nodes, stack);
  const userNamespaces = needsUserNamespaces(config, nodes.architecture);
  new KarpenterBuilderNodes(
    // As nodes of GKE: what has another architecture under a name that is written is the same for the engine.
    `builder-nodes-${name}`,
    { nodes: { ...nodes, name }, userNamespaces },
    { providers: [cluster.provider] },
  );
}
