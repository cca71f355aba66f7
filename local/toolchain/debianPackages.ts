/**
 * The Debian packages that are unpacked (not installed) into the cache, as data. Licences are the ones of each
 * package's copyright file in Debian 12 for the files that are used here, in SPDX terms.
 */

export interface DebianPackage {
  readonly name: string;
  readonly why: string;
  /** SPDX */
  readonly licence: string;
}

export interface DebianSet {
  readonly name: "programs" | "base" | "docker";
  readonly packages: readonly DebianPackage[];
  /** symlinks that a maintainer script would have made: path -> target */
  readonly links: Readonly<Record<string, string>>;
  /** programs (paths below the root) that must run after unpacking */
  readonly probes: readonly (readonly [path: string, ...argv: string[]])[];
}

function library(name: string, user: string, licence: string): DebianPackage {
  return { name, why: `library of ${user}`, licence };
}

/** What runs on the nodes. Libraries are those that these programs link to and a minimal Debian 12 may lack. */
export const PROGRAMS: DebianSet = {
  name: "programs",
  packages: [
    { name: "containerd", why: "runs the pods' containers on both nodes", licence: "Apache-2.0" },
    { name: "runc", why: "starts containers, for containerd and for BuildKit", licence: "Apache-2.0" },
    { name: "containernetworking-plugins", why: "gives pods their network", licence: "Apache-2.0" },
    { name: "nftables", why: "packet filter rules of the nodes, for kube-proxy", licence: "GPL-2.0-only" },
    {
      name: "iptables",
      why: "host ports of pods, and handing packets to the policy enforcer",
      licence: "GPL-2.0-only",
    },
    { name: "iproute2", why: "links, addresses and routes of the nodes", licence: "GPL-2.0-only" },
    { name: "openssl", why: "the cluster's certificates", licence: "Apache-2.0" },
    { name: "busybox-static", why: "shell and tools in the builders' images", licence: "GPL-2.0-only" },
    {
      name: "ca-certificates",
      why: "certificate authorities in the builders' images",
      licence: "MPL-2.0 AND GPL-2.0-or-later",
    },
    library("libseccomp2", "runc", "LGPL-2.1-only"),
    library("libnftables1", "nft", "GPL-2.0-only"),
    library("libnftnl11", "nft and iptables", "GPL-2.0-or-later"),
    library("libmnl0", "nft, iptables and ip", "LGPL-2.1-only"),
    library("libxtables12", "iptables", "GPL-2.0-only"),
    library("libjansson4", "nft", "MIT"),
    library("libedit2", "nft", "BSD-3-Clause"),
    library("libbsd0", "nft and ip", "BSD-3-Clause"),
    library("libmd0", "libbsd0", "BSD-3-Clause"),
    library("libgmp10", "nft", "GPL-2.0-or-later OR LGPL-3.0-or-later"),
    library("libbpf1", "ip", "LGPL-2.1-only OR BSD-2-Clause"),
    library("libelf1", "ip", "GPL-2.0-or-later OR LGPL-3.0-or-later"),
    library("libcap2", "ip", "BSD-3-Clause OR GPL-2.0-only"),
    library("libssl3", "openssl", "Apache-2.0"),
  ],
  // In Debian these are alternatives that iptables' postinst registers; containerd and the CNI plugins look for them on PATH.
  links: Object.fromEntries(
    ["iptables", "ip6tables"].flatMap((name) =>
      ["", "-save", "-restore"].map((suffix) => [`usr/sbin/${name}${suffix}`, "xtables-nft-multi"]),
    ),
  ),
  probes: [
    ["usr/bin/containerd", "--version"],
    ["usr/sbin/runc", "--version"],
    ["usr/sbin/nft", "--version"],
    ["usr/sbin/iptables", "--version"],
    ["bin/ip", "-Version"],
    ["usr/bin/openssl", "version"],
    ["bin/busybox", "true"],
  ],
};

/** Content of the base images that example Dockerfiles start from (`debian:bookworm-slim` and the ones above it). */
export const BASE: DebianSet = {
  name: "base",
  packages: [
    { name: "base-files", why: "folders and identity of a Debian system", licence: "GPL-2.0-or-later" },
    { name: "base-passwd", why: "the users and groups that every Debian system has", licence: "GPL-2.0-only" },
    { name: "bash", why: "shell of base images", licence: "GPL-3.0-or-later" },
    { name: "dash", why: "/bin/sh of base images", licence: "BSD-3-Clause AND GPL-2.0-or-later" },
    { name: "coreutils", why: "file and text tools of base images", licence: "GPL-3.0-or-later" },
    { name: "debianutils", why: "which, and other tools of base images", licence: "GPL-2.0-or-later" },
    { name: "findutils", why: "find and xargs of base images", licence: "GPL-3.0-or-later" },
    { name: "grep", why: "grep of base images", licence: "GPL-3.0-or-later" },
    { name: "sed", why: "sed of base images", licence: "GPL-3.0-or-later" },
    { name: "tar", why: "tar of base images", licence: "GPL-3.0-or-later" },
    { name: "gzip", why: "gzip of base images", licence: "GPL-3.0-or-later" },
    { name: "libc-bin", why: "ldconfig and getent of base images", licence: "LGPL-2.1-or-later AND GPL-2.0-or-later" },
    { name: "libc6", why: "C library of base images", licence: "LGPL-2.1-or-later" },
    { name: "ca-certificates", why: "certificate authorities of base images", licence: "MPL-2.0 AND GPL-2.0-or-later" },
    library("libgcc-s1", "Node in base images", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    library("libstdc++6", "Node in base images", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    library("zlib1g", "base images", "Zlib"),
    library("libacl1", "coreutils, sed and tar in base images", "LGPL-2.1-or-later"),
    library("libattr1", "coreutils in base images", "LGPL-2.1-or-later"),
    library("libgmp10", "coreutils in base images", "GPL-2.0-or-later OR LGPL-3.0-or-later"),
    library("libpcre2-8-0", "libselinux1 and grep in base images", "BSD-3-Clause"),
    library("libselinux1", "coreutils in base images", "LicenseRef-public-domain"),
    library("libtinfo6", "bash in base images", "X11"),
  ],
  links: {},
  probes: [],
};

/**
 * Docker, for tests that load images into a real daemon; `npm start` does not fetch it. It runs with containerd and runc of
 * {@link PROGRAMS}, and with libraries that apt needs too.
 */
export const DOCKER: DebianSet = {
  name: "docker",
  packages: [
    { name: "docker.io", why: "Docker's daemon and client, in tests of --load", licence: "Apache-2.0" },
    library("libdevmapper1.02.1", "dockerd", "LGPL-2.1-only"),
  ],
  links: {},
  probes: [
    ["usr/sbin/dockerd", "--version"],
    ["usr/bin/docker", "--version"],
  ],
};

/** What a start unpacks. Programs first: callers take the roots in this order. */
export const DEBIAN_SETS: readonly DebianSet[] = [PROGRAMS, BASE];

/** All that this project may unpack. */
export const ALL_DEBIAN_SETS: readonly DebianSet[] = [...DEBIAN_SETS, DOCKER];
