/**
 * The programs that are built from Go modules, as data. Versions are pinned three times over: here for people, in each
 * wrapper's go.mod, and by checksum in its go.sum; a test compares them. Licences are those of the LICENSE file in the
 * module at that version.
 */

export type BinaryName =
  | "pulumi"
  | "kubernetes"
  | "buildkitd"
  | "buildctl"
  | "buildx"
  | "kaniko"
  | "coredns"
  | "registry"
  | "network-policies"
  | "node-init"
  | "old-frontend"
  | "kind"
  | "karpenter-crds";

/** A tool has the name of its binary; BuildKit has two. */
export type ToolName = Exclude<BinaryName, "buildkitd" | "buildctl"> | "buildkit";

export interface GoBinary {
  readonly name: BinaryName;
  /** import path, or "." for the wrapper's own main package */
  readonly package: string;
  /** arguments that make it print who it is, run right after the build; its exit code does not matter */
  readonly probe: readonly string[];
  /** what the probe's output must contain */
  readonly says: string;
  /** name of the same program on PATH, when one that is found there may be used instead */
  readonly onPath?: string;
}

export interface GoTool {
  readonly name: ToolName;
  readonly version: string;
  readonly why: string;
  /** SPDX */
  readonly licence: string;
  /** module whose version this is, as its go.mod requires it; absent for own sources */
  readonly module?: string;
  /** folder below local/toolchain/go: go.mod, go.sum and sources */
  readonly folder: string;
  readonly tags: readonly string[];
  readonly ldflags: readonly string[];
  readonly binaries: readonly GoBinary[];
  /** further names: link (relative to the tool's folder) -> binary. Names in `client/` are for a user's PATH. */
  readonly links: Readonly<Record<string, BinaryName>>;
  /** not built unless asked for by name */
  readonly optional?: true;
}

const KUBERNETES = "1.34.4";
const BUILDKIT = "0.33.1";
const PULUMI = "3.259.0";
const KANIKO = "1.25.5";
const REGISTRY = "3.1.2";
const BUILDX = "0.30.0";
const OLD_FRONTEND = "0.10.6";
const KIND = "0.33.0";
const KARPENTER = "1.3.3";

/** Every tool strips symbols, so that a binary is small and the same on every machine. */
const STRIP = ["-s", "-w"];

function stamp(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).flatMap(([name, value]) => ["-X", `${name}=${value}`]);
}

/** Kubernetes' two version packages; without them `kubectl version` and the node's status say v0.0.0-master. */
function kubernetesVersion(version: string): string[] {
  const [major = "", minor = ""] = version.split(".");
  return ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((path) =>
    stamp({
      [`${path}.gitVersion`]: `v${version}`,
      [`${path}.gitMajor`]: major,
      [`${path}.gitMinor`]: minor,
      [`${path}.gitTreeState`]: "archive",
    }),
  );
}

/** In the order in which they are built: what the rest of a start waits for longest comes first. */
export const GO_TOOLS: readonly GoTool[] = [
  {
    name: "node-init",
    version: "1",
    why: "first process of each node's namespaces, loopback forwarder, and pause container",
    licence: "Apache-2.0",
    folder: "node-init",
    tags: [],
    ldflags: STRIP,
    binaries: [{ name: "node-init", package: ".", probe: [], says: "usage: node-init" }],
    links: {},
  },
  {
    name: "kubernetes",
    version: KUBERNETES,
    why: "etcd, API server, controller manager, scheduler, kubelet, kube-proxy and kubectl, in one binary",
    licence: "Apache-2.0",
    module: "k8s.io/kubernetes",
    folder: "kubernetes",
    tags: [],
    ldflags: [...STRIP, ...kubernetesVersion(KUBERNETES)],
    binaries: [
      { name: "kubernetes", package: ".", probe: ["kubelet", "--version"], says: `Kubernetes v${KUBERNETES}` },
    ],
    links: {
      "bin/etcd": "kubernetes",
      "bin/kube-apiserver": "kubernetes",
      "bin/kube-controller-manager": "kubernetes",
      "bin/kube-scheduler": "kubernetes",
      "bin/kubelet": "kubernetes",
      "bin/kube-proxy": "kubernetes",
      "bin/kubectl": "kubernetes",
      "client/kubectl": "kubernetes",
    },
  },
  {
    name: "pulumi",
    version: PULUMI,
    why: "the engine and command line that provision the environment",
    licence: "Apache-2.0",
    module: "github.com/pulumi/pulumi/pkg/v3",
    folder: "pulumi",
    tags: ["osusergo", "grpcnotrace"],
    ldflags: [...STRIP, ...stamp({ "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${PULUMI}` })],
    binaries: [
      {
        name: "pulumi",
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        probe: ["version"],
        says: `v${PULUMI}`,
        onPath: "pulumi",
      },
    ],
    links: {},
  },
  {
    name: "buildkit",
    version: BUILDKIT,
    why: "builds images in the mode cluster-buildkit: the daemon for pods, the client for the runner",
    licence: "Apache-2.0",
    module: "github.com/moby/buildkit",
    folder: "buildkit",
    tags: ["osusergo", "netgo", "static_build"],
    ldflags: [
      ...STRIP,
      ...stamp({
        "github.com/moby/buildkit/version.Version": `v${BUILDKIT}`,
        "github.com/moby/buildkit/version.Revision": "0000000",
        "github.com/moby/buildkit/version.Package": "github.com/moby/buildkit",
      }),
    ],
    binaries: ["buildkitd", "buildctl"].map((name) => ({
      name: name as BinaryName,
      package: `github.com/moby/buildkit/cmd/${name}`,
      probe: ["--version"],
      says: `${name} github.com/moby/buildkit v${BUILDKIT}`,
      onPath: name,
    })),
    links: { "client/buildctl": "buildctl" },
  },
  {
    name: "kaniko",
    version: KANIKO,
    why: "builds images in the mode kaniko: the executor for pods",
    licence: "Apache-2.0",
    module: "github.com/chainguard-dev/kaniko",
    folder: "kaniko",
    tags: [],
    ldflags: [...STRIP, ...stamp({ "github.com/chainguard-dev/kaniko/pkg/version.version": `v${KANIKO}` })],
    binaries: [
      {
        name: "kaniko",
        package: "github.com/chainguard-dev/kaniko/cmd/executor",
        probe: ["version"],
        says: `v${KANIKO}`,
        onPath: "executor",
      },
    ],
    links: {},
  },
  {
    name: "coredns",
    version: "1.15.0",
    why: "names of services inside the cluster; built with few plugins and with `template` behind `kubernetes`",
    licence: "Apache-2.0",
    module: "github.com/coredns/coredns",
    folder: "coredns",
    tags: [],
    ldflags: STRIP,
    binaries: [{ name: "coredns", package: ".", probe: ["--version"], says: "CoreDNS-1.15.0" }],
    links: {},
  },
  {
    name: "registry",
    version: REGISTRY,
    why: "the registry that images are pushed to; Debian's (2.8) refuses a push now and then when another one shares a layer",
    licence: "Apache-2.0",
    module: "github.com/distribution/distribution/v3",
    folder: "registry",
    tags: [],
    ldflags: [...STRIP, ...stamp({ "github.com/distribution/distribution/v3/version.version": `v${REGISTRY}` })],
    binaries: [
      {
        name: "registry",
        package: ".",
        probe: ["--version"],
        says: `v${REGISTRY}`,
      },
    ],
    links: {},
  },
  {
    name: "network-policies",
    version: "1.1.0",
    why: "enforces NetworkPolicy on the nodes; without it the policies are provisioned but not proved",
    licence: "Apache-2.0",
    module: "sigs.k8s.io/kube-network-policies",
    folder: "network-policies",
    tags: [],
    ldflags: STRIP,
    binaries: [
      {
        name: "network-policies",
        package: "sigs.k8s.io/kube-network-policies/cmd/kube-network-policies/standard",
        // It has no version of its own and prints its flags when asked for help.
        probe: ["-h"],
        says: "kube-network-policies",
      },
    ],
    links: {},
    optional: true,
  },
  {
    name: "buildx",
    version: BUILDX,
    why: "what the runner is measured against (npm run bench); nothing else uses it",
    licence: "Apache-2.0",
    module: "github.com/docker/buildx",
    folder: "buildx",
    tags: [],
    ldflags: [...STRIP, ...stamp({ "github.com/docker/buildx/version.Version": `v${BUILDX}` })],
    binaries: [
      {
        name: "buildx",
        package: "github.com/docker/buildx/cmd/buildx",
        probe: ["version"],
        says: `github.com/docker/buildx v${BUILDX}`,
      },
    ],
    links: {},
    optional: true,
  },
  {
    name: "old-frontend",
    version: OLD_FRONTEND,
    why: "reads Dockerfiles of version 1.4, for tests of Dockerfiles that pin an old one; older ones have modules that no proxy serves",
    licence: "Apache-2.0",
    module: "github.com/moby/buildkit",
    folder: "old-frontend",
    tags: [],
    ldflags: [...STRIP, ...stamp({ "main.Version": OLD_FRONTEND })],
    binaries: [
      {
        name: "old-frontend",
        package: "github.com/moby/buildkit/frontend/dockerfile/cmd/dockerfile-frontend",
        probe: ["-version"],
        says: `dockerfile-frontend ${OLD_FRONTEND}`,
      },
    ],
    links: {},
    optional: true,
  },
  {
    name: "kind",
    version: KIND,
    why: "what --load=kind is compared with in tests: which nodes it takes, and what they then hold",
    licence: "Apache-2.0",
    module: "sigs.k8s.io/kind",
    folder: "kind",
    tags: [],
    ldflags: STRIP,
    binaries: [{ name: "kind", package: "sigs.k8s.io/kind", probe: ["version"], says: `kind v${KIND}` }],
    links: {},
    optional: true,
  },
  {
    name: "karpenter-crds",
    version: KARPENTER,
    why: "prints the definitions of Karpenter's objects, by which a test has an API server judge ours; newer ones need a newer Go",
    licence: "Apache-2.0",
    module: "github.com/aws/karpenter-provider-aws",
    folder: "karpenter-crds",
    tags: [],
    ldflags: [...STRIP, ...stamp({ "main.version": KARPENTER })],
    binaries: [{ name: "karpenter-crds", package: ".", probe: ["version"], says: `karpenter-crds ${KARPENTER}` }],
    links: {},
    optional: true,
  },
];

/** What `ensureToolchain` makes ready when it is not told names. */
export const DEFAULT_TOOLS: readonly ToolName[] = GO_TOOLS.filter((tool) => !tool.optional).map((tool) => tool.name);

/** The tool of that name. */
export function goTool(name: ToolName): GoTool {
  const tool = GO_TOOLS.find((candidate) => candidate.name === name);
  if (tool === undefined) throw new Error(`no tool is called ${name}`);
  return tool;
}

/** The tool that a binary comes from. */
export function toolOfBinary(name: BinaryName): GoTool {
  const tool = GO_TOOLS.find((candidate) => candidate.binaries.some((binary) => binary.name === name));
  if (tool === undefined) throw new Error(`no tool has a binary called ${name}`);
  return tool;
}
