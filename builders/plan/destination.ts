/** Where an image goes: its reference in the environment's registry. */
import type { BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import { kanikoCacheOf, registrySupport, repositoryIn } from "./cache.ts";

/** One path component of a repository, as the distribution specification has it (github.com/distribution/reference). */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
export const TAG = /^\w[\w.-]{0,127}$/;

/** The same specification allows 255 characters for the whole name without host. */
const LONGEST_REPOSITORY = 255;

/** Tags of one image, in the order given. */
export type Tags = readonly [string, ...string[]];

export interface Destination {
  /** `host/path`, without a tag */
  readonly repository: string;
  /** name of the image */
  readonly name: string;
  /** `host/path:tag` of each tag; the first is the one reported */
  readonly references: readonly [string, ...string[]];
  /** `host/path`, without a tag, that BuildKit's caches are tags of */
  readonly cacheTagRepository: string;
  /** `host/path` of the repository that kaniko keeps its layers in; null where the environment has none for this image */
  readonly cacheRepository: string | null;
}

/**
 * The destination of an image: the repository that was provisioned for its name, else `host/namespace/name` (the name that
 * Garden gives it too) where the registry makes repositories on push.
 * @throws PergolaError image-definition (bad name or tag), repository-not-provisioned
 */
export function destinationOf(setup: BuildSetup, name: string, tags: Tags): Destination {
  if (!name.split("/").every((component) => COMPONENT.test(component))) {
    throw new PergolaError({
      code: "image-definition",
      message: `"${name}" cannot be the name of an image: lowercase letters and digits, with . _ - / between them.`,
      hint: "Give another one with --name.",
    });
  }
  for (const tag of tags) {
    if (TAG.test(tag)) continue;
    throw new PergolaError({
      code: "image-definition",
      message: `"${tag}" cannot be a tag: letters, digits, _ . - (not first), at most 128 characters.`,
      hint: "Give another one with --tag, or leave it out: the tag then follows from the content.",
    });
  }
  const { kind, host, namespace, createsRepositoriesOnPush, caches } = setup.registry;
  const provisioned = setup.images.find((image) => image.name === name);
  if (!provisioned && !createsRepositoriesOnPush) {
    const known = setup.images.map((image) => image.name).join(", ");
    throw new PergolaError({
      code: "repository-not-provisioned",
      message: `The environment ${setup.environment} has no repository for image ${name} in ${host}.`,
      hint: `Add it to pergola:registry in stacks/Pulumi.${setup.environment}.yaml and run pulumi up. Provisioned: ${known || "none"}.`,
    });
  }
  const path = provisioned?.repository ?? (namespace === "" ? name : `${namespace}/${name}`);
  if (path.length > LONGEST_REPOSITORY) {
    throw new PergolaError({
      code: "image-definition",
      message: `The repository ${path} has ${path.length} characters; registries take ${LONGEST_REPOSITORY}.`,
    });
  }
  const { mostParts } = registrySupport(kind);
  if (path.split("/").length > mostParts) {
    throw new PergolaError({
      code: "image-definition",
      message: `The image ${name} would be ${host}/${path}, but a repository there has at most ${mostParts} parts.`,
      hint: "Give it a name without a slash with --name.",
    });
  }
  const repository = `${host}/${path}`;
  const elsewhere = caches && repositoryIn(caches, name);
  const cache = provisioned ? provisioned.cacheRepository : kanikoCacheOf(kind, path);
  const beside = cache === null ? null : `${host}/${cache}`;
  const cacheRepository = elsewhere === undefined ? beside : kanikoCacheOf(kind, elsewhere);
  // Where tags cannot be moved, a cache could be written only once.
  const tagged = provisioned?.tagMutability === "IMMUTABLE" ? (cacheRepository ?? repository) : repository;
  const [first, ...others] = [...new Set(tags)].map((tag) => `${repository}:${tag}`);
  return {
    name,
    repository,
    references: [first as string, ...others],
    cacheRepository,
    cacheTagRepository: elsewhere ?? tagged,
  };
}
