/**
 * What a stack file may say: five keys (`registry`, `access`, `cluster`, `builder`, `cache`), plus `purpose`,
 * `allowProduction` and `secrets`, all under `pergola:`. Every object is strict. Rules that span fields are in
 * configRules.ts; stacks/schema.json is generated from here.
 */
import { z } from "zod";
import {
  checked,
  host,
  image,
  kanikoImage,
  namespaceName,
  nodeName,
  objectName,
  quantities,
  quantity,
  repositoryPrefix,
  secretName,
  username,
} from "./configValues.ts";
import { caBundleProblem } from "./documents/certificates.ts";
import { annotationKeyProblem } from "./documents/names.ts";
import { patternProblem } from "./documents/namespacePattern.ts";
import { mirroredHostProblem } from "./documents/registryHost.ts";
import type { ClusterModeName } from "./setup.ts";
import { GONE_MODE } from "./setupNames.ts";

const inClusterRegistry = z.strictObject({
  kind: z.literal("inCluster"),
  host: host.describe("<node address>:<node port>: the one name that nodes and pods know the registry by"),
  namespace: repositoryPrefix.default("").describe("path between host and image name"),
  insecure: z.boolean().describe("plain HTTP; this registry serves nothing else"),
  mirrors: z
    .record(checked(mirroredHostProblem), z.array(host).min(1))
    .default({})
    .describe(
      "registry host (docker.io for Docker Hub) -> mirrors that builders ask instead. A mirror that is a Service of the same " +
        "cluster needs cluster.guardrails.networkPolicy: false",
    ),
  basicAuth: z.strictObject({ username, passwordSecret: secretName }).optional(),
  caBundle: checked(caBundleProblem)
    .optional()
    .describe(
      "certificates (PEM) of authorities that vouch for mirrors and for registries of caches, where not every system knows them",
    ),
  image: image.describe("image of the registry itself"),
  clusterNamespace: namespaceName
    .default("pergola-registry")
    .describe("Kubernetes namespace that the registry runs in"),
  storage: z.strictObject({
    node: nodeName.describe("node that holds the files, and runs the registry"),
    path: z
      .string()
      .regex(/^\/[^\0]+$/, "is not an absolute path")
      .default("/var/lib/registry"),
    size: quantity.default("10Gi"),
  }),
});

const noAccess = z.strictObject({
  kind: z.literal("none"),
  annotations: z
    .record(checked(annotationKeyProblem), z.string())
    .default({})
    .describe("annotations of the builders' service account, where an identity was arranged elsewhere"),
  namespacePatterns: z
    .array(checked(patternProblem))
    .default([])
    .describe(
      "namespaces that are made later and may build, too: * is any characters (also none), ? is one. What builds need there is " +
        "made by the first one, for `pergola build --namespace`; kube-*, default and the registry's namespace never match",
    ),
  allowAnyNamespace: z
    .boolean()
    .default(false)
    .describe("has to be true for a pattern without any letter or digit, such as *: then every namespace may push"),
});

const existingNodes = z.strictObject({
  kind: z.literal("existing"),
  architecture: z.enum(["amd64", "arm64"]).default("amd64"),
});

const login = z.union([
  z.strictObject({ host, username, passwordSecret: secretName }),
  z.strictObject({ host, helper: z.string().regex(/^[a-z0-9-]+$/, "is not the name of a credential helper") }),
]);

const guardrails = z.strictObject({
  networkPolicy: z
    .boolean()
    .default(true)
    .describe(
      "nothing reaches builders; they reach DNS, the registries of this file and what `internet` allows. Policies see the pods " +
        "behind a Service: a registry or mirror that is a Service of the same cluster, in another namespace, is cut off unless " +
        "this is false",
    ),
  internet: z.boolean().default(true).describe("builders may reach ports 80 and 443 outside of the cluster"),
  quota: quantities
    .default({
      pods: "20",
      "requests.cpu": "16",
      "requests.memory": "32Gi",
      "limits.memory": "128Gi",
      "requests.ephemeral-storage": "100Gi",
    })
    .describe("ResourceQuota of each builder namespace"),
  containerDefaults: z
    .strictObject({ limits: quantities.default({}), requests: quantities.default({}) })
    .default({
      limits: { cpu: "1", memory: "1Gi", "ephemeral-storage": "4Gi" },
      requests: { cpu: "10m", memory: "32Mi", "ephemeral-storage": "16Mi" },
    })
    .describe("LimitRange: what containers get that say nothing, such as Garden's init container"),
});

const ci = z.strictObject({
  group: z.string().min(1).optional().describe("group of the identities that may build; default pergola:ci:<stack>"),
  garden: z.boolean().default(false).describe("also what Garden's own builds need"),
});

const cluster = z.strictObject({
  context: z
    .string()
    .min(1)
    .optional()
    .describe(
      "context of the ambient kubeconfig; without `name`, another name of it replaces everything in the cluster",
    ),
  kubeconfigSecret: secretName
    .optional()
    .describe("secret that holds a kubeconfig, instead of a context; needs `name`, so that the secret may be renamed"),
  name: objectName
    .optional()
    .describe("lasting name of the cluster, the context by default; changing it replaces everything in the cluster"),
  server: z
    .string()
    .regex(/^https:\/\/[^/\s]+/, "is not an https URL")
    .optional()
    .describe("API server that the context has to lead to"),
  uid: z.string().min(1).optional().describe("uid of the namespace kube-system that the cluster has to have"),
  builderNodes: z
    .array(z.discriminatedUnion("kind", [existingNodes]))
    .min(1)
    .describe("nodes with label and taint garden-build=true; all of one architecture"),
  pullSecret: z
    .strictObject({ name: objectName.default("pergola-pull"), logins: z.array(login).default([]) })
    .prefault({}),
  guardrails: guardrails
    .prefault({})
    .describe("bounds of the builder namespaces that are made; namespaces that exist already get none of this"),
  ci: ci.prefault({}),
});

const namespaceEntry = z.union([
  namespaceName,
  z.strictObject({
    name: namespaceName,
    existing: z
      .boolean()
      .default(false)
      .describe(
        "used as it is and checked: never created, relabelled or guarded. Its service account garden-in-cluster-builder is " +
          "taken over where there is one, and stays when the stack is destroyed",
      ),
    team: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("whose namespace it is; carried into the setup, where it tells people. Nothing is decided by it"),
    images: z.union([z.literal("*"), z.array(z.string().min(1)).min(1)]).default("*"),
  }),
]);

const mode = z.strictObject({
  namespaces: z.array(namespaceEntry).min(1),
  image,
  platforms: z
    .array(z.enum(["linux/amd64", "linux/arm64"]))
    .min(1)
    .optional()
    .describe("default: what the builder nodes are"),
  resources: z.strictObject({ limits: quantities.default({}), requests: quantities.default({}) }).default({
    limits: { cpu: "4", memory: "8Gi", "ephemeral-storage": "20Gi" },
    requests: { cpu: "100m", memory: "512Mi", "ephemeral-storage": "2Gi" },
  }),
});

const builder = z.strictObject({
  default: z.enum(["cluster-buildkit", "kaniko", "local-docker"]),
  modes: z.strictObject({
    "cluster-buildkit": mode
      .extend({
        profile: z.enum(["rootful", "rootless"]).describe("how buildkitd runs"),
        allowHostNetwork: z
          .boolean()
          .default(false)
          .describe(
            "steps may ask for BuildKit's network host (--network host, RUN --network=host): that of the builder's pod with its " +
              "loopback, not the node's",
          ),
      })
      .optional(),
    kaniko: mode
      .extend({
        image: kanikoImage,
        extraFlags: z
          .array(z.string().min(1))
          .default([])
          .describe(
            "flags of the executor for every build, --flag=value or --flag and its value; those of an image win",
          ),
      })
      .optional(),
    "local-docker": z
      .strictObject({})
      .optional()
      .describe(
        "{} lets people build by the Docker of their own machine, with their own login; nothing is made for it",
      ),
  }),
});

const cacheRegistry = z.strictObject({
  kind: z.literal("dockerRegistry"),
  host,
  namespace: repositoryPrefix.default("").describe("path between host and image name"),
  insecure: z.boolean().default(false).describe("plain HTTP"),
});

const cache = z.array(
  z.strictObject({
    tag: z.string().regex(/^[\w][\w.-]{0,127}$/, "is not an image tag"),
    mode: z.enum(["min", "max", "inline", "auto"]).default("max").describe("auto: what suits the registry best"),
    export: z.boolean().default(true).describe("false: builds read it and leave it as it is"),
    registry: z
      .discriminatedUnion("kind", [cacheRegistry])
      .optional()
      .describe(
        "another registry than that of the images: the cache is in HOST/NAMESPACE/IMAGE. Its login is an entry of " +
          "cluster.pullSecret.logins",
      ),
  }),
);

/** The sections of a stack file by key, without `pergola:`. */
export const SECTIONS = {
  purpose: z.enum(["development", "test", "production"]).describe("what the cluster is for"),
  allowProduction: z.boolean().default(false).describe("has to be true for the purpose production"),
  registry: z.discriminatedUnion("kind", [inClusterRegistry]),
  access: z.discriminatedUnion("kind", [noAccess]),
  cluster,
  builder,
  cache: cache.default([{ tag: "_buildcache", mode: "max", export: true }]),
  /** Values are secret: nothing about them is ever printed. */
  secrets: z.record(secretName, z.string().min(1)).default({}),
} as const;

export const stackConfig = z.strictObject(SECTIONS);

export type StackConfig = z.infer<typeof stackConfig>;
export type SectionName = keyof typeof SECTIONS;
export type RegistryConfig = StackConfig["registry"];
export type InClusterRegistryConfig = z.infer<typeof inClusterRegistry>;
export type ClusterConfig = z.infer<typeof cluster>;
export type GuardrailsConfig = z.infer<typeof guardrails>;
export type ModeConfig = z.infer<typeof mode> & {
  profile?: "rootful" | "rootless";
  allowHostNetwork?: boolean;
  extraFlags?: string[];
};
export type InClusterMode = ClusterModeName;
export type NamespaceConfig = Exclude<z.infer<typeof namespaceEntry>, string>;

/** Values that are planned but not in this version: path of the discriminator (or object) -> values (or keys). */
export const NOT_IN_THIS_VERSION: Readonly<Record<string, readonly string[]>> = {
  "registry.kind": ["ecr", "artifactRegistry", "gcr", "dockerRegistry"],
  "access.kind": ["irsa", "podIdentity", "workloadIdentity", "serviceAccountKey"],
  "cache.registry.kind": ["ecr", "artifactRegistry", "gcr"],
  "cluster.builderNodes.kind": ["eks", "gke"],
  cluster: ["eks", "gke"],
};

/** Values that were there once: path -> value (or key) -> why it is not any more, and what to write instead. */
export const GONE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "builder.modes": {
    [GONE_MODE.name]: `${GONE_MODE.why}: write cluster-buildkit: { namespaces, profile, image } in its place`,
  },
  "builder.default": { [GONE_MODE.name]: `${GONE_MODE.why}: write default: cluster-buildkit` },
};

/** The namespaces of one mode in their long form. */
export function namespacesOf(mode: Pick<ModeConfig, "namespaces">): NamespaceConfig[] {
  return mode.namespaces.map((entry) =>
    typeof entry === "string" ? { name: entry, existing: false, team: null, images: "*" } : entry,
  );
}

/** The modes for which a stack file provisions something in the cluster, in the order of the schema. */
export function modesOf(config: Pick<StackConfig, "builder">): [InClusterMode, ModeConfig][] {
  const { modes } = config.builder;
  return (["cluster-buildkit", "kaniko"] as const).flatMap((name) => {
    const found = modes[name];
    return found === undefined ? [] : [[name, found] as [InClusterMode, ModeConfig]];
  });
}

/** The sections that could be parsed: rules say what they can of a file that is partly wrong. */
export type ParsedSections = { readonly [Section in keyof StackConfig]?: StackConfig[Section] };
