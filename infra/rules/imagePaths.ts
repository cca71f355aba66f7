/**
 * Rules of a stack file about names of images that its registries have no room for. A build says so of names that no stack file
 * knows (builders/plan/destination.ts and cache.ts), where it would go wrong: here it is seen before anything is made.
 */
import { modesOf, namespacesOf, type ParsedSections } from "../config.ts";
import { type Problem, pathText, problem } from "../configProblems.ts";
import { productOf, REGISTRY_PRODUCTS } from "../documents/registryProducts.ts";
import { isSamePlace, kanikoCacheRegistry } from "../registries/cacheRegistries.ts";
import { entryOf } from "../registries/ecrRepositories.ts";
import type { CacheRegistryConfig } from "../sections/cache.ts";
import type { DockerRegistryConfig } from "../sections/dockerRegistry.ts";

type Path = readonly (string | number)[];
type Place = Pick<DockerRegistryConfig, "host" | "namespace" | "product">;

/** The name of an image, and where the file has it. */
interface NamedImage {
  readonly name: string;
  readonly path: Path;
}

/** All violations: of images in the registry, then of caches in the order of their entries. */
export function imagePathProblems(config: ParsedSections): Problem[] {
  const { registry, cache = [] } = config;
  const images = namedImages(config);
  const problems: Problem[] = [];
  if (registry?.kind === "dockerRegistry") {
    for (const { name, path } of withoutRoom(registry, images)) {
      const message = `${JSON.stringify(name)} would be ${repositoryIn(registry, name)}, ${mostText(registry)}; write a name without a slash`;
      problems.push(problem(path, message));
    }
  }
  for (const [index, { registry: place }] of cache.entries()) {
    if (place?.kind !== "dockerRegistry" || !isUsed(place, config)) continue;
    const left = withoutRoom(place, images);
    const [first] = left;
    if (first === undefined) continue;
    const names = left.map(({ name, path }) => `${name} (${pathText(path)})`).join(", ");
    const message =
      `would have the cache of ${names} in ${repositoryIn(place, first.name)}, ${mostText(place)}; name another registry of ` +
      "caches, or images without a slash";
    problems.push(problem(["cache", index, "registry", "host"], message));
  }
  return problems;
}

/** Every name of an image in the file, each once. */
function namedImages({ registry, builder }: ParsedSections): NamedImage[] {
  const repositories = registry?.kind === "ecr" ? registry.repositories : [];
  const all = repositories.map(
    (entry, index): NamedImage => ({ name: entryOf(entry).name, path: ["registry", "repositories", index] }),
  );
  for (const [name, mode] of builder === undefined ? [] : modesOf({ builder })) {
    for (const [index, { images }] of namespacesOf(mode).entries()) {
      if (images === "*") continue;
      const path = ["builder", "modes", name, "namespaces", index, "images"];
      all.push(...images.map((image, at) => ({ name: image, path: [...path, at] })));
    }
  }
  return all.filter(({ name }, at) => all.findIndex((other) => other.name === name) === at);
}

/** Whether builds in the cluster keep caches there. */
function isUsed(place: CacheRegistryConfig, { builder, cache = [] }: ParsedSections): boolean {
  if (builder?.modes["cluster-buildkit"] !== undefined) return true;
  const ofKaniko = builder?.modes.kaniko === undefined ? undefined : kanikoCacheRegistry(cache);
  return ofKaniko !== undefined && isSamePlace(ofKaniko, place);
}

/** The images whose repository would have more parts than the registry takes; none where its namespace is wrong already. */
function withoutRoom(place: Place, images: readonly NamedImage[]): NamedImage[] {
  const product = productOf(place);
  if (product === null) return [];
  const { mostParts, namespace } = REGISTRY_PRODUCTS[product];
  const parts = place.namespace === "" ? 0 : place.namespace.split("/").length;
  if (parts < namespace.least || parts > namespace.most) return [];
  return images.filter(({ name }) => parts + name.split("/").length > mostParts);
}

function mostText(place: Place): string {
  const product = productOf(place);
  if (product === null) return "";
  const { title, mostParts } = REGISTRY_PRODUCTS[product];
  return `but a repository of ${title} has at most ${mostParts} parts after its host`;
}

function repositoryIn({ host, namespace }: Place, name: string): string {
  return [host, namespace, name].filter((part) => part !== "").join("/");
}
