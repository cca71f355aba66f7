/** The tools that nothing but tests and benches needs, or that a cluster can do without; as data, like those of tools.ts. */
import type { GoTool } from "./goTool.ts";
import { STRIP, stamp } from "./ldflags.ts";

const BUILDX = "0.30.0";
const OLD_FRONTEND = "0.10.6";
const KIND = "0.33.0";
const KARPENTER = "1.3.3";
const GOOGLE_HELPER = "2.2.1";

/** Each is built only when it is asked for by name. */
export const OPTIONAL_TOOLS: readonly GoTool[] = [
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
  {
    name: "docker-credential-gcr",
    version: GOOGLE_HELPER,
    why: "the credential helper of Google's registries, by which a test's builders log in as they do on Google Cloud",
    licence: "Apache-2.0",
    module: "github.com/GoogleCloudPlatform/docker-credential-gcr/v2",
    folder: "docker-credential-gcr",
    tags: ["osusergo", "netgo"],
    ldflags: [
      ...STRIP,
      ...stamp({ "github.com/GoogleCloudPlatform/docker-credential-gcr/v2/config.Version": GOOGLE_HELPER }),
    ],
    binaries: [
      {
        name: "docker-credential-gcr",
        package: "github.com/GoogleCloudPlatform/docker-credential-gcr/v2",
        probe: ["version"],
        says: `credential helper ${GOOGLE_HELPER}`,
      },
    ],
    links: {},
    optional: true,
  },
];
