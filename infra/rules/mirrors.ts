/** Rules of a stack file about mirrors: how they are reached is one thing in the whole file. */
import type { ParsedSections } from "../config.ts";
import { listedTwice, type Problem, problem } from "../configProblems.ts";
import { cachePlaceOf } from "../registries/cacheRegistries.ts";
import { registryPlace } from "../registries/registryPlace.ts";

/** All violations, in the order of the entries. */
export function mirrorProblems({ registry, cache = [] }: ParsedSections): Problem[] {
  if (registry === undefined) return [];
  const path = ["registry", "insecureMirrors"];
  const own = registryPlace(registry);
  const { mirrors, insecureMirrors: plain = [] } = own;
  const caches = cache.flatMap((entry) => (entry.registry === undefined ? [] : [cachePlaceOf(entry.registry)]));
  const secure = [own, ...caches].flatMap(({ host, insecure }) => (insecure ? [] : [host]));
  const problems = plain.flatMap((host, index) => {
    if (!Object.values(mirrors).flat().includes(host)) {
      const message = `${JSON.stringify(host)} is no mirror of pergola:registry.mirrors; write it as it stands there, or remove it`;
      return [problem([...path, index], message)];
    }
    if (!secure.includes(host)) return [];
    return [problem([...path, index], `${JSON.stringify(host)} is reached by HTTPS elsewhere in this file; remove it`)];
  });
  return [...problems, ...listedTwice(path, plain)];
}
