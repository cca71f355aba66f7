/** The repositories of Artifact Registry that a stack has to do with: pure, as the registry, rights and rules all go by them. */
import type { StackConfig } from "../config.ts";
import type { GarRepository } from "../documents/gcp/registryHosts.ts";
import { garLocation, garRepository, isGar, registryOfCaches } from "./registryPlace.ts";

/** A repository, and what builders do there. */
export interface BuilderRepository extends GarRepository {
  readonly use: "images" | "caches" | "baseImages";
  /** builders push there; else they only pull, as from separate caches of which no entry is written (kanikoCacheRegistry) */
  readonly writable: boolean;
  /** it is there, and stays as it is */
  readonly existing: boolean;
}

/** Those that nodes pull from: caches are between builders and the registry. */
export function pulledRepositories({ registry }: Pick<StackConfig, "registry">): BuilderRepository[] {
  return builderRepositories({ registry, cache: [] }).filter(({ use }) => use !== "caches");
}

/** The repositories, each once: of images, of the caches beside them, of separate caches, and those that keep base images. */
export function builderRepositories({ registry, cache }: Pick<StackConfig, "registry" | "cache">): BuilderRepository[] {
  const found: BuilderRepository[] = [];
  const add = (one: BuilderRepository): void => {
    const same = (other: BuilderRepository) =>
      other.project === one.project && other.location === one.location && other.repository === one.repository;
    const at = found.findIndex(same);
    if (at < 0) found.push(one);
    else found[at] = { ...(found[at] as BuilderRepository), writable: found[at]?.writable || one.writable };
  };
  if (isGar(registry)) {
    const { project, existing } = registry;
    const place = { project, location: garLocation(registry) };
    add({ ...place, repository: garRepository(registry), use: "images", writable: true, existing });
    const caches = registryOfCaches({ registry });
    if (caches !== null) {
      const { repository, existing } = caches;
      add({ ...place, repository, use: "caches", writable: true, existing });
    }
    for (const remote of registry.kind === "artifactRegistry" ? registry.remotes : []) {
      const { repository } = remote;
      add({ ...place, repository, use: "baseImages", writable: false, existing: "existing" in remote });
    }
  }
  for (const { registry: place, export: writable } of cache) {
    if (place?.kind !== "artifactRegistry") continue;
    const { project, location, repository, existing } = place;
    add({ project, location, repository, use: "caches", writable, existing });
  }
  return found;
}
