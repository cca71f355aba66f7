/** The Secrets by which workloads pull: copies of one docker config in every namespace that the stack file lists. */
import type { Environment } from "../environment.ts";
import type { ClusterConnection } from "./connection.ts";
import { listedDockerConfig } from "./dockerConfigs.ts";
import type { BuilderNamespace } from "./namespace.ts";
import { PullSecret } from "./pullSecret.ts";

/**
 * Makes them. The namespaces are there already, or are among those of builders. No service account is changed: its list of pull
 * secrets has no keys, so that whoever applies it owns all of it (`pergola setup attach` adds one entry to it instead).
 */
export function provisionPullSecrets(
  environment: Environment,
  cluster: ClusterConnection,
  builders: readonly BuilderNamespace[],
): void {
  for (const entry of environment.config.cluster.pullSecrets) {
    const dockerConfig = listedDockerConfig(environment, entry);
    for (const namespace of entry.namespaces) {
      new PullSecret(
        // Neither has a slash, so that no two are alike.
        `pull-secret-${namespace}/${entry.name}`,
        { namespace, secretName: entry.name, dockerConfig },
        { providers: [cluster.provider], dependsOn: [...builders] },
      );
    }
  }
}
