/** What the cluster needs of the toolchain: paths, and nothing of how they came to be. */
import { join } from "node:path";

/** The part of the toolchain that this folder uses; `local/toolchain` has all of it. */
export interface ToolchainForCluster {
  path(name: "kubernetes" | "node-init" | "network-policies"): string;
  /** whether an optional program is there */
  has(name: "network-policies"): boolean;
  /** folder that Debian packages were unpacked in */
  readonly debianRoot: string;
  /** PATH, LD_LIBRARY_PATH and the like for programs below {@link debianRoot} */
  environment(): Record<string, string>;
}

/** Absolute paths of programs, and the environment that they need. */
export interface ClusterTools {
  readonly kubernetes: string;
  readonly nodeInit: string;
  /** absent when it was not built: then NetworkPolicies are not enforced */
  readonly networkPolicies?: string;
  readonly debianRoot: string;
  readonly openssl: string;
  readonly containerd: string;
  readonly ctr: string;
  readonly ip: string;
  readonly nft: string;
  readonly iptables: string;
  /** folder of the CNI plugins */
  readonly cni: string;
  readonly environment: Record<string, string>;
}

/** @param enforcePolicies whether the optional enforcer is part of the toolchain */
export function clusterTools(toolchain: ToolchainForCluster, enforcePolicies: boolean): ClusterTools {
  const debian = (path: string) => join(toolchain.debianRoot, path);
  return {
    kubernetes: toolchain.path("kubernetes"),
    nodeInit: toolchain.path("node-init"),
    ...(enforcePolicies ? { networkPolicies: toolchain.path("network-policies") } : {}),
    debianRoot: toolchain.debianRoot,
    openssl: debian("usr/bin/openssl"),
    containerd: debian("usr/bin/containerd"),
    ctr: debian("usr/bin/ctr"),
    ip: debian("bin/ip"),
    nft: debian("usr/sbin/nft"),
    iptables: debian("usr/sbin/iptables"),
    cni: debian("usr/lib/cni"),
    environment: toolchain.environment(),
  };
}
