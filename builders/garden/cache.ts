/**
 * `clusterBuildkit.cache`: the environment's caches. `mode` is always said: what Garden takes `auto` for goes by a list of hosts,
 * which has no ECR of China, and none of any other registry than a few; for these it falls back to `inline`.
 */
import type { BuildSetup } from "../../infra/setup.ts";
import { registrySupport } from "../plan/cache.ts";
import type { GardenCache, Remark } from "./provider.ts";
import { gardenRegistry } from "./registry.ts";

type SetupImage = BuildSetup["images"][number];
type CacheEntry = BuildSetup["cache"][number];

const AT = "clusterBuildkit.cache";

/** @param images those that the block is for */
export function cacheOfBlock(
  setup: BuildSetup,
  images: readonly SetupImage[],
): { readonly cache: readonly GardenCache[]; readonly remarks: readonly Remark[] } {
  const fixed = images.filter(({ tagMutability }) => tagMutability === "IMMUTABLE");
  const own = setup.cache.filter(({ registry }) => registry === undefined);
  const remarks: Remark[] = [];
  if (fixed.length > 0 && own.length > 0) {
    const list = fixed.map(({ repository }) => repository).join(", ");
    const text = `Garden's cache is a tag of the image's repository, and no tag of ${list} moves: a second build could not write it, and would fail.`;
    remarks.push({ at: AT, text, lacking: true });
  }
  const cache = setup.cache.flatMap((entry) => {
    if (entry.registry === undefined) return fixed.length > 0 ? [] : [cacheEntry(setup, entry)];
    const namespace = namespaceOf(entry.registry, images);
    if (namespace !== null) return [cacheEntry(setup, entry, { ...entry.registry, namespace })];
    const text = `Not here: the cache ${entry.tag} in ${entry.registry.host}, for which Garden wants a namespace (it writes "undefined" into the name).`;
    remarks.push({ at: AT, text, lacking: true });
    return [];
  });
  const inEcr = setup.cache.some(({ registry }) => (registry ?? setup.registry).kind === "ecr");
  if (inEcr && cache.some((entry) => entry.export && entry.mode !== "inline")) {
    const text =
      "ECR takes a cache of this mode as an image manifest, which BuildKit writes by itself since 0.21: Garden 0.14 brings such a one.";
    remarks.push({ at: AT, text });
  }
  return { cache, remarks };
}

/**
 * The namespace of a registry of caches: the environment's cache of image shop/api is in namespace/shop/api, and Garden has the
 * name of the action only. null where there is none for all images.
 */
function namespaceOf({ namespace }: { namespace: string }, images: readonly SetupImage[]): string | null {
  const prefixes = new Set(images.map(({ name }) => name.split("/").slice(0, -1).join("/")));
  const [prefix = ""] = prefixes;
  const whole = [namespace, prefix].filter((part) => part !== "").join("/");
  return prefixes.size > 1 || whole === "" ? null : whole;
}

function cacheEntry(setup: BuildSetup, entry: CacheEntry, registry?: NonNullable<CacheEntry["registry"]>): GardenCache {
  const mode = entry.mode === "auto" ? registrySupport((registry ?? setup.registry).kind).auto : entry.mode;
  return {
    type: "registry",
    ...(registry === undefined ? {} : { registry: gardenRegistry(registry) }),
    // Garden pushes an inline cache although `export` is false; reading is the same in all modes.
    mode: mode === "inline" && !entry.export ? "max" : mode,
    tag: entry.tag,
    export: entry.export,
  };
}
