/** The index over images for one platform each. Pure. */

const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json";

/** A manifest in the registry. */
export interface IndexPart {
  readonly mediaType: string;
  readonly digest: string;
  /** in bytes */
  readonly size: number;
  /** `os/architecture[/variant]` */
  readonly platform: string;
}

/**
 * An OCI index (github.com/opencontainers/image-spec, image-index.md), or Docker's list where all parts are Docker's and nothing
 * is annotated, which a list cannot be: registries and clients of that age take no other.
 */
export function imageIndex(
  parts: readonly IndexPart[],
  annotations: Readonly<Record<string, string>>,
): { readonly mediaType: string; readonly text: string } {
  const isAnnotated = Object.keys(annotations).length > 0;
  const mediaType = !isAnnotated && parts.every((part) => part.mediaType === DOCKER_IMAGE) ? DOCKER_LIST : OCI_INDEX;
  const manifests = parts.map(({ platform, ...part }) => {
    const [os, architecture, variant] = platform.split("/");
    return { ...part, platform: { architecture, os, ...(variant === undefined ? {} : { variant }) } };
  });
  const index = { schemaVersion: 2, mediaType, manifests, ...(isAnnotated ? { annotations } : {}) };
  return { mediaType, text: JSON.stringify(index) };
}
