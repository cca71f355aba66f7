/** Builder nodes that are this stack's. */
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../environment.ts";
import type { ProvisionedRegistry } from "../registries/registry.ts";
import type { ClusterConnection } from "./connection.ts";
import { nodeNotes } from "./nodeUse.ts";

/** Makes the nodes that are this stack's. Each kind is loaded only when it is asked for, with the SDK that it needs. */
export async function provisionBuilderNodes(
  environment: Environment,
  cluster: ClusterConnection,
  registry: ProvisionedRegistry,
): Promise<void> {
  for (const note of nodeNotes(environment.config)) await pulumi.log.info(note);
  const all = environment.config.cluster.builderNodes;
  const gke = all.filter((nodes) => nodes.kind === "gke");
  if (gke.length > 0) {
    const { provisionGkeNodes } = await import("./gkeNodes.ts");
    await provisionGkeNodes(environment, gke, registry);
  }
  for (const nodes of all) {
    if (nodes.kind === "eks") {
      const { provisionEksNodes } = await import("./eksNodes.ts");
      await provisionEksNodes(environment, nodes);
    } else if (nodes.kind === "karpenter") {
      const { provisionKarpenterNodes } = await import("./karpenterNodes.ts");
      await provisionKarpenterNodes(environment, nodes, cluster);
    }
  }
}
