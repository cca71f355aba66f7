/** Who makes things in a project of Google Cloud: pure. */
import type { GcpPlace } from "../gcpProviders.ts";
import { isGar } from "../registries/registryPlace.ts";
import type { AccessParts } from "./builderRoles.ts";

/**
 * A project with whom its provider acts as: what the stack file says of the registry, the caches or the cluster that are there.
 * @param first whose word counts where both are in one project
 */
export function gcpPlaceOf(
  { registry, cache, cluster }: Pick<AccessParts, "registry" | "cache" | "cluster">,
  project: string,
  first: "registry" | "cluster" = "registry",
): GcpPlace {
  const registries: GcpPlace[] = [
    ...(isGar(registry) ? [registry] : []),
    ...cache.flatMap(({ registry: place }) => (place?.kind === "artifactRegistry" ? [place] : [])),
  ];
  const clusters: GcpPlace[] = cluster.gke === undefined ? [] : [cluster.gke];
  const places = first === "registry" ? [...registries, ...clusters] : [...clusters, ...registries];
  return { project, impersonate: places.find((place) => place.project === project)?.impersonate };
}
