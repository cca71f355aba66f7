/** From a BuildSetup to provider blocks of Garden's project file: one for each mode that the environment has. Pure. */
import type { BuildSetup, ClusterModeName } from "../../infra/setup.ts";
import { architectureSelector } from "../plan/kanikoIndex.ts";
import { cacheOfBlock } from "./cache.ts";
import { kanikoOfBlock } from "./kaniko.ts";
import { type GardenPlace, gardenPlaces } from "./place.ts";
import type { GardenBlock, GardenPlacement, Remark } from "./provider.ts";
import { pullSecretRemarks } from "./pullSecrets.ts";
import { registryOfBlock } from "./registry.ts";
import { resourcesOfBlock } from "./resources.ts";

export interface GardenOptions {
  /** null for all that the environment has */
  readonly mode: ClusterModeName | null;
  /** null where one block is right for all namespaces */
  readonly namespace: string | null;
  /** kubeconfig context, which Garden has to be told */
  readonly context: string;
}

/**
 * The blocks, that of the environment's default mode first.
 * @throws PergolaError mode-not-provisioned; namespace-not-provisioned: unknown, or several that differ; setup-invalid: what is
 *   in the environment cannot be said to Garden
 */
export function gardenBlocks(
  setup: BuildSetup,
  { mode, namespace, context }: GardenOptions,
): { readonly blocks: readonly GardenBlock[]; readonly left: readonly ClusterModeName[] } {
  const { places, left } = gardenPlaces(setup, mode, namespace);
  const blocks = places.map((place, index) => {
    const environment = gardenEnvironment(index === 0 ? setup.environment : `${setup.environment}-${place.modeName}`);
    return gardenBlock(setup, place, environment, context);
  });
  return { blocks, left };
}

/** A name that Garden takes for an environment (config/constants, userIdentifierRegex), as near to the stack's as can be. */
export function gardenEnvironment(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "");
  return (/^(?!garden)[a-z]/.test(plain) ? plain : `env-${plain}`).slice(0, 63).replace(/-$/, "");
}

function gardenBlock(setup: BuildSetup, place: GardenPlace, environment: string, context: string): GardenBlock {
  const { modeName, mode, namespace, pullSecrets } = place;
  const { registry, images, remarks: ofRegistry } = registryOfBlock(setup, namespace);
  const placement: GardenPlacement = {
    nodeSelector: { ...mode.nodeSelector, ...architectureSelector(mode.platforms, mode.platforms[0] ?? "") },
    tolerations: mode.tolerations,
    serviceAccountAnnotations: namespace.annotations,
  };
  const { resources, remarks: ofResources } = resourcesOfBlock(mode.resources);
  const section = sectionOf(setup, place, images, placement);
  return {
    mode: modeName,
    provider: {
      name: "kubernetes",
      environments: [environment],
      context,
      namespace: namespace.name,
      buildMode: modeName,
      deploymentRegistry: registry,
      imagePullSecrets: pullSecrets.map((secret) => ({ name: secret.name, namespace: secret.namespace })),
      ...section.fields,
      resources,
    },
    remarks: [
      ...blockRemarks(setup, place),
      ...ofRegistry,
      ...pullSecretRemarks(setup, pullSecrets),
      ...section.remarks,
      ...ofResources,
    ],
  };
}

function sectionOf(
  setup: BuildSetup,
  place: GardenPlace,
  images: readonly BuildSetup["images"][number][],
  placement: GardenPlacement,
): {
  readonly fields: Pick<GardenBlock["provider"], "clusterBuildkit" | "kaniko">;
  readonly remarks: readonly Remark[];
} {
  if (place.modeName === "kaniko") {
    const { kaniko, remarks } = kanikoOfBlock(setup, place, images);
    return { fields: { kaniko: { ...kaniko, ...placement } }, remarks };
  }
  const { cache, remarks } = cacheOfBlock(setup, images);
  const rootless = place.mode.profile === "rootless";
  const text =
    "Garden asks for it by annotations. Kubernetes reads none for seccomp since 1.27, so whether its daemon starts depends on the nodes.";
  return {
    fields: { clusterBuildkit: { rootless, cache, ...placement } },
    remarks: [...(rootless ? [{ at: "clusterBuildkit.rootless", text }] : []), ...remarks],
  };
}

/** What holds for a block as a whole. */
function blockRemarks(setup: BuildSetup, { modeName, mode, namespace, alike, others }: GardenPlace): Remark[] {
  const patterns = mode.namespacePatterns;
  const also = [...alike, ...(patterns.length === 0 ? [] : [`any that matches ${patterns.join(" or ")}`])];
  const absent = absentFrom(setup, modeName, mode);
  return [
    ...[
      `Mode ${modeName}, for namespace ${namespace.name}: builders there are garden-in-cluster-builder, with exactly these annotations.`,
      also.length === 0
        ? "Valid for no other namespace."
        : `Valid for these namespaces, too, and no other: ${also.join(", ")}.`,
      ...(others.length === 0
        ? []
        : [`Others have blocks of their own (pergola garden --namespace NAME): ${others.join(", ")}.`]),
    ].map((text): Remark => ({ at: "", text })),
    ...(absent.length === 0 ? [] : [{ at: "", text: `Not in Garden's schema: ${absent.join("; ")}.` }]),
    {
      at: "namespace",
      text: "Garden builds where it deploys, and in a namespace that Pergola made nothing reaches pods (NetworkPolicy pergola-deny-ingress): give Garden a namespace with `existing: true`.",
    },
  ];
}

/** What the environment has for `pergola build`, and no field of Garden's can say. */
function absentFrom({ registry }: BuildSetup, modeName: ClusterModeName, mode: GardenPlace["mode"]): string[] {
  const isBuildkit = modeName === "cluster-buildkit";
  const mirrors = Object.keys(registry.mirrors);
  return [
    ...(isBuildkit ? [`the image ${mode.image} (Garden brings its own BuildKit)`] : []),
    ...(isBuildkit && mirrors.length > 0 ? [`the mirrors of ${mirrors.join(", ")}`] : []),
    ...(isBuildkit && registry.insecure
      ? [`plain http for base images in ${registry.host} (its insecure is for pushes and caches)`]
      : []),
    ...(registry.caBundle === undefined ? [] : ["the certificates of caBundle"]),
    ...(mode.platforms.length > 1
      ? [`platforms beside ${mode.platforms[0]}, on whose nodes Garden's builders are`]
      : []),
    ...(mode.allowHostNetwork ? ["the network host for steps"] : []),
    ...(mode.priorityClassName === null ? [] : [`the priority class ${mode.priorityClassName}`]),
  ];
}
