/** Registries that only hold caches (`pergola:cache[].registry`): where they are, and which repositories of ECR they take. Pure. */
import type { StackConfig } from "../config.ts";
import { ecrHost } from "../documents/aws/partition.ts";
import { artifactRegistryHost, artifactRegistryNamespace } from "../documents/gcp/registryHosts.ts";
import { givenRegistryKind } from "../documents/registryProducts.ts";
import type { CacheRegistryConfig, EcrCacheRegistryConfig } from "../sections/cache.ts";
import type { EcrRepositoryConfig } from "../sections/ecrRegistry.ts";

/** A registry of caches as builders know it. */
export interface CachePlace {
  /** as in the BuildSetup */
  readonly kind: string;
  readonly host: string;
  /** path between host and image name; empty for none */
  readonly namespace: string;
  readonly insecure: boolean;
}

/** A repository of caches. */
export interface SeparateRepository {
  readonly name: string;
  /** image repository whose cache it holds */
  readonly of: string;
  /** whose layers: BuildKit's exports, or the steps of kaniko */
  readonly holds: "buildkit" | "kaniko";
}

/** The repositories that one registry of caches has. */
export interface SeparateCaches {
  readonly place: EcrCacheRegistryConfig;
  /** builders push to them; false where every entry of it is only read */
  readonly writable: boolean;
  readonly repositories: readonly SeparateRepository[];
}

/** How builders reach a registry of caches. */
export function cachePlaceOf(registry: CacheRegistryConfig): CachePlace {
  switch (registry.kind) {
    case "dockerRegistry": {
      const { host, namespace, insecure } = registry;
      return { kind: givenRegistryKind(registry), host, namespace, insecure };
    }
    case "ecr": {
      const { kind, account, region, namespace } = registry;
      return { kind, host: ecrHost(account, region), namespace, insecure: false };
    }
    case "artifactRegistry": {
      const { kind, location } = registry;
      const namespace = artifactRegistryNamespace(registry);
      return { kind, host: artifactRegistryHost(location), namespace, insecure: false };
    }
  }
}

/** Whether two registries of caches are one. */
export function isSamePlace(a: CacheRegistryConfig, b: CacheRegistryConfig): boolean {
  const [one, other] = [cachePlaceOf(a), cachePlaceOf(b)];
  return one.host === other.host && one.namespace === other.namespace;
}

/**
 * The registry of caches that kaniko keeps its layers in; undefined for that of the images. The first entry that is written says
 * it, and where all are only read the first with a registry. Builders go by the same rule: decidingEntry in builders/plan/cache.ts,
 * where it is also that of caches from the command line, so that they are where an entry lets builders push.
 */
export function kanikoCacheRegistry(cache: StackConfig["cache"]): CacheRegistryConfig | undefined {
  const deciding = cache.find((entry) => entry.export) ?? cache.find((entry) => entry.registry !== undefined);
  return deciding?.registry;
}

/**
 * The registries of ECR that only hold caches, each once, with their repositories. BuildKit keeps the cache of an image in
 * NAMESPACE/IMAGE; kaniko, if its layers are there, in NAMESPACE/IMAGE/cache.
 */
export function separateCaches({
  registry,
  cache,
  builder,
}: Pick<StackConfig, "registry" | "cache" | "builder">): SeparateCaches[] {
  if (registry.kind !== "ecr") return [];
  const images = registry.repositories.map((entry) => (typeof entry === "string" ? { name: entry } : entry));
  const ofKaniko = kanikoCacheRegistry(cache);
  const found: SeparateCaches[] = [];
  for (const { registry: place } of cache) {
    if (place?.kind !== "ecr" || found.some((other) => isSamePlace(other.place, place))) continue;
    const entries = cache.filter((entry) => entry.registry !== undefined && isSamePlace(entry.registry, place));
    const holds = (["buildkit", "kaniko"] as const).filter((mode) =>
      mode === "buildkit"
        ? builder.modes["cluster-buildkit"] !== undefined
        : builder.modes.kaniko !== undefined && ofKaniko !== undefined && isSamePlace(ofKaniko, place),
    );
    found.push({
      place,
      writable: entries.some((entry) => entry.export),
      repositories: images.flatMap((image) => holds.map((mode) => repositoryOf(place, image, mode))),
    });
  }
  return found;
}

function repositoryOf(
  { namespace }: EcrCacheRegistryConfig,
  { name: of }: Pick<EcrRepositoryConfig, "name">,
  holds: SeparateRepository["holds"],
): SeparateRepository {
  const name = [namespace, of, ...(holds === "kaniko" ? ["cache"] : [])].filter((part) => part !== "").join("/");
  return { name, of, holds };
}
