/** Which builders are on which nodes, and what leads them there: pure, as rules, nodes and the BuildSetup all go by it. */
import { type InClusterMode, type ModeConfig, modesOf, type StackConfig } from "./config.ts";
import { pathText } from "./configProblems.ts";
import type { BuilderNodesConfig } from "./sections/builderNodes.ts";
import { BUILDER_NODE_KEY, BUILDER_NODE_VALUE, type Toleration } from "./setup.ts";

type Architecture = BuilderNodesConfig[number]["architecture"];

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
    const spot = nodes.kind === "gke" ? nodes.spot : "capacity" in nodes && nodes.capacity === "spot";
    if (!spot) return [];
    if (!modesOn(config, nodes.architecture).some(([name]) => name === "cluster-buildkit")) return [];
    const path = pathText(["cluster", "builderNodes", index, nodes.kind === "gke" ? "spot" : "capacity"]);
    return [
      `${path} is ${nodes.kind === "gke" ? "true" : "spot"}, and cluster-buildkit builds there: a node that the cloud takes back takes the builds on it and BuildKit's local ` +
        "cache along; the cache in the registry stays",
    ];
  });
}
