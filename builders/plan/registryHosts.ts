/** Hosts of an environment's registries, by how builders reach them. */
import type { BuildSetup } from "../../infra/setup.ts";

type Parts = Pick<BuildSetup, "registry" | "cache">;

const registriesOfCaches = ({ cache }: Parts) =>
  cache.flatMap((entry) => (entry.registry === undefined ? [] : [entry.registry]));

/** Hosts that are reached by plain HTTP, each once. */
export function plainHosts(setup: Parts): string[] {
  const { registry } = setup;
  const plain = [registry, ...registriesOfCaches(setup)].flatMap((one) => (one.insecure ? [one.host] : []));
  return [...new Set([...plain, ...(registry.insecureMirrors ?? [])])];
}

/** Hosts that the environment's certificates vouch for: its registry, mirrors and registries of caches, as far as they have TLS. */
export function certifiedHosts(setup: Parts): string[] {
  const { registry } = setup;
  const plain = plainHosts(setup);
  const caches = registriesOfCaches(setup).map(({ host }) => host);
  const all = [registry.host, ...Object.values(registry.mirrors).flat(), ...caches];
  return [...new Set(all)].filter((one) => !plain.includes(one));
}
