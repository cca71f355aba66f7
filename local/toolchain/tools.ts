/**
 * The programs that are built from Go modules, as data. Versions are pinned three times over: here for people, in each
 * wrapper's go.mod, and by checksum in its go.sum; a test compares them. Licences are those of the LICENSE file in the
 * module at that version.
 */
import type { BinaryName, GoTool, ToolName } from "./goTool.ts";
import { kubernetesVersion, STRIP, stamp } from "./ldflags.ts";
import { OPTIONAL_TOOLS } from "./optionalTools.ts";

const KUBERNETES = "1.34.4";
const BUILDKIT = "0.33.1";
const PULUMI = "3.259.0";
const KANIKO = "1.25.5";
const REGISTRY = "3.1.2";

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
  ...OPTIONAL_TOOLS,
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
