/** Rules of a stack file about registries of ECR that only hold caches. */
import { isAwsAccess } from "../access/builderRoles.ts";
import type { ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { ecrNameProblem } from "../documents/aws/ecrName.ts";
import { parseEcrHost } from "../documents/aws/partition.ts";
import { cachePlaceOf, isSamePlace, type SeparateCaches, separateCaches } from "../registries/cacheRegistries.ts";
import { cacheRepositories, imageRepositories } from "../registries/ecrRepositories.ts";
import type { CacheRegistryConfig, EcrCacheRegistryConfig } from "../sections/cache.ts";
import type { EcrRegistryConfig } from "../sections/ecrRegistry.ts";
import { saidOtherwise } from "./caches.ts";
import { assumedAccount, keyRegion } from "./ecr.ts";

type Path = readonly (string | number)[];

/** All violations, in the order of the entries. */
export function ecrCacheProblems(config: ParsedSections): Problem[] {
  const { cache = [], registry, builder } = config;
  const problems: Problem[] = [];
  for (const [index, { registry: place }] of cache.entries()) {
    if (place === undefined) continue;
    const path = ["cache", index, "registry"];
    problems.push(
      ...(place.kind === "ecr" ? placeProblems(path, place, index, config) : withoutRights(path, place, config)),
    );
  }
  if (registry?.kind !== "ecr" || builder === undefined) return problems;
  const all = separateCaches({ registry, cache, builder });
  return [...problems, ...all.flatMap((caches) => takenNames(caches, registry, cache))];
}

function placeProblems(path: Path, place: EcrCacheRegistryConfig, index: number, config: ParsedSections): Problem[] {
  const { registry } = config;
  const problems = [
    ...assumedAccount(path, place),
    ...keyRegion([...path, "encryption"], place.encryption, place.region),
  ];
  if (registry !== undefined && registry.kind !== "ecr") {
    const message =
      `is "ecr", whose repositories are made for the images of a registry of kind ecr, but pergola:registry is of kind ${registry.kind}; ` +
      "write kind: dockerRegistry with its host, and a login for it";
    problems.push(problem([...path, "kind"], message));
  }
  return [...problems, ...saidOtherwise(path, place, index, config)];
}

/** Builders with a role get exactly the rights that are told to be needed; a login by ECR's helper brings none. */
function withoutRights(
  path: Path,
  caches: Exclude<CacheRegistryConfig, EcrCacheRegistryConfig>,
  config: ParsedSections,
): Problem[] {
  const { host } = cachePlaceOf(caches);
  const place = parseEcrHost(host);
  const { access, registry } = config;
  if (place === null || registry?.kind !== "ecr" || access === undefined || !isAwsAccess(access)) return [];
  const { account, region } = place;
  const message =
    `${JSON.stringify(host)} is a registry of ECR, to which the builders' role gets no right in this way; write kind: ecr, ` +
    `account: "${account}" and region: ${region} instead of the host`;
  return [problem([...path, "host"], message)];
}

/** Its repositories are nobody else's: those of images have other rules for their tags, those of kaniko are emptied. */
function takenNames(
  { place, repositories }: SeparateCaches,
  registry: EcrRegistryConfig,
  cache: NonNullable<ParsedSections["cache"]>,
): Problem[] {
  const index = cache.findIndex(({ registry: one }) => one !== undefined && isSamePlace(one, place));
  const path = ["cache", index, "registry"];
  const isOwn = place.account === registry.account && place.region === registry.region;
  if (isOwn && place.namespace === "") {
    return [problem(path, "is the registry of the images itself; remove it, or add a namespace for the caches")];
  }
  const images = imageRepositories(registry).map(({ name }) => name);
  const caches = cacheRepositories(registry).map(({ name }) => name);
  const own = repositories.map(({ name }) => name);
  return repositories.flatMap(({ name, of }, at) => {
    const unfit = ecrNameProblem(name);
    if (unfit !== null) {
      return [
        problem(
          [...path, "namespace"],
          `makes a repository for ${of} whose name ${JSON.stringify(name)} ${unfit}; write a shorter one`,
        ),
      ];
    }
    const whose =
      own.indexOf(name) !== at
        ? "the cache repository of another image there"
        : isOwn && images.includes(name)
          ? "an image repository"
          : isOwn && caches.includes(name)
            ? "a cache repository of kaniko"
            : null;
    if (whose === null) return [];
    const message = `would keep the cache of ${of} in ${name}, which is ${whose}; write a namespace that nothing else is in`;
    return [problem([...path, "namespace"], message)];
  });
}
