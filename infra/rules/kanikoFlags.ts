/** Rules of a stack file about flags of kaniko's executor. Which of them can be given at all is the runner's: builders/plan/kanikoFlags.ts. */
import type { ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { flagValues } from "../documents/kanikoFlags.ts";
import { imageRepositories } from "../registries/ecrRepositories.ts";
import { registryPlace } from "../registries/registryPlace.ts";

/**
 * No layer goes where tags stay: kaniko keeps each under a tag that follows from its step, and moves it when the layer is older than
 * two weeks (its flag --cache-ttl). Where it cannot, the step is built anew with each build from then on, and nobody is told but the log.
 */
export function kanikoFlagProblems({ builder, registry }: ParsedSections): Problem[] {
  const flags = builder?.modes.kaniko?.extraFlags ?? [];
  if (registry === undefined) return [];
  return flagValues(flags, "cache-repo").flatMap(({ index, value: repository }) => {
    const fixed = whereTagsStay(registry, repository);
    if (fixed === null) return [];
    const message = `names ${repository}, ${fixed.why}: kaniko could write each layer there once, and not anew after two weeks; ${fixed.instead}`;
    return [problem(["builder", "modes", "kaniko", "extraFlags", index], message)];
  });
}

/** Why tags of a repository do not move, and what to write instead; null where they do, or nothing is known of it. */
function whereTagsStay(
  registry: NonNullable<ParsedSections["registry"]>,
  repository: string,
): { readonly why: string; readonly instead: string } | null {
  const { host, namespace, caches } = registryPlace(registry);
  if (registry.kind === "ecr") {
    const image = imageRepositories(registry).find(({ name }) => `${host}/${name}` === repository);
    if (image === undefined || image.tagMutability === "mutable") return null;
    return {
      why: `the repository of images ${image.name}, whose tagMutability is ${image.tagMutability}`,
      instead:
        image.cacheRepository === null
          ? "remove it, and give the image a cache repository (pergola:registry.repositories[].cache)"
          : "remove it: layers are then in the cache repository of each image (pergola:registry.repositories[].cache)",
    };
  }
  if (caches === undefined || !repository.startsWith(`${host}/${namespace}/`)) return null;
  const there = `${caches.host}/${caches.namespace}`;
  return {
    why: "which is in the repository of the images, where no tag moves (pergola:registry.immutableTags)",
    instead: `remove it: layers are then in ${there}/IMAGE/cache`,
  };
}
