/** Builder nodes as a managed node group of EKS. */
import type { Environment } from "../environment.ts";
import type { EksNodesConfig } from "../sections/builderNodes.ts";

/** Makes a node group with its launch template, and its role where none is given. */
export async function provisionEksNodes(_environment: Environment, _nodes: EksNodesConfig): Promise<void> {}
