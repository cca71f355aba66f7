/** `kaniko`: the executor of the environment and its flags, which hold for all images of a project. */
import type { BuildSetup } from "../../infra/setup.ts";
import { decidingEntry, kanikoCacheOf, registrySupport, repositoryIn } from "../plan/cache.ts";
import { readFlags, withExtraFlags } from "../plan/extraFlags.ts";
import { kanikoExecutor } from "../plan/kanikoExecutor.ts";
import { KANIKO_FLAGS } from "../plan/kanikoFlags.ts";
import { mirrorFlags, plainHttpFlags } from "../plan/kanikoMirrors.ts";
import type { GardenPlace } from "./place.ts";
import type { GardenKaniko, Remark } from "./provider.ts";

type SetupImage = BuildSetup["images"][number];

const FLAGS = "kaniko.extraFlags";

/** Registries whose repositories may have tags that do not move: no setup says so, as a push makes the images in one. */
const GOOGLE_KINDS: readonly string[] = ["artifactRegistry", "gcr"];

/** @param images those that the block is for @throws PergolaError setup-invalid: a flag of the stack file that cannot be given */
export function kanikoOfBlock(
  setup: BuildSetup,
  { mode, namespace }: GardenPlace,
  images: readonly SetupImage[],
): { readonly kaniko: Pick<GardenKaniko, "image" | "namespace" | "extraFlags">; readonly remarks: readonly Remark[] } {
  const source = {
    flags: mode.extraFlags ?? [],
    of: `the environment ${setup.environment}`,
    file: `stacks/Pulumi.${setup.environment}.yaml`,
    path: "pergola:builder.modes.kaniko.extraFlags",
    code: "setup-invalid",
  } as const;
  const namesCache = readFlags(source.flags, KANIKO_FLAGS).some(({ name }) => name === "cache-repo");
  const cache = cacheFlags(setup, images, namesCache);
  const fixed = images.some(({ tagMutability }) => tagMutability !== "MUTABLE");
  const mayBeFixed = images.length === 0 && GOOGLE_KINDS.includes(setup.registry.kind);
  const immutable = fixed || mayBeFixed ? ["--push-ignore-immutable-tag-errors"] : [];
  const environment = Object.keys(kanikoExecutor(mode.image).environment);
  // As `pergola build` gives them; Garden's own --insecure is for what is pushed.
  const reached = [...plainHttpFlags(setup, cache.flags), ...mirrorFlags(setup)];
  const own = [...cache.flags, ...immutable, ...reached];
  const remarks: Remark[] = [...cache.remarks];
  if (immutable.length > 0) {
    const text = `${fixed ? "Tags that were pushed stay" : "Where no tag of the repository moves, those that were pushed stay"} as they are; pushing one again is no failure (Garden itself forgives an older wording of ECR only).`;
    remarks.push({ at: FLAGS, text });
  }
  if (environment.length > 0) {
    const text = `The environment's executor: Garden's own default is an archived one. Garden sets no variables for it, so it decides otherwise than for pergola build what these say: ${environment.join(", ")}.`;
    remarks.push({ at: "kaniko.image", text });
  }
  return {
    kaniko: {
      image: mode.image,
      namespace: namespace.name,
      extraFlags: withExtraFlags(own, [source], KANIKO_FLAGS),
    },
    remarks,
  };
}

/**
 * Where layers are kept. kaniko itself takes `REPOSITORY/cache`; a provider can name one repository for all images, nothing else.
 * `--cache=true` is always said: Garden 0.13 takes `--cache-repo` for that flag, and leaves out its own default then.
 * @param namesCache the stack file's own flags do
 */
function cacheFlags(
  setup: BuildSetup,
  images: readonly SetupImage[],
  namesCache: boolean,
): { readonly flags: readonly string[]; readonly remarks: readonly Remark[] } {
  if (setup.cache.length === 0) return off("The environment has no cache.");
  const elsewhere = decidingEntry(setup.cache)?.registry;
  const repositoryOf = (image: SetupImage): string | null =>
    elsewhere === undefined
      ? image.cacheRepository && `${setup.registry.host}/${image.cacheRepository}`
      : kanikoCacheOf(elsewhere.kind, repositoryIn(elsewhere, image.name));
  const without = images.filter((image) => repositoryOf(image) === null);
  if (images.length > 0 && without.length === images.length) return off("No image has a cache repository.");
  const named = images.flatMap((image) => {
    const repository = repositoryOf(image);
    return repository === null || repository === `${setup.registry.host}/${image.repository}/cache`
      ? []
      : [{ name: image.name, repository }];
  });
  const shared = new Set(named.map(({ repository }) => repository));
  const isShared = shared.size === 1 && named.length === images.length;
  const remarks: Remark[] = [];
  if (without.length > 0) {
    const list = without.map(({ repository }) => repository).join(", ");
    const text = `${list} has no cache repository: kaniko warns about it for each layer, unless the Build action has extraFlags: [--cache=false].`;
    remarks.push({ at: FLAGS, text, lacking: true });
  }
  if (named.length > 0 && !isShared) {
    const list = named.map(({ name, repository }) => `${name}: [--cache=true, --cache-repo=${repository}]`).join("; ");
    const text = `A provider names one cache for all images. These have others, for extraFlags of the Build actions: ${list}.`;
    remarks.push({ at: FLAGS, text, lacking: true });
  }
  // Of what kaniko takes by itself, REPOSITORY/cache, nothing is known here, or it cannot be.
  const place = elsewhere ?? (registrySupport(setup.registry.kind).nested ? null : setup.registry);
  const forAll = images.length === 0 && place !== null ? repositoryIn(place, "cache") : null;
  if (forAll !== null && place !== null && !namesCache) {
    const own = kanikoCacheOf(place.kind, repositoryIn(place, "NAME"));
    const text = `One for all images, as a provider cannot name one for each. pergola build keeps the layers of an image in ${own}; a Build action finds these by extraFlags: [--cache=true, --cache-repo=${own}].`;
    remarks.push({ at: FLAGS, text });
  }
  return {
    flags: [
      "--cache=true",
      ...(isShared ? [`--cache-repo=${[...shared][0]}`] : []),
      ...(forAll === null ? [] : [`--cache-repo=${forAll}`]),
      ...(setup.cache.every((entry) => !entry.export) ? ["--no-push-cache"] : []),
      ...(elsewhere?.insecure ? [`--insecure-registry=${elsewhere.host}`] : []),
    ],
    remarks,
  };
}

function off(why: string) {
  const text = `${why} Garden turns it on again for a Build action with extraFlags of its own that say nothing about it.`;
  return { flags: ["--cache=false"], remarks: [{ at: FLAGS, text }] };
}
