/** How kaniko's executor reaches the environment's registry and mirrors, as flags. */
import type { BuildSetup } from "../../infra/setup.ts";
import { plainHosts } from "./registryHosts.ts";

/**
 * By plain HTTP where that is how they are reached: go-containerregistry guesses so of private addresses and of .local alone.
 * @param cache flags of the cache, which say it of a registry of caches; what they have is not said twice
 */
export function plainHttpFlags(setup: Pick<BuildSetup, "registry" | "cache">, cache: readonly string[]): string[] {
  const { host, mirrors } = setup.registry;
  const plain = plainHosts(setup);
  const asked = new Set([host, ...Object.values(mirrors).flat()]);
  const flags = [...asked].filter((one) => plain.includes(one)).map((one) => `--insecure-registry=${one}`);
  return flags.filter((flag) => !cache.includes(flag));
}

/** Mirrors instead of the registries that they are of, Docker Hub's first. */
export function mirrorFlags({ registry: { mirrors } }: Pick<BuildSetup, "registry">): string[] {
  const docker = mirrors["docker.io"] ?? [];
  const others = Object.entries(mirrors).filter(([name]) => name !== "docker.io");
  return [
    ...docker.map((mirror) => `--registry-mirror=${mirror}`),
    ...others.flatMap(([name, hosts]) => hosts.map((mirror) => `--registry-map=${name}=${mirror}`)),
    ...(Object.keys(mirrors).length > 0 ? ["--skip-default-registry-fallback"] : []),
  ];
}
