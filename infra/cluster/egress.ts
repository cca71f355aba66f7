/** What the builders of a stack reach, from what its stack file says. */
import { GSA_ANNOTATION } from "../access/builderServiceAccount.ts";
import type { StackConfig } from "../config.ts";
import type { BuilderEgress } from "../documents/networkPolicy.ts";
import { hostLogins } from "../registries/hostLogins.ts";
import { registryPlace, registryPods } from "../registries/registryPlace.ts";
import { GOOGLE_HELPER } from "../setupNames.ts";
import { isOnGke } from "./nodeUse.ts";

type EgressParts = Pick<StackConfig, "registry" | "access" | "cluster" | "cache">;

/**
 * The registry and its mirrors, every registry with a login, the web where it is allowed, and the agent of EKS Pod Identity where
 * builders get their role from it. IRSA asks the token service on port 443, which a registry with a name opens anyway: where it
 * is, no policy can know, so that port is open to every address.
 */
export function egressOf(config: EgressParts): BuilderEgress {
  const { access, cluster, registry } = config;
  const { host, mirrors } = registryPlace(registry);
  const logins = [...hostLogins(config), ...cluster.pullSecret.logins];
  return {
    registries: [...new Set([host, ...Object.values(mirrors).flat(), ...logins.map((login) => login.host)])],
    registryPods: registryPods(registry),
    internet: cluster.guardrails.internet,
    podIdentity: access.kind === "podIdentity",
    gkeMetadata: isOnGke(config) && asksMetadata(config),
    cloudDns: isOnGke(config),
  };
}

/**
 * Whether builders are somebody in Google Cloud by the metadata server: an identity of the stack's, one that was arranged elsewhere, or
 * whoever the credential helper finds there. A key is a password, and asks nobody. What is in docker configs is secret, and not seen here.
 */
function asksMetadata(config: EgressParts): boolean {
  const { access, cluster } = config;
  if (access.kind === "workloadIdentity") return true;
  if (access.kind === "none" && Object.hasOwn(access.annotations, GSA_ANNOTATION)) return true;
  return [...hostLogins(config), ...cluster.pullSecret.logins].some(
    (login) => "helper" in login && login.helper === GOOGLE_HELPER,
  );
}
