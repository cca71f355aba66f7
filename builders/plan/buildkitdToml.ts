/** buildkitd.toml: what the daemon keeps, how much it does at a time, and how it reaches registries. Pure text. */
import type { BuilderMode, BuildSetup } from "../../infra/setup.ts";
import { quantityValue } from "../../infra/setupNames.ts";
import { HOST_NETWORK } from "./network.ts";
import { certifiedHosts, plainHosts } from "./registryHosts.ts";

/** Where buildkitd finds its configuration and what that names. */
export const CONFIG_DIRECTORY = "/etc/buildkit";

/** Certificates that vouch for the environment's registries, beside buildkitd.toml. */
export const CA_FILE = "registry-ca.pem";

/**
 * What is left of the volume limit for what is no build cache: contexts on their way, images on their way out. A pod that
 * uses more than its limit of ephemeral-storage is evicted, and its cache is gone as a whole.
 */
const CACHE_SHARE = 0.8;

/** moby/buildkit, docs/buildkitd.toml.md; names and rules as read and run on 0.33.1. */
export function buildkitdToml(
  setup: BuildSetup,
  mode: Pick<BuilderMode, "resources"> & Pick<Partial<BuilderMode>, "allowHostNetwork">,
): string {
  const { limits } = mode.resources;
  const lines = [
    // Keys that belong to no table come first.
    ...(mode.allowHostNetwork ? [`insecure-entitlements = [${JSON.stringify(HOST_NETWORK)}]`] : []),
    "[worker.oci]",
    "  enabled = true",
    "  gc = true",
    ...parallelism(quantityValue(limits.cpu ?? "")),
    ...garbageCollection(quantityValue(limits["ephemeral-storage"] ?? "")),
    "[worker.containerd]",
    "  enabled = false",
    ...registries(setup),
  ];
  return [...lines, ""].join("\n");
}

/** Steps at a time, of all builds together: as many as there are cores. Where cores have no limit, steps have none. */
function parallelism(cores: number | null): string[] {
  return cores === null ? [] : [`  max-parallelism = ${Math.max(4, Math.ceil(cores))}`];
}

/**
 * Rules, in the order that the daemon goes through them; each holds for the cache as a whole (cache/manager.go). The first is
 * what BuildKit's own differ in: they drop contexts and cache mounts after two days once there are 512 MB of cache, so that the
 * first build after a weekend is sent everything again. The other two are its own, with limits that follow from the pod's.
 */
function garbageCollection(storage: number | null): string[] {
  const most = storage === null ? null : Math.floor(storage * CACHE_SHARE);
  const limits = [
    `    reservedSpace = ${most === null ? '"10%"' : Math.floor(most / 8)}`,
    `    maxUsedSpace = ${most === null ? '"100GB"' : most}`,
    // Kubelets begin to evict pods when a tenth of the disk is left.
    '    minFreeSpace = "20%"',
  ];
  return [
    "  [[worker.oci.gcpolicy]]",
    '    filters = ["type==source.local", "type==exec.cachemount", "type==source.git.checkout"]',
    '    keepDuration = "336h"',
    `    maxUsedSpace = ${most === null ? '"10GB"' : Math.floor(most / 2)}`,
    ...["  [[worker.oci.gcpolicy]]", ...limits],
    ...["  [[worker.oci.gcpolicy]]", "    all = true", ...limits],
  ];
}

function registries(setup: BuildSetup): string[] {
  const { mirrors, caBundle } = setup.registry;
  const sections = new Map<string, string[]>();
  const add = (name: string, line: string): void => {
    const lines = sections.get(name) ?? [];
    if (!lines.includes(line)) sections.set(name, [...lines, line]);
  };
  for (const [name, hosts] of Object.entries(mirrors)) {
    add(name, `  mirrors = [${hosts.map((mirror) => JSON.stringify(mirror)).join(", ")}]`);
  }
  for (const one of plainHosts(setup)) add(one, "  http = true");
  if (caBundle !== undefined) {
    const ca = `  ca = [${JSON.stringify(`${CONFIG_DIRECTORY}/${CA_FILE}`)}]`;
    for (const one of certifiedHosts(setup)) add(one, ca);
  }
  return [...sections].flatMap(([name, lines]) => [`[registry.${JSON.stringify(name)}]`, ...lines]);
}
