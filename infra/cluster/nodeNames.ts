/** Names of builder nodes that are made: pure, as rules and nodes both go by them. */
import { physicalName } from "../documents/names.ts";
import type { BuilderNodesConfig, EksNodesConfig, KarpenterNodesConfig } from "../sections/builderNodes.ts";
import { poolNameOf } from "./gkeNodeNames.ts";

/** Name of a node group of EKS or a NodePool of Karpenter: that of the stack file, or the one by rule. */
export function groupNameOf(
  { name, architecture }: Pick<EksNodesConfig | KarpenterNodesConfig, "name" | "architecture">,
  stack: string,
): string {
  return name ?? physicalName([stack, "builder", architecture]);
}

/** Name of what an entry makes; null for nodes that are not this stack's. */
export function nodesNameOf(nodes: BuilderNodesConfig[number], stack: string): string | null {
  switch (nodes.kind) {
    case "gke":
      return poolNameOf(nodes, stack);
    case "eks":
    case "karpenter":
      return groupNameOf(nodes, stack);
    case "autopilot":
    case "existing":
      return null;
  }
}
