/** What the builders of a stack reach, from what its stack file says. */
import type { StackConfig } from "../config.ts";
import type { BuilderEgress } from "../documents/networkPolicy.ts";
import { isAddress, splitHost } from "../documents/registryHost.ts";
import { cachePlaceOf } from "../registries/cacheRegistries.ts";
import { hostLogins } from "../registries/hostLogins.ts";
import { registryPlace, registryPods } from "../registries/registryPlace.ts";
import { GOOGLE_HELPER, GSA_ANNOTATION } from "../setupNames.ts";
import { isOnGke } from "./nodeUse.ts";

type EgressParts = Pick<StackConfig, "registry" | "access" | "cluster" | "cache">;

/**
 * The registry and its mirrors, registries of caches, every registry with a login, what guardrails name besides, the web where it is
 * allowed, and the agent of EKS Pod Identity where builders get their role from it. IRSA asks the token service on port 443, which a
 * registry with a name opens anyway: where it is, no policy can know, so that port is open to every address.
 */
export function egressOf(config: EgressParts): BuilderEgress {
  const { access, cache, cluster, registry } = config;
  const own = registryPlace(registry);
  const { mirrors, insecureMirrors = [] } = own;
  const logins = [...hostLogins(config), ...cluster.pullSecret.logins].map((login) => login.host);
  // Of one with a login in a docker config, this is the only place that names it.
  const caches = cache.flatMap((entry) => (entry.registry === undefined ? [] : [cachePlaceOf(entry.registry)]));
  const plain = [...[own, ...caches].flatMap(({ host, insecure }) => (insecure ? [host] : [])), ...insecureMirrors];
  const registries = [own.host, ...Object.values(mirrors).flat(), ...logins, ...caches.map(({ host }) => host)];
  const ports = registries.map((host) => (plain.includes(host) && splitHost(host).port === null ? `${host}:80` : host));
  return {
    hosts: [...new Set([...ports, ...cluster.guardrails.hosts])],
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

/**
 * That builders may not reach what only docker configs name, as their hosts are secret; null where no docker config is used, or port 443
 * is open to every address anyway, or somebody thought of it.
 */
export function unseenHostsText(config: EgressParts): string | null {
  const { guardrails, pullSecret } = config.cluster;
  if (pullSecret.dockerConfigSecrets.length === 0 || !guardrails.networkPolicy) return null;
  if (guardrails.internet || guardrails.hosts.length > 0) return null;
  const isOpen = egressOf(config).hosts.some((host) => {
    const { name, port } = splitHost(host);
    return !isAddress(name) && (port ?? 443) === 443;
  });
  if (isOpen) return null;
  return (
    "pergola:cluster.pullSecret.dockerConfigSecrets have logins for registries that nothing else names, and " +
    "pergola:cluster.guardrails.internet is false: builders do not reach those. Name the ones that they need in " +
    "pergola:cluster.guardrails.hosts; nobody sees there that they have a login"
  );
}
