/** Which builders are on which of the nodes: pure, as rules, nodes and the BuildSetup all go by it. */
import { type InClusterMode, type ModeConfig, modesOf, type StackConfig } from "./config.ts";
import { pathText } from "./configProblems.ts";
import type { BuilderNodesConfig } from "./sections/builderNodes.ts";

type Architecture = BuilderNodesConfig[number]["architecture"];

/** Platforms of builder nodes (`linux/amd64`), once each, in the order of the file. */
export function nodePlatforms(nodes: Pick<BuilderNodesConfig[number], "architecture">[]): string[] {
  return [...new Set(nodes.map(({ architecture }) => `linux/${architecture}`))];
}

/** The modes of a stack that build on nodes of an architecture. */
export function modesOn(
  { builder, cluster }: Pick<StackConfig, "builder" | "cluster">,
  architecture: Architecture,
): [InClusterMode, ModeConfig][] {
  const platforms = nodePlatforms(cluster.builderNodes);
  return modesOf({ builder }).filter(([, mode]) => (mode.platforms ?? platforms).includes(`linux/${architecture}`));
}

/** Whether builders on nodes of an architecture have user namespaces of their own: rootless BuildKit does. */
export function needsUserNamespaces(
  config: Pick<StackConfig, "builder" | "cluster">,
  architecture: Architecture,
): boolean {
  return modesOn(config, architecture).some(([, mode]) => mode.profile === "rootless");
}

/** What is allowed, but whoever chose it should know; one sentence each. */
export function nodeNotes(config: Pick<StackConfig, "builder" | "cluster">): string[] {
  return config.cluster.builderNodes.flatMap((nodes, index) => {
    if (nodes.kind === "existing" || nodes.capacity !== "spot") return [];
    if (!modesOn(config, nodes.architecture).some(([name]) => name === "cluster-buildkit")) return [];
    const path = pathText(["cluster", "builderNodes", index, "capacity"]);
    return [
      `${path} is spot, and cluster-buildkit builds there: a node that AWS takes back takes the builds on it and BuildKit's local ` +
        "cache along; the cache in the registry stays",
    ];
  });
}
