/** Every repository of Artifact Registry that a stack makes: pure, so that all of it is checked before anything is made. */
import type { StackConfig } from "../config.ts";
import { type CleanupPolicy, cachePolicies, cleanupPolicies } from "../documents/gcp/cleanupPolicies.ts";
import type { GarRepository } from "../documents/gcp/registryHosts.ts";
import { layerDays } from "../documents/kanikoFlags.ts";
import type { GcpApi } from "../gcpApis.ts";
import type { GcpPlace } from "../gcpProviders.ts";
import type { GarConfig } from "../sections/artifactRegistry.ts";
import type { GarCacheRegistryConfig } from "../sections/cache.ts";
import { type CachePlace, cachePlaceOf, isSamePlace } from "./cacheRegistries.ts";
import { enablesApis, garLocation, garRepository, isGar, registryOfCaches } from "./registryPlace.ts";

/** A repository that is made or taken over. */
export interface PlannedGarRepository extends GarRepository {
  readonly immutableTags: boolean;
  /** whether images are scanned for vulnerabilities; null for what the registry decides */
  readonly scanning: "INHERITED" | "DISABLED" | null;
  /** what a remote repository keeps images of: `dockerHub`, or a URL; null for a repository of its own */
  readonly remote: string | null;
  /** name of the key; null for Google's own */
  readonly kmsKey: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly cleanup: { readonly dryRun: boolean; readonly policies: readonly CleanupPolicy[] };
  readonly protect: boolean;
  readonly import: boolean;
}

/** Repositories that one provider makes. */
export interface PlannedGarRegistry {
  /** beginning of the names of its resources */
  readonly name: string;
  readonly place: GcpPlace;
  /** what has to be enabled in its project */
  readonly apis: readonly GcpApi[];
  readonly repositories: readonly PlannedGarRepository[];
}

type Parts = Pick<StackConfig, "registry" | "cache" | "builder">;

/** Where a repository is for builders. */
type Place = Pick<CachePlace, "host" | "namespace">;

/** The registry of the images, where it is Google's, and the separate ones of caches, where they have something to make. */
export function plannedGarRegistries(config: Parts): PlannedGarRegistry[] {
  const { registry } = config;
  const apis: readonly GcpApi[] = enablesApis(registry) ? ["artifactregistry"] : [];
  const images = isGar(registry) ? [registry] : [];
  const own = images.map((one) => ({
    name: "registry",
    place: { project: one.project, impersonate: one.impersonate },
    apis,
    repositories: ownRepositories(config, one),
  }));
  const separate = separateGarCaches(config).map((place) => ({
    name: ["caches", place.project, place.location, place.repository].join("-"),
    place: { project: place.project, impersonate: place.impersonate },
    apis,
    repositories: [separateRepository(place, config)],
  }));
  return [...own, ...separate].filter(({ repositories }) => repositories.length > 0);
}

/** `PROJECT/LOCATION/REPOSITORY` */
export function garKey({ project, location, repository }: GarRepository): string {
  return [project, location, repository].join("/");
}

/** What repositories of caches have in common: their tags move, and nothing in them is ever run. */
const CACHE = { immutableTags: false, scanning: "DISABLED", remote: null, protect: false, import: false } as const;

function ownRepositories(config: Parts, registry: GarConfig): PlannedGarRepository[] {
  const { project, immutableTags, labels, cleanup, protect } = registry;
  const kmsKey = registry.kmsKey ?? null;
  const shared = { project, location: garLocation(registry), kmsKey, labels };
  const images: PlannedGarRepository = {
    ...shared,
    repository: garRepository(registry),
    immutableTags,
    scanning: registry.scanning === "disabled" ? "DISABLED" : "INHERITED",
    remote: null,
    cleanup: { dryRun: cleanup.dryRun, policies: cleanupPolicies(cleanup.policies) },
    protect,
    import: registry.import,
  };
  const caches = registryOfCaches({ registry });
  const remotes = registry.kind === "artifactRegistry" ? registry.remotes : [];
  return [
    ...(registry.existing ? [] : [images]),
    ...(caches === null || caches.existing
      ? []
      : [{ ...shared, ...CACHE, repository: caches.repository, cleanup: cleanupOf(config, caches) }]),
    ...remotes.flatMap((remote) =>
      "of" in remote
        ? [
            {
              ...shared,
              ...{ repository: remote.repository, remote: remote.of, immutableTags: false, scanning: null },
              ...{ cleanup: { dryRun: false, policies: [] }, protect: false, import: false },
            },
          ]
        : [],
    ),
  ];
}

/** Separate registries of caches that are made, each once. */
function separateGarCaches({ cache }: Parts): GarCacheRegistryConfig[] {
  const places = cache.flatMap(({ registry }) => (registry?.kind === "artifactRegistry" ? [registry] : []));
  const isFirst = (place: GarCacheRegistryConfig, at: number) =>
    places.findIndex((other) => isSamePlace(other, place)) === at;
  return places.filter((place, at) => isFirst(place, at) && !place.existing);
}

function separateRepository(place: GarCacheRegistryConfig, config: Parts): PlannedGarRepository {
  const { project, location, repository, kmsKey, labels } = place;
  return {
    ...CACHE,
    ...{ project, location, repository, kmsKey: kmsKey ?? null, labels },
    cleanup: cleanupOf(config, cachePlaceOf(place)),
  };
}

/**
 * As the modes take from a place. BuildKit's caches are where an entry says, and those that only the command line asks for (`--cache-to`)
 * are beside the images where no entry is written: the runner's rule, cacheEntries in builders/plan/cache.ts. The Docker of somebody's
 * own machine writes them, too.
 */
function cleanupOf({ registry, cache, builder }: Parts, place: Place): PlannedGarRepository["cleanup"] {
  const beside = registryOfCaches({ registry });
  const entries = cache.map(({ registry: separate }) => (separate === undefined ? beside : cachePlaceOf(separate)));
  const asked = cache.some((entry) => entry.export) ? [] : [beside];
  const isHere = [...entries, ...asked].some((one) => one?.host === place.host && one.namespace === place.namespace);
  const { "cluster-buildkit": inCluster, "local-docker": onMachines } = builder.modes;
  const buildkit = isHere && (inCluster !== undefined || onMachines !== undefined);
  return {
    dryRun: false,
    policies: cachePolicies({ buildkit, layerDays: layerDays(builder.modes.kaniko?.extraFlags ?? []) }),
  };
}
