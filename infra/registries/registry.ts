/** The choice of the registry's kind. */
import type { ClusterConnection } from "../cluster/connection.ts";
import type { Environment } from "../environment.ts";

/** Makes the registry of the stack. Each kind is loaded only when it is asked for, with the SDK that it needs. */
export async function provisionRegistry(environment: Environment, cluster: ClusterConnection): Promise<void> {
  const { registry } = environment.config;
  switch (registry.kind) {
    case "inCluster": {
      const { provisionInClusterRegistry } = await import("./inCluster.ts");
      return provisionInClusterRegistry(environment, registry, cluster);
    }
    case "ecr": {
      const { provisionEcrRegistry } = await import("./ecr.ts");
      return provisionEcrRegistry(environment);
    }
    case "artifactRegistry":
    case "gcr": {
      const { provisionArtifactRegistry } = await import("./artifactRegistry.ts");
      return provisionArtifactRegistry(environment, registry);
    }
    case "dockerRegistry":
      // Somebody else's: there is nothing to make.
      return;
  }
}
