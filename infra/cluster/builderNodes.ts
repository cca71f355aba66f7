/** Where builders run: nodes that are kept for them by a taint, and the label that leads builders there. */
import type { ClusterConfig } from "../config.ts";
import { BUILDER_NODE_KEY, BUILDER_NODE_VALUE, type Toleration } from "../setup.ts";

/** What a builder pod needs in its spec to land on builder nodes. */
export interface BuilderPlacement {
  readonly tolerations: Toleration[];
  readonly nodeSelector: Record<string, string>;
  /** `os/architecture` of the nodes */
  readonly platforms: string[];
}

/**
 * Placement on nodes of kind `existing`: whoever made them has set label and taint `garden-build=true` (NoSchedule). Garden
 * gives its builder pods the same toleration. The taint keeps everything else away, the label keeps builders from running
 * elsewhere: one without the other is half of it.
 */
export function existingBuilderNodes(nodes: ClusterConfig["builderNodes"]): BuilderPlacement {
  return {
    tolerations: [{ key: BUILDER_NODE_KEY, operator: "Equal", value: BUILDER_NODE_VALUE, effect: "NoSchedule" }],
    nodeSelector: { [BUILDER_NODE_KEY]: BUILDER_NODE_VALUE },
    platforms: [...new Set(nodes.map((node) => `linux/${node.architecture}`))],
  };
}
