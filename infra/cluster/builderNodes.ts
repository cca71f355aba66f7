/** Where builders run: nodes that are kept for them by a taint, and the label that leads builders there. */
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../environment.ts";
import { nodeNotes, nodePlatforms } from "../nodeUse.ts";
import type { BuilderNodesConfig } from "../sections/builderNodes.ts";
import { BUILDER_NODE_KEY, BUILDER_NODE_VALUE, type Toleration } from "../setup.ts";
import type { ClusterConnection } from "./connection.ts";

/** What a builder pod needs in its spec to land on builder nodes. */
export interface BuilderPlacement {
  readonly tolerations: Toleration[];
  readonly nodeSelector: Record<string, string>;
  /** `os/architecture` of the nodes */
  readonly platforms: string[];
}

/**
 * Placement on builder nodes, of whatever kind: they have label and taint `garden-build=true` (NoSchedule). Garden gives its
 * builder pods the same toleration. The taint keeps everything else away, the label keeps builders from running elsewhere: one
 * without the other is half of it.
 */
export function builderPlacement(nodes: BuilderNodesConfig): BuilderPlacement {
  return {
    tolerations: [{ key: BUILDER_NODE_KEY, operator: "Equal", value: BUILDER_NODE_VALUE, effect: "NoSchedule" }],
    nodeSelector: { [BUILDER_NODE_KEY]: BUILDER_NODE_VALUE },
    platforms: nodePlatforms(nodes),
  };
}

/**
 * The placement of one mode, which may build for some of the platforms. Where nodes are of several architectures and the mode has
 * one platform, the selector leads there; with several platforms, each pod is led to its own by the plan of its build.
 */
export function modePlacement(all: BuilderPlacement, platforms: readonly string[] | undefined): BuilderPlacement {
  const [only, ...others] = platforms ?? all.platforms;
  if (only === undefined || others.length > 0 || all.platforms.length < 2) {
    return { ...all, platforms: [...(platforms ?? all.platforms)] };
  }
  const architecture = { "kubernetes.io/arch": only.replace(/^linux\//, "") };
  return { ...all, nodeSelector: { ...all.nodeSelector, ...architecture }, platforms: [only] };
}

/** Makes the nodes that are this stack's. Each kind is loaded only when it is asked for, with the SDK that it needs. */
export async function provisionBuilderNodes(environment: Environment, cluster: ClusterConnection): Promise<void> {
  for (const note of nodeNotes(environment.config)) await pulumi.log.info(note);
  for (const nodes of environment.config.cluster.builderNodes) {
    if (nodes.kind === "eks") {
      const { provisionEksNodes } = await import("./eksNodes.ts");
      await provisionEksNodes(environment, nodes);
    } else if (nodes.kind === "karpenter") {
      const { provisionKarpenterNodes } = await import("./karpenterNodes.ts");
      await provisionKarpenterNodes(environment, nodes, cluster);
    }
  }
}
