/** Rules of a stack file about build caches and the registries that they are in. */
import type { ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { type CachePlace, cachePlaceOf, isSamePlace } from "../registries/cacheRegistries.ts";
import { hasListedLogin } from "../registries/givenLogins.ts";
import { registryPlace } from "../registries/registryPlace.ts";
import type { CacheRegistryConfig } from "../sections/cache.ts";

type Entry = NonNullable<ParsedSections["cache"]>[number];

/** All violations, in the order of the entries; then that of the certificates. */
export function cacheProblems(config: ParsedSections): Problem[] {
  const entries = config.cache ?? [];
  const problems = entries.flatMap((entry, index) => [
    ...duplicate(entry, index, entries),
    ...(entry.registry === undefined ? [] : registryProblems(entry, cachePlaceOf(entry.registry), index, config)),
  ]);
  return [...problems, ...certificates(config)];
}

function duplicate(entry: Entry, index: number, entries: readonly Entry[]): Problem[] {
  const place = ({ tag, registry }: Entry): string => {
    const { host, namespace } = (registry && cachePlaceOf(registry)) ?? {};
    return JSON.stringify([host, namespace, tag]);
  };
  if (entries.findIndex((other) => place(other) === place(entry)) === index) return [];
  return [problem(["cache", index, "tag"], `${JSON.stringify(entry.tag)} is listed twice`)];
}

function registryProblems(
  entry: Entry,
  { host, insecure }: CachePlace,
  index: number,
  config: ParsedSections,
): Problem[] {
  const { registry, cache } = config;
  const at = ["cache", index, "registry"];
  const problems: Problem[] = [];
  const own = registry && registryPlace(registry);
  const http = (plain: boolean): string => (plain ? "plain HTTP" : "HTTPS");
  const before = placesOf((cache ?? []).slice(0, index));
  const same = [own, ...before].find((other) => other?.host === host);
  if (same !== undefined && same.insecure !== insecure) {
    const message = `is ${insecure}, but ${host} is reached by ${http(same.insecure)} elsewhere in this file`;
    problems.push(problem([...at, "insecure"], message));
  }
  if (
    entry.registry?.kind === "dockerRegistry" &&
    own?.host !== host &&
    config.cluster !== undefined &&
    !hasListedLogin(config, host)
  ) {
    const message =
      `${JSON.stringify(host)} has no login: builders could not write there, and would cache nothing; ` +
      "add one for this host to pergola:cluster.pullSecret.logins";
    problems.push(problem([...at, "host"], message));
  }
  if (entry.mode === "inline" && own !== undefined && own.insecure !== insecure) {
    const message =
      `is "inline", which is pushed with the image: ${own.host} is reached by ${http(own.insecure)}, ` +
      `${host} by ${http(insecure)}; write max`;
    problems.push(problem(["cache", index, "mode"], message));
  }
  return problems;
}

function placesOf(entries: readonly Entry[]): CachePlace[] {
  return entries.flatMap(({ registry }) => (registry === undefined ? [] : [cachePlaceOf(registry)]));
}

/** Certificates that vouch for nothing are a mistake: somebody waits for them to do something. */
function certificates({ registry, cache }: ParsedSections): Problem[] {
  if (registry === undefined || cache === undefined) return [];
  const { caBundle, host, insecure, mirrors, insecureMirrors = [] } = registryPlace(registry);
  if (caBundle === undefined) return [];
  const caches = placesOf(cache);
  const plain = [
    ...[{ host, insecure }, ...caches].flatMap((one) => (one.insecure ? [one.host] : [])),
    ...insecureMirrors,
  ];
  const hosts = [host, ...Object.values(mirrors).flat(), ...caches.map((one) => one.host)];
  if (hosts.some((one) => !plain.includes(one))) return [];
  const message = `vouches for no registry: ${[...new Set(hosts)].join(", ")} ${new Set(hosts).size > 1 ? "are" : "is"} reached by plain HTTP; remove it`;
  return [problem(["registry", "caBundle"], message)];
}

/** What makes the repositories of a registry of caches goes by its first entry. */
export function saidOtherwise(
  path: readonly (string | number)[],
  place: CacheRegistryConfig,
  index: number,
  { cache = [] }: ParsedSections,
): Problem[] {
  const before = cache.findIndex(({ registry }) => registry?.kind === place.kind && isSamePlace(registry, place));
  if (before >= index || JSON.stringify(cache[before]?.registry) === JSON.stringify(place)) return [];
  const message = `is the registry of pergola:cache[${before}], but its entry says something else; write the same in both`;
  return [problem(path, message)];
}
