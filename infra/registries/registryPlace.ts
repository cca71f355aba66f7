/** Where the registry of a stack is, what is in it, and how builders log in: pure, as rules, logins and the BuildSetup all go by it. */
import type { RegistryConfig, StackConfig } from "../config.ts";
import {
  artifactRegistryHost,
  artifactRegistryNamespace,
  GCR_LOCATIONS,
  projectPath,
} from "../documents/gcp/registryHosts.ts";
import { REGISTRY_LABELS } from "../documents/registryConfig.ts";
import { givenRegistryKind } from "../documents/registryProducts.ts";
import type { GarConfig } from "../sections/artifactRegistry.ts";
import type { BuildSetup } from "../setup.ts";
import { ecrHostOf, setupImages } from "./ecrRepositories.ts";

/** What the BuildSetup says of the registry. */
export function registryPlace(registry: RegistryConfig): BuildSetup["registry"] {
  const there = { kind: registry.kind, namespace: "", insecure: false, mirrors: {}, createsRepositoriesOnPush: true };
  switch (registry.kind) {
    case "inCluster":
    case "dockerRegistry": {
      const { host, namespace, insecure, mirrors, insecureMirrors, caBundle } = registry;
      const kind = registry.kind === "inCluster" ? registry.kind : givenRegistryKind(registry);
      const said = {
        ...(insecureMirrors.length === 0 ? {} : { insecureMirrors }),
        ...(caBundle === undefined ? {} : { caBundle }),
      };
      return { ...there, kind, host, namespace, insecure, mirrors, ...said };
    }
    case "ecr":
      return { ...there, host: ecrHostOf(registry), createsRepositoriesOnPush: false };
    case "artifactRegistry":
      return {
        ...there,
        host: artifactRegistryHost(registry.location),
        namespace: artifactRegistryNamespace(registry),
        ...cachesElsewhere(registry),
      };
    case "gcr":
      return {
        ...there,
        host: registry.host,
        namespace: projectPath(registry.project),
        ...cachesElsewhere(registry),
      };
  }
}

/** Written only where it says something: a Pergola from before knows no such key. */
function cachesElsewhere(registry: RegistryConfig): Pick<BuildSetup["registry"], "caches"> {
  const caches = registryOfCaches({ registry });
  return caches === null ? {} : { caches: { host: caches.host, namespace: caches.namespace } };
}

/** Repositories that are made one by one; none where a push makes them. */
export function registryImages(registry: RegistryConfig): BuildSetup["images"] {
  return registry.kind === "ecr" ? setupImages(registry) : [];
}

/** The pods of a registry that runs in the same cluster. */
export interface RegistryPods {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The registry's pods; null where it does not run in the cluster. */
export function registryPods(registry: RegistryConfig): RegistryPods | null {
  return registry.kind === "inCluster"
    ? { namespace: registry.clusterNamespace, labels: { ...REGISTRY_LABELS } }
    : null;
}

/** Location of a repository of Artifact Registry, also of one that is behind gcr.io. */
export function garLocation(registry: GarConfig): string {
  return registry.kind === "gcr" ? GCR_LOCATIONS[registry.host] : registry.location;
}

/** Id of a repository of Artifact Registry: behind gcr.io it is the host. */
export function garRepository(registry: GarConfig): string {
  return registry.kind === "gcr" ? registry.host : registry.repository;
}

/** Whether a stack's registry is Google's. */
export function isGar(registry: RegistryConfig | undefined): registry is GarConfig {
  return registry?.kind === "artifactRegistry" || registry?.kind === "gcr";
}

/** Whether the stack enables the APIs of Google Cloud that it needs, or leaves that to others. */
export function enablesApis(registry: RegistryConfig): boolean {
  return !isGar(registry) || registry.enableApis;
}

/** What caches of a stack are: as its file says, but for a registry whose tags never move, which has a second repository for them. */
export function registryOfCaches({ registry }: Pick<StackConfig, "registry">): {
  readonly host: string;
  readonly namespace: string;
  readonly repository: string;
  /** it is there, and stays as it is */
  readonly existing: boolean;
} | null {
  if (!isGar(registry) || !registry.immutableTags) return null;
  const { project, cacheRepository: named } = registry;
  const existing = typeof named === "object";
  const repository = existing ? named.existing : (named ?? `${garRepository(registry).replaceAll(".", "-")}-cache`);
  const namespace = artifactRegistryNamespace({ project, repository });
  return { host: artifactRegistryHost(garLocation(registry)), namespace, repository, existing };
}
