/** Builder nodes of GKE. */
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../environment.ts";
import type { ProvisionedRegistry } from "../registries/registry.ts";
import type { GkeNodesConfig } from "../sections/gkeNodes.ts";

/** Makes a node pool for builders. */
export async function provisionGkeNodes(
  _environment: Environment,
  nodes: GkeNodesConfig,
  _registry: ProvisionedRegistry,
): Promise<void> {
  throw new pulumi.RunError(`builder nodes of kind ${nodes.kind} are not made yet`);
}
