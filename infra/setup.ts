/**
 * The BuildSetup: what an environment promises its builders. It is the stack output `setup`
 * and the ConfigMap `pergola-setup` (key `setup.json`) in every builder namespace, and, with
 * setupNames.ts, all that `infra/` and `builders/` share. It never holds a secret: credentials are
 * named (pull secrets, credential helpers), not carried.
 */
import { z } from "zod";
import { SETUP_VERSION } from "./setupNames.ts";

export * from "./setupNames.ts";

export const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Equal", "Exists"]).default("Equal"),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
});

/** Kubernetes quantities (`cpu: "4"`, `memory: 8Gi`, `ephemeral-storage: 2Gi`) by resource name. */
export const quantities = z.record(z.string(), z.string());
export const resources = z.strictObject({ limits: quantities.default({}), requests: quantities.default({}) });

export const modeName = z.enum(["cluster-buildkit", "kaniko", "local-docker"]);

const builderNamespace = z.strictObject({
  name: z.string(),
  team: z.string().nullable().default(null),
  serviceAccount: z.string(),
  /** Exactly the annotations of the service account; Garden rewrites the account when they differ. */
  annotations: z.record(z.string(), z.string()).default({}),
  /** Names of the images that may be built here; "*" is all of them. */
  images: z.union([z.literal("*"), z.array(z.string())]).default("*"),
});

const builderMode = z.strictObject({
  namespaces: z.array(builderNamespace),
  /** Namespaces made after `up` that may build, too: `*` is any characters (also none), `?` is one. */
  namespacePatterns: z.array(z.string()).default([]),
  /** BuildKit only: how buildkitd runs. */
  profile: z.enum(["rootful", "rootless"]).optional(),
  /** BuildKit only: whether steps may ask for network host, that of the builder's pod */
  allowHostNetwork: z.boolean().optional(),
  image: z.string(),
  /** kaniko only: flags of its executor for every build; an image's own win */
  extraFlags: z.array(z.string()).optional(),
  podSecurity: z.enum(["privileged", "baseline", "restricted"]),
  tolerations: z.array(toleration).default([]),
  nodeSelector: z.record(z.string(), z.string()).default({}),
  platforms: z.array(z.string()).default(["linux/amd64"]),
  resources: resources.default({ limits: {}, requests: {} }),
  priorityClassName: z.string().nullable().default(null),
});

/** Builds by Docker where whoever builds is: that it may be used is all there is to say. The cluster has no part in it. */
const localMode = z.strictObject({});

/** An object that a fresh namespace gets, as it is applied but for its namespace. */
const freshObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.enum(["ServiceAccount", "NetworkPolicy", "Role", "RoleBinding"]),
  metadata: z.strictObject({ name: z.string(), annotations: z.record(z.string(), z.string()).optional() }),
});

const freshNamespaces = z.strictObject({
  /** namespaces that no pattern matches, as none matches kube-* */
  reserved: z.array(z.string()),
  /** builder namespace whose pull secret is copied, and whose ConfigMap `pergola-setup` is the one that counts */
  source: z.string(),
  /** in the order in which they are applied */
  objects: z.array(freshObject),
});

export const buildSetup = z.strictObject({
  version: z.literal(SETUP_VERSION),
  environment: z.string(),
  purpose: z.enum(["development", "test", "production"]),
  registry: z.strictObject({
    kind: z.string(),
    /** host or host:port, as it stands in image references */
    host: z.string(),
    /** path between host and image name; "" for none */
    namespace: z.string().default(""),
    /** plain http */
    insecure: z.boolean().default(false),
    /** certificates (PEM) that vouch for those of the registry, its mirrors and registries of caches, where not every system does */
    caBundle: z.string().optional(),
    /** registry host -> mirrors (host[:port]) asked instead of it, e.g. docker.io -> 172.30.0.11:30500 */
    mirrors: z.record(z.string(), z.array(z.string())).default({}),
    /** those of the mirrors that are reached by plain http */
    insecureMirrors: z.array(z.string()).optional(),
    createsRepositoriesOnPush: z.boolean().default(false),
    /**
     * where no tag of any image ever moves: caches are in `host/namespace/image name` instead. For those that no entry of `cache` is
     * of; entries without another registry say the same place themselves (why both: buildSetup.ts)
     */
    caches: z.strictObject({ host: z.string(), namespace: z.string() }).optional(),
  }),
  /** Provisioned repositories. May be empty where the registry creates repositories on push. */
  images: z.array(
    z.strictObject({
      name: z.string(),
      repository: z.string(),
      cacheRepository: z.string().nullable(),
      tagMutability: z
        .enum(["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"])
        .default("MUTABLE"),
    }),
  ),
  builders: z.strictObject({
    default: modeName,
    modes: z.strictObject({
      "cluster-buildkit": builderMode.optional(),
      kaniko: builderMode.optional(),
      "local-docker": localMode.optional(),
    }),
  }),
  /** What the first build makes in a namespace that only a pattern admits; null where there are no patterns. */
  freshNamespaces: freshNamespaces.nullable().default(null),
  /** Secrets of type kubernetes.io/dockerconfigjson that the builders of `namespace` mount; `hosts` that are no secret themselves. */
  pullSecrets: z.array(z.strictObject({ namespace: z.string(), name: z.string(), hosts: z.array(z.string()) })),
  /** registry host -> docker credential helper (without the docker-credential- prefix) */
  credHelpers: z.record(z.string(), z.string()).default({}),
  cache: z.array(
    z.strictObject({
      tag: z.string(),
      /** auto: what suits the registry best */
      mode: z.enum(["min", "max", "inline", "auto"]).default("max"),
      export: z.boolean().default(true),
      /** another registry than that of the images: the cache is in `host/namespace/image name` */
      registry: z
        .strictObject({
          kind: z.string(),
          host: z.string(),
          namespace: z.string().default(""),
          insecure: z.boolean().default(false),
        })
        .optional(),
    }),
  ),
  cluster: z.strictObject({
    /** kubeconfig context; null is the current one */
    context: z.string().nullable(),
    /** uid of the namespace kube-system; null where preview did not know it. Compared before anything is built. */
    uid: z.string().nullable(),
  }),
});

export type BuildSetup = z.infer<typeof buildSetup>;
export type BuilderMode = z.infer<typeof builderMode>;
export type BuilderNamespace = z.infer<typeof builderNamespace>;
export type ModeName = z.infer<typeof modeName>;
/** Modes that build in the cluster. */
export type ClusterModeName = Exclude<ModeName, "local-docker">;
export type Toleration = z.infer<typeof toleration>;
export type Resources = z.infer<typeof resources>;
