/** Rules of a stack file about repositories of Artifact Registry that only hold caches. */
import { isGcpAccess } from "../access/builderServiceAccount.ts";
import type { ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { GCR_LOCATIONS, locationOfHost } from "../documents/gcp/registryHosts.ts";
import { configKey } from "../documents/registryHost.ts";
import { cachePlaceOf } from "../registries/cacheRegistries.ts";
import { builderRepositories } from "../registries/garRepositories.ts";
import { listedLogins } from "../registries/givenLogins.ts";
import { isGar } from "../registries/registryPlace.ts";
import type { CacheRegistryConfig, GarCacheRegistryConfig } from "../sections/cache.ts";
import { saidOtherwise } from "./caches.ts";
import { keyLocation, labelCount } from "./gar.ts";

type Path = readonly (string | number)[];

/** All violations, in the order of the entries. */
export function garCacheProblems(config: ParsedSections): Problem[] {
  return (config.cache ?? []).flatMap(({ registry: place }, index) => {
    if (place === undefined) return [];
    const path = ["cache", index, "registry"];
    if (place.kind !== "artifactRegistry") return withoutRights(path, place, config);
    return [
      ...writers(path, config),
      ...keyLocation(path, place.kmsKey, place.location),
      ...labelCount(path, place.labels),
      ...withoutEffect(path, place),
      ...taken(path, place, config),
      ...saidOtherwise(path, place, index, config),
    ];
  });
}

/** Builders write there as their service account. */
function writers(path: Path, { access }: ParsedSections): Problem[] {
  if (access === undefined || isGcpAccess(access)) return [];
  const message =
    `is "artifactRegistry", where builders write as a service account of Google Cloud, but pergola:access is of kind ${access.kind}; ` +
    "write kind: workloadIdentity or serviceAccountKey there";
  return [problem([...path, "kind"], message)];
}

function withoutEffect(path: Path, { existing, kmsKey, labels, impersonate }: GarCacheRegistryConfig): Problem[] {
  if (!existing) return [];
  const said = [
    ...(kmsKey === undefined ? [] : ["kmsKey"]),
    ...(Object.keys(labels).length === 0 ? [] : ["labels"]),
    ...(impersonate === undefined ? [] : ["impersonate"]),
  ];
  return said.map((key) =>
    problem([...path, key], "changes nothing: the repository is existing and stays as it is; remove it"),
  );
}

const USES = {
  images: "the repository of the images itself",
  caches: "the repository that immutableTags has for caches, where they are without this, too",
  baseImages: "a remote repository, to which nobody can push",
} as const;

/** It is not one that the registry has for something. */
function taken(path: Path, place: GarCacheRegistryConfig, { registry }: ParsedSections): Problem[] {
  if (!isGar(registry)) return [];
  const found = builderRepositories({ registry, cache: [] }).find(
    ({ project, location, repository }) =>
      project === place.project && location === place.location && repository === place.repository,
  );
  if (found === undefined) return [];
  const what = found.use === "baseImages" ? "name another one" : "remove it, or name another one";
  return [problem([...path, "repository"], `${JSON.stringify(place.repository)} is ${USES[found.use]}; ${what}`)];
}

/**
 * The builders' service account gets exactly the rights that are told to be needed; a login by Google's helper brings none. One
 * with a password is somebody else's, with rights of their own.
 */
function withoutRights(
  path: Path,
  caches: Exclude<CacheRegistryConfig, GarCacheRegistryConfig>,
  config: ParsedSections,
): Problem[] {
  const { registry, access } = config;
  const { host } = cachePlaceOf(caches);
  const isGcr = Object.hasOwn(GCR_LOCATIONS, host);
  const location = locationOfHost(host);
  if (location === null || !isGar(registry)) return [];
  if (access === undefined || !isGcpAccess(access)) return [];
  if (listedLogins(config).some(({ key, helper }) => key === configKey(host) && helper === null)) return [];
  const instead = isGcr
    ? `a repository for caches: kind: artifactRegistry, location: ${location}, with its project and repository`
    : `kind: artifactRegistry, location: ${location}, project and repository instead of the host`;
  const message = `${JSON.stringify(host)} is Artifact Registry, to which the builders' service account gets no right in this way; write ${instead}`;
  return [problem([...path, "host"], message)];
}
