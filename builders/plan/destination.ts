/** Where an image goes: its reference in the environment's registry. */
import type { BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";

/** One path component of a repository, as the distribution specification has it (github.com/distribution/reference). */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;

/** The same specification allows 255 characters for the whole name without host. */
const LONGEST_REPOSITORY = 255;

export interface Destination {
  /** `host/path`, without a tag */
  readonly repository: string;
  /** `host/path:tag` */
  readonly reference: string;
  /** `host/path` of the repository that kaniko keeps its layers in; null where the environment has none for this image */
  readonly cacheRepository: string | null;
}

/**
 * The destination of an image: the repository that was provisioned for its name, else `host/namespace/name` (the name that
 * Garden gives it too) where the registry makes repositories on push.
 * @throws PergolaError image-definition (bad name or tag), repository-not-provisioned
 */
export function destinationOf(setup: BuildSetup, name: string, tag: string): Destination {
  if (!name.split("/").every((component) => COMPONENT.test(component))) {
    throw new PergolaError({
      code: "image-definition",
      message: `"${name}" cannot be the name of an image: lowercase letters and digits, with . _ - / between them.`,
      hint: "Give another one with --name.",
    });
  }
  if (!TAG.test(tag)) {
    throw new PergolaError({
      code: "image-definition",
      message: `"${tag}" cannot be a tag: letters, digits, _ . - (not first), at most 128 characters.`,
      hint: "Give another one with --tag, or leave it out: the tag then follows from the content.",
    });
  }
  const { host, namespace, createsRepositoriesOnPush } = setup.registry;
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
  const cache = provisioned ? provisioned.cacheRepository : `${path}/cache`;
  return {
    repository: `${host}/${path}`,
    reference: `${host}/${path}:${tag}`,
    cacheRepository: cache === null ? null : `${host}/${cache}`,
  };
}
