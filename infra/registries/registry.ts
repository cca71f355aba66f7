/** The choice of the registry's kind. */
import type { Repository } from "@pulumi/gcp/artifactregistry/repository.js";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConnection } from "../cluster/connection.ts";
import type { Environment } from "../environment.ts";
import { nodesNeedReaderText } from "./garTexts.ts";
import { isGar } from "./registryPlace.ts";

/** What a registry gives to the rest of the program. */
export interface ProvisionedRegistry {
  /**
   * repositories of Artifact Registry that are made, by `PROJECT/LOCATION/REPOSITORY`. What is on one gets its repositoryId from
   * here: the engine replaces with a repository what has a property of it, and nothing that only depends on it.
   */
  readonly repositories: ReadonlyMap<string, Repository>;
}

const NO_REPOSITORIES: ProvisionedRegistry = { repositories: new Map() };

/** Makes the registry of the stack. Each kind is loaded only when it is asked for, with the SDK that it needs. */
export async function provisionRegistry(
  environment: Environment,
  cluster: ClusterConnection,
): Promise<ProvisionedRegistry> {
  const { registry, cache } = environment.config;
  switch (registry.kind) {
    case "inCluster": {
      const { provisionInClusterRegistry } = await import("./inCluster.ts");
      provisionInClusterRegistry(environment, registry, cluster);
      break;
    }
    case "ecr": {
      const { provisionEcrRegistry } = await import("./ecr.ts");
      await provisionEcrRegistry(environment);
      break;
    }
    case "artifactRegistry":
    case "gcr":
    // Somebody else's: there is nothing to make, but for caches.
    case "dockerRegistry":
      break;
  }
  if (!isGar(registry) && !cache.some(({ registry: place }) => place?.kind === "artifactRegistry")) {
    return NO_REPOSITORIES;
  }
  const unsaid = nodesNeedReaderText(environment.config);
  if (unsaid !== null) await pulumi.log.info(unsaid);
  const { provisionArtifactRegistry } = await import("./artifactRegistry.ts");
  const made = provisionArtifactRegistry(environment);
  if (isGar(registry) && registry.pull.serviceAccounts.length > 0) {
    const { provisionGarPullers } = await import("./garPullers.ts");
    provisionGarPullers(registry, made);
  }
  return made;
}
