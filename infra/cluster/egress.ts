/** What the builders of a stack reach, from what its stack file says. */
import type { ClusterConfig } from "../config.ts";
import type { BuilderEgress } from "../documents/networkPolicy.ts";
import type { ProvisionedRegistry } from "../registries/provisioned.ts";

/** The registry and its mirrors, every registry with a login, and the web where it is allowed. */
export function egressOf(cluster: ClusterConfig, registry: Pick<ProvisionedRegistry, "setup" | "pods">): BuilderEgress {
  const registries = [
    registry.setup.host,
    ...Object.values(registry.setup.mirrors).flat(),
    ...cluster.pullSecret.logins.map((login) => login.host),
  ];
  return { registries, registryPods: registry.pods, internet: cluster.guardrails.internet };
}
