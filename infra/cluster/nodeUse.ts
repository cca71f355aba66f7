/** Which builders are on which nodes, and what leads them there: pure, as rules, nodes and the BuildSetup all go by it. */
import { type InClusterMode, type ModeConfig, modesOf, type StackConfig } from "../config.ts";
import { pathText } from "../configProblems.ts";
import type { BuilderNodesConfig } from "../sections/builderNodes.ts";
import { BUILDER_NODE_KEY, BUILDER_NODE_VALUE, type Toleration } from "../setup.ts";

type Architecture = BuilderNodesConfig[number]["architecture"];

/** The taint of GKE's own on nodes of ARM machines (GKE, "Prepare an Arm workload for deployment to Standard clusters"). */
const ARM_TAINT: Toleration = { key: "kubernetes.io/arch", operator: "Equal", value: "arm64", effect: "NoSchedule" };

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
export function builderPlacement(
  nodes: readonly Pick<BuilderNodesConfig[number], "kind" | "architecture">[],
): BuilderPlacement {
  return {
    tolerations: [
      { key: BUILDER_NODE_KEY, operator: "Equal", value: BUILDER_NODE_VALUE, effect: "NoSchedule" },
      ...(nodes.some(({ kind, architecture }) => kind === "gke" && architecture === "arm64") ? [ARM_TAINT] : []),
    ],
    nodeSelector: { [BUILDER_NODE_KEY]: BUILDER_NODE_VALUE },
    platforms: nodePlatforms(nodes),
  };
}

/**
 * The placement of one mode, which may build for some of the platforms. Where nodes are of several architectures and the mode has
 * one platform, the selector leads there; with several platforms, each pod is led to its own by the plan of its build. What only
 * nodes of another architecture are tainted with is not tolerated.
 */
export function modePlacement(all: BuilderPlacement, platforms: readonly string[] | undefined): BuilderPlacement {
  const chosen = [...(platforms ?? all.platforms)];
  const tolerations = all.tolerations.filter(
    ({ key }) => key !== ARM_TAINT.key || chosen.includes(`linux/${ARM_TAINT.value}`),
  );
  const [only] = chosen;
  if (only === undefined || chosen.length > 1 || all.platforms.length < 2) {
    return { ...all, tolerations, platforms: chosen };
  }
  const architecture = { "kubernetes.io/arch": only.replace(/^linux\//, "") };
  return { nodeSelector: { ...all.nodeSelector, ...architecture }, tolerations, platforms: chosen };
}

/** Platforms of builder nodes (`linux/amd64`), once each, in the order of the file. */
export function nodePlatforms(nodes: readonly Pick<BuilderNodesConfig[number], "architecture">[]): string[] {
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

/** Whether the cluster of a stack is one of GKE, as far as its file tells. */
export function isOnGke({ access, cluster }: Pick<StackConfig, "access" | "cluster">): boolean {
  const nodes = cluster.builderNodes.some(({ kind }) => kind === "gke" || kind === "autopilot");
  return nodes || cluster.gke !== undefined || access.kind === "workloadIdentity";
}

/** What is allowed, but whoever chose it should know; one sentence each. */
export function nodeNotes(config: Pick<StackConfig, "builder" | "cluster">): string[] {
  return config.cluster.builderNodes.flatMap((nodes, index) => [
    ...spotNotes(config, nodes, index),
    ...ubuntuNotes(config, nodes, index),
  ]);
}

type Nodes = BuilderNodesConfig[number];

function spotNotes(config: Pick<StackConfig, "builder" | "cluster">, nodes: Nodes, index: number): string[] {
  const spot = nodes.kind === "gke" ? nodes.spot : "capacity" in nodes && nodes.capacity === "spot";
  if (!spot) return [];
  if (!modesOn(config, nodes.architecture).some(([name]) => name === "cluster-buildkit")) return [];
  const path = pathText(["cluster", "builderNodes", index, nodes.kind === "gke" ? "spot" : "capacity"]);
  return [
    `${path} is ${nodes.kind === "gke" ? "true" : "spot"}, and cluster-buildkit builds there: a node that the cloud takes back takes the builds on it and BuildKit's local ` +
      "cache along; the cache in the registry stays",
  ];
}

/** BuildKit, docs/rootless.md: Ubuntu restricts user namespaces from 24.04 on. Which Ubuntu a node has is GKE's to choose. */
function ubuntuNotes(config: Pick<StackConfig, "builder" | "cluster">, nodes: Nodes, index: number): string[] {
  if (nodes.kind !== "gke" || nodes.image !== "UBUNTU_CONTAINERD") return [];
  if (!needsUserNamespaces(config, nodes.architecture)) return [];
  const path = pathText(["cluster", "builderNodes", index, "image"]);
  return [
    `${path} is UBUNTU_CONTAINERD, and cluster-buildkit is rootless there: from 24.04 on Ubuntu keeps processes without rights out of user ` +
      "namespaces, without which it does not start; COS_CONTAINERD does not",
  ];
}
