/** Build caches in a registry: the one table of what registries take, and the flags that follow. */
import type { BuildSetup } from "../../infra/setup.ts";

interface CacheSupport {
  /** takes a cache manifest that names its layers as an image does; the other form is an index, which several refuse */
  readonly imageManifest: boolean;
  /** takes OCI media types */
  readonly ociMediaTypes: boolean;
}

/**
 * By registry kind of the BuildSetup. Only kinds that Pergola was run against stand here; all others get {@link DEFAULT}.
 * An image manifest with OCI types is BuildKit's own default since 0.21 and what AWS documents for ECR
 * (github.com/aws/containers-roadmap issue 876).
 */
const SUPPORT: Readonly<Record<string, CacheSupport>> = {
  inCluster: { imageManifest: true, ociMediaTypes: true },
};
const DEFAULT: CacheSupport = { imageManifest: true, ociMediaTypes: true };

/** Cache as buildctl's arguments, and the references that an inline cache adds to the image's names. */
export interface CacheFlags {
  readonly arguments: readonly string[];
  readonly inlineReferences: readonly string[];
}

/**
 * Import and export flags for the environment's cache entries, in their order: BuildKit takes the first that hits.
 * An export that fails is a warning, not a failed build (`ignore-error`).
 * @param repository `host/path` of the image without tag
 */
export function buildkitCache(setup: BuildSetup, repository: string): CacheFlags {
  const support = SUPPORT[setup.registry.kind] ?? DEFAULT;
  const insecure = setup.registry.insecure ? ["registry.insecure=true"] : [];
  const inline = setup.cache.filter((entry) => entry.mode === "inline" && entry.export);
  const flags: string[] = [];
  for (const entry of setup.cache) {
    const reference = `${repository}:${entry.tag}`;
    flags.push("--import-cache", ["type=registry", `ref=${reference}`, ...insecure].join(","));
    if (!entry.export || entry.mode === "inline") continue;
    flags.push(
      "--export-cache",
      [
        "type=registry",
        `ref=${reference}`,
        `mode=${entry.mode}`,
        `image-manifest=${support.imageManifest}`,
        `oci-mediatypes=${support.ociMediaTypes}`,
        "ignore-error=true",
        ...insecure,
      ].join(","),
    );
  }
  if (inline.length > 0) flags.push("--export-cache", "type=inline");
  return { arguments: flags, inlineReferences: inline.map((entry) => `${repository}:${entry.tag}`) };
}
