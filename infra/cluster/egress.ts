/** What the builders of a stack reach, from what its stack file says. */
import type { StackConfig } from "../config.ts";
import type { BuilderEgress } from "../documents/networkPolicy.ts";
import type { ProvisionedRegistry } from "../registries/provisioned.ts";

/**
 * The registry and its mirrors, every registry with a login, the web where it is allowed, and the agent of EKS Pod Identity where
 * builders get their role from it. IRSA asks the token service on port 443, which a registry with a name opens anyway: where it
 * is, no policy can know, so that port is open to every address.
 */
export function egressOf(
  { access, cluster }: Pick<StackConfig, "access" | "cluster">,
  registry: Pick<ProvisionedRegistry, "setup" | "pods">,
): BuilderEgress {
  const registries = [
    registry.setup.host,
    ...Object.values(registry.setup.mirrors).flat(),
    ...cluster.pullSecret.logins.map((login) => login.host),
  ];
  return {
    registries,
    registryPods: registry.pods,
    internet: cluster.guardrails.internet,
    podIdentity: access.kind === "podIdentity",
  };
}
