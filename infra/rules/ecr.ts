/** Rules of a stack file about its repositories in ECR. What they are made with is in registries/ecrPlan.ts. */
import type { ParsedSections } from "../config.ts";
import { listedTwice, type Problem, problem } from "../configProblems.ts";
import { ecrNameProblem } from "../documents/aws/ecrName.ts";
import { matchesTag } from "../documents/aws/ecrTags.ts";
import { parseArn, partitionOf } from "../documents/aws/partition.ts";
import { cacheRepositories, entryOf, type ImageRepository, imageRepositories } from "../registries/ecrRepositories.ts";
import type { EcrRegistryConfig, EncryptionConfig, PrincipalsConfig } from "../sections/ecrRegistry.ts";
import { ecrDocumentProblems } from "./ecrDocuments.ts";

type Path = readonly (string | number)[];

/** What of an entry is about the repository alone, and so about nothing where that stays as it is. */
const OF_THE_REPOSITORY = ["scanOnPush", "lifecycle", "pull", "push", "protect", "forceDelete"] as const;

/** All violations, in the order of the rules. @param stack its name, which is part of the names of roles */
export function ecrProblems(config: ParsedSections, stack: string): Problem[] {
  const { registry } = config;
  if (registry?.kind !== "ecr") return [];
  return [
    ...assumedAccount(["registry"], registry),
    ...keyRegion(["registry", "encryption"], registry.encryption, registry.region),
    ...principals(registry),
    ...names(registry),
    ...entries(registry),
    ...sharedCaches(registry),
    ...mutableTags(registry),
    ...deletions(registry),
    ...frozenCaches(registry, config),
    ...ecrDocumentProblems(config, stack),
  ];
}

/** A provider refuses credentials of any other account than its own. */
export function assumedAccount(
  path: Path,
  { account, assumeRole }: Pick<EcrRegistryConfig, "account" | "assumeRole">,
): Problem[] {
  const found = assumeRole && parseArn(assumeRole.role)?.account;
  if (found === undefined || found === account) return [];
  const message = `is a role of the account ${found}, but the repositories are made in ${account}; name a role of that account`;
  return [problem([...path, "assumeRole", "role"], message)];
}

/** A repository takes a key of its own region (ECR user guide, "Encryption at rest"). */
export function keyRegion(path: Path, encryption: EncryptionConfig | undefined, region: string): Problem[] {
  const key = encryption?.kind === "KMS" ? encryption.key : undefined;
  const found = key && parseArn(key)?.region;
  if (found === undefined || found === region) return [];
  return [
    problem([...path, "key"], `is a key of ${found}, but the repositories are in ${region}, whose keys they take`),
  ];
}

/** Each is named once, and in ARNs of the registry's own partition. */
function principals(registry: EcrRegistryConfig): Problem[] {
  const places: [Path, PrincipalsConfig | undefined, PrincipalsConfig | undefined][] = [
    [["registry"], registry.pull, registry.push],
    ...registry.repositories.map((entry, index): [Path, PrincipalsConfig | undefined, PrincipalsConfig | undefined] => [
      ["registry", "repositories", index],
      ...(typeof entry === "string" ? ([undefined, undefined] as const) : ([entry.pull, entry.push] as const)),
    ]),
  ];
  const partition = partitionOf(registry.region);
  return places.flatMap(([path, pull, push]) =>
    (["accounts", "organizations", "roles"] as const).flatMap((kind) => {
      const pushing = push?.[kind] ?? [];
      return [["pull", pull?.[kind] ?? []] as const, ["push", pushing] as const].flatMap(([which, list]) =>
        list.flatMap((one, index) => {
          const at = [...path, which, kind, index];
          const quoted = JSON.stringify(one);
          if (list.indexOf(one) !== index) return [problem(at, `${quoted} is listed twice`)];
          if (which === "pull" && pushing.includes(one)) {
            return [problem(at, `${quoted} is also in push, which lets it pull; remove it here`)];
          }
          if (kind !== "roles" || parseArn(one)?.partition === partition) return [];
          return [
            problem(
              at,
              `${quoted} is of another partition than the registry (${partition}): AWS lets nobody in across them`,
            ),
          ];
        }),
      );
    }),
  );
}

/** Every repository has one entry and one purpose. */
function names(registry: EcrRegistryConfig): Problem[] {
  const all = registry.repositories.map((entry) => entryOf(entry).name);
  const caches = cacheRepositories(registry);
  return imageRepositories(registry).flatMap(({ name, cacheRepository }, index) => {
    const path = ["registry", "repositories", index];
    if (all.indexOf(name) !== index) return [problem(path, `${JSON.stringify(name)} is listed twice`)];
    const problems: Problem[] = [];
    const cache = caches.find((one) => one.name === name);
    if (cache !== undefined) {
      const of = cache.of.map((image) => image.name).join(", ");
      const message =
        `${JSON.stringify(name)} is the cache repository of ${of}, where every image goes after two weeks; name another one there ` +
        "(cache: { repository }), or here";
      problems.push(problem(path, message));
    }
    const unfit = cacheRepository === null ? null : ecrNameProblem(cacheRepository);
    // A name that the file has is checked where it stands.
    if (unfit !== null && cacheRepository === `${name}/cache`) {
      const message = `${JSON.stringify(name)} has a cache repository whose name, with /cache, ${unfit}; name another (cache: { repository })`;
      problems.push(problem(path, message));
    }
    return problems;
  });
}

/** What an entry says does something, and nothing else than another part of it says. */
function entries(registry: EcrRegistryConfig): Problem[] {
  return registry.repositories.flatMap((entry, index) => {
    if (typeof entry === "string") return [];
    const path = ["registry", "repositories", index];
    const problems: Problem[] = keyRegion([...path, "encryption"], entry.encryption, registry.region);
    if (entry.existing && entry.import) {
      const message = "has both existing, which leaves it as it is, and import, which takes it over; keep one";
      return [...problems, problem(path, message)];
    }
    if (!entry.existing) return problems;
    const idle: string[] = OF_THE_REPOSITORY.filter((key) => entry[key] !== undefined);
    const made = entry.cache === undefined || (entry.cache !== false && !entry.cache.existing);
    if (!made && entry.encryption !== undefined) idle.push("encryption");
    if (!made && Object.keys(entry.tags ?? {}).length > 0) idle.push("tags");
    for (const key of idle) {
      const message = `changes nothing: ${entry.name} is existing and stays as it is; remove it, or write import: true instead of existing`;
      problems.push(problem([...path, key], message));
    }
    if (registry.encryption.kind === "KMS" && entry.encryption === undefined && made) {
      const message =
        `is true, and pergola:registry.encryption is KMS: the cache of ${entry.name} would have that key, whatever ${entry.name} has, and ` +
        "layers are shared only under one key; add encryption to the entry, with what the repository has";
      problems.push(problem([...path, "existing"], message));
    }
    return problems;
  });
}

/** Repositories that share a cache agree on it. */
function sharedCaches(registry: EcrRegistryConfig): Problem[] {
  const images = imageRepositories(registry);
  return cacheRepositories(registry).flatMap(({ name, of }) => {
    const [first, ...others] = of;
    return others.flatMap((image) => {
      const path = ["registry", "repositories", images.findIndex((one) => one.name === image.name), "cache"];
      if (first === undefined || image.name === first.name) return [];
      if (image.cacheExists !== first.cacheExists) {
        const message = `${name} is existing for one of ${first.name} and ${image.name}, which share it, and not for the other`;
        return [problem(path, message)];
      }
      if (JSON.stringify(image.encryption) === JSON.stringify(first.encryption) || image.cacheExists) return [];
      const message = `${name} is shared by ${first.name} and ${image.name}, which are encrypted differently; give each a cache of its own`;
      return [problem(path, message)];
    });
  });
}

/** Filters are for the mutability that has exceptions. */
function mutableTags(registry: EcrRegistryConfig): Problem[] {
  const images = imageRepositories(registry);
  const problems: Problem[] = [];
  const ignored = (path: Path, mutability: string) =>
    problem(
      [...path, "mutableTags"],
      `has no effect: tagMutability is ${mutability}, and only immutableWithExclusion has exceptions; remove it, or write that`,
    );
  if (registry.mutableTags !== undefined) {
    problems.push(...listedTwice(["registry", "mutableTags"], registry.mutableTags));
    if (!images.some((image) => image.tagMutability === "immutableWithExclusion")) {
      problems.push(ignored(["registry"], registry.tagMutability));
    }
  }
  for (const [index, entry] of registry.repositories.entries()) {
    if (typeof entry === "string" || entry.mutableTags === undefined) continue;
    const path = ["registry", "repositories", index];
    const mutability = entry.tagMutability ?? registry.tagMutability;
    problems.push(...listedTwice([...path, "mutableTags"], entry.mutableTags));
    if (mutability !== "immutableWithExclusion") problems.push(ignored(path, mutability));
  }
  return problems;
}

/** What shall be deleted with its images is not kept from being deleted. */
function deletions(registry: EcrRegistryConfig): Problem[] {
  const message = (where: string): string =>
    `is true, but ${where} protected, so that nothing would ever be deleted; write protect: false as well, or remove it`;
  if (registry.forceDelete && registry.protect) {
    return [problem(["registry", "forceDelete"], message("the repositories are"))];
  }
  return imageRepositories(registry).flatMap(({ name, existing, protect, forceDelete }, index) => {
    if (existing || !protect || !forceDelete) return [];
    return [problem(["registry", "repositories", index, "forceDelete"], message(`${name} is`))];
  });
}

/** BuildKit moves the tag of its cache with each build. */
function frozenCaches(registry: EcrRegistryConfig, { cache, builder }: ParsedSections): Problem[] {
  if (cache === undefined || builder === undefined) return [];
  // kaniko has repositories of its own.
  if (builder.modes["cluster-buildkit"] === undefined && builder.modes["local-docker"] === undefined) return [];
  const images = imageRepositories(registry);
  return cache.flatMap((entry, at) => {
    if (entry.registry !== undefined || !entry.export) return [];
    const frozen = images.filter((image) => isFrozen(image, entry.tag));
    // One message for all that go by what holds for all.
    const groups = new Map<number | null, ImageRepository[]>();
    for (const image of frozen) {
      const index = images.indexOf(image);
      const said = entryOf(registry.repositories[index] ?? "");
      const own = said.tagMutability !== undefined || said.mutableTags !== undefined || image.existing;
      const group = own ? index : null;
      groups.set(group, [...(groups.get(group) ?? []), image]);
    }
    return [...groups].map(([index, group]) => {
      const path = index === null ? ["registry", "tagMutability"] : ["registry", "repositories", index];
      return problem(path, frozenMessage(group, entry.tag, at));
    });
  });
}

function isFrozen({ tagMutability, mutableTags }: ImageRepository, tag: string): boolean {
  if (tagMutability === "mutable") return false;
  return tagMutability === "immutable" || !mutableTags.some((filter) => matchesTag(filter, tag));
}

function frozenMessage(images: readonly ImageRepository[], tag: string, at: number): string {
  const [first] = images;
  const names = images.map(({ name }) => name).join(", ");
  const filter = JSON.stringify(tag.startsWith("_buildcache") ? "_buildcache*" : tag);
  const isWhole = first?.tagMutability === "immutable";
  const why = isWhole ? "no tag moves there" : `mutableTags (${first?.mutableTags.join(", ")}) has no filter for it`;
  const what = first?.existing
    ? `have ${filter} excluded from its immutability, and say so here`
    : isWhole
      ? `write tagMutability: immutableWithExclusion with mutableTags: [${filter}]`
      : `add ${filter} to mutableTags`;
  return (
    `${names} would take the tag ${tag} of pergola:cache[${at}] once and never again, as ${why}: BuildKit's cache would stay what ` +
    `it was at the first build; ${what}, or give pergola:cache[${at}] a registry`
  );
}
