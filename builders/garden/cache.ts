/**
 * `clusterBuildkit.cache`: the environment's caches. `mode` is always said: what Garden takes `auto` for goes by a list of hosts,
 * which has no ECR of China, and none of any other registry than a few; for these it falls back to `inline`.
 */
import type { BuildSetup } from "../../infra/setup.ts";
import { registrySupport } from "../plan/cache.ts";
import type { GardenCache, Remark } from "./provider.ts";
import { gardenRegistry } from "./registry.ts";

const AT = "clusterBuildkit.cache";

/** @param images those that the block is for */
export function cacheOfBlock(
  setup: BuildSetup,
  images: readonly BuildSetup["images"][number][],
): { readonly cache: readonly GardenCache[]; readonly remarks: readonly Remark[] } {
  const fixed = images.filter(({ tagMutability }) => tagMutability === "IMMUTABLE");
  const own = setup.cache.filter(({ registry }) => registry === undefined);
  const nameless = setup.cache.filter(({ registry }) => registry?.namespace === "");
  const remarks: Remark[] = [];
  if (fixed.length > 0 && own.length > 0) {
    const list = fixed.map(({ repository }) => repository).join(", ");
    const text = `Garden's cache is a tag of the image's repository, and no tag of ${list} moves: a second build could not write it, and would fail.`;
    remarks.push({ at: AT, text, lacking: true });
  }
  for (const { tag, registry } of nameless) {
    const text = `Not here: the cache ${tag} in ${registry?.host}, for which Garden wants a namespace (it writes "undefined" into the name).`;
    remarks.push({ at: AT, text, lacking: true });
  }
  const cache = setup.cache
    .filter(({ registry }) => (registry === undefined ? fixed.length === 0 : registry.namespace !== ""))
    .map((entry) => cacheEntry(setup, entry));
  const max = cache.some((entry) => entry.export && entry.mode !== "inline");
  if (setup.registry.kind === "ecr" && max) {
    const text =
      "ECR takes a cache of this mode as an image manifest, which BuildKit writes by itself since 0.21: Garden 0.14 brings such a one.";
    remarks.push({ at: AT, text });
  }
  return { cache, remarks };
}

function cacheEntry(setup: BuildSetup, entry: BuildSetup["cache"][number]): GardenCache {
  const mode = entry.mode === "auto" ? registrySupport((entry.registry ?? setup.registry).kind).auto : entry.mode;
  return {
    type: "registry",
    ...(entry.registry === undefined ? {} : { registry: gardenRegistry(entry.registry) }),
    // Garden pushes an inline cache although `export` is false; reading is the same in all modes.
    mode: mode === "inline" && !entry.export ? "max" : mode,
    tag: entry.tag,
    export: entry.export,
  };
}
