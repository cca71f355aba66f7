/** Builder nodes that Karpenter makes. */
import type { Environment } from "../environment.ts";
import type { KarpenterNodesConfig } from "../sections/builderNodes.ts";
import type { ClusterConnection } from "./connection.ts";

/** Makes a NodePool and its EC2NodeClass. */
export async function provisionKarpenterNodes(
  _environment: Environment,
  _nodes: KarpenterNodesConfig,
  _cluster: ClusterConnection,
): Promise<void> {}
