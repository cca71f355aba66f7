/** What the builders of a stack reach, from what its stack file says. */
import type { StackConfig } from "../config.ts";
import type { BuilderEgress } from "../documents/networkPolicy.ts";
import { isOnGke } from "../nodeUse.ts";
import { hostLogins } from "../registries/hostLogins.ts";
import { registryPlace, registryPods } from "../registries/registryPlace.ts";

/**
 * The registry and its mirrors, every registry with a login, the web where it is allowed, and the agent of EKS Pod Identity where
 * builders get their role from it. IRSA asks the token service on port 443, which a registry with a name opens anyway: where it
 * is, no policy can know, so that port is open to every address. Workload Identity comes by GKE's metadata server.
 */
export function egressOf(config: Pick<StackConfig, "registry" | "access" | "cluster" | "cache">): BuilderEgress {
  const { access, cluster, registry } = config;
  const { host, mirrors } = registryPlace(registry);
  const logins = [...hostLogins(config), ...cluster.pullSecret.logins];
  return {
    registries: [...new Set([host, ...Object.values(mirrors).flat(), ...logins.map((login) => login.host)])],
    registryPods: registryPods(registry),
    internet: cluster.guardrails.internet,
    podIdentity: access.kind === "podIdentity",
    gkeMetadata: access.kind === "workloadIdentity",
    cloudDns: isOnGke(config),
  };
}
