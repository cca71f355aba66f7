/**
 * What a stack file may say: five keys (`registry`, `access`, `cluster`, `builder`, `cache`), plus `purpose`,
 * `allowProduction` and `secrets`, all under `pergola:`. Every object is strict. Each key has its file in sections/; rules that
 * span fields are in rules/; stacks/schema.json is generated from here.
 */
import { z } from "zod";
import { secretName } from "./configValues.ts";
import { access } from "./sections/access.ts";
import { builder, type mode, type namespaceEntry } from "./sections/builder.ts";
import { cache } from "./sections/cache.ts";
import { cluster, type guardrails } from "./sections/cluster.ts";
import { type inClusterRegistry, registry } from "./sections/registry.ts";
import type { ClusterModeName } from "./setup.ts";
import { GONE_MODE } from "./setupNames.ts";

/** The sections of a stack file by key, without `pergola:`. */
export const SECTIONS = {
  purpose: z.enum(["development", "test", "production"]).describe("what the cluster is for"),
  allowProduction: z.boolean().default(false).describe("has to be true for the purpose production"),
  registry,
  access,
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

/** Why the worker nodes' role gets no push rights, as the guides have it that this kit comes from. */
const NODE_PUSH =
  "is not offered: every pod of a node can act as the node's role where the metadata service answers pods, so every pod could push; " +
  "where it does not (hop limit 1), builders could not. Builders have a role of their own (kind: irsa or podIdentity), nodes only pull";

/** Why nobody gets rights on the buckets of Container Registry, as the same guides have it. */
const BUCKETS =
  "is not offered: Container Registry was shut down in 2025, and rights on its buckets (artifacts.PROJECT.appspot.com) reach no image " +
  "any more, as gcr.io is Artifact Registry now. Write kind: gcr with project and host in pergola:registry, and kind: workloadIdentity in " +
  "pergola:access: its service account may write to that repository";

const BUCKET_RIGHTS = {
  bucket: BUCKETS,
  gcrAccess: BUCKETS,
  legacyBucketReader: BUCKETS,
  legacyBucketWriter: BUCKETS,
} as const;

const CONTAINER_REGISTRY =
  "is not offered: it was shut down in 2025, and gcr.io is Artifact Registry now: write kind: gcr with project and host";

const CONTAINER_REGISTRY_CACHES =
  "is not offered: it was shut down in 2025; write kind: artifactRegistry with a repository for caches";

/** A registry that is there, by the name of its product where its kind belongs. */
const given = (host: string) => `is no kind of its own: write kind: dockerRegistry with host: ${host}`;

const PRODUCTS = {
  docker: given("HOST"),
  dockerHub: given("docker.io"),
  dockerhub: given("docker.io"),
  ghcr: given("ghcr.io"),
  gitlab: given("registry.gitlab.com, or one of your own and product: gitlab"),
  quay: given("quay.io, or one of your own and product: quay"),
  harbor: given("HOST and product: harbor"),
  acr: given("NAME.azurecr.io"),
} as const;

/** Values that are not offered, some of which were there once: path -> value (or key) -> why, and what to write instead. */
export const GONE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "builder.modes": {
    [GONE_MODE.name]: `${GONE_MODE.why}: write cluster-buildkit: { namespaces, profile, image } in its place`,
  },
  access: { workerRole: NODE_PUSH, nodeRole: NODE_PUSH, nodePush: NODE_PUSH, ...BUCKET_RIGHTS },
  "access.kind": { workerRole: NODE_PUSH, nodeRole: NODE_PUSH, nodePush: NODE_PUSH, ...BUCKET_RIGHTS },
  registry: BUCKET_RIGHTS,
  "registry.kind": { ...BUCKET_RIGHTS, ...PRODUCTS, containerRegistry: CONTAINER_REGISTRY },
  "registry.product": { github: "is called ghcr here" },
  "cluster.builderNodes": { push: NODE_PUSH, nodePush: NODE_PUSH },
  "cache.registry.kind": {
    ...PRODUCTS,
    gcr: "is not offered: each host of gcr.io is one repository of a project; write kind: artifactRegistry with a repository for caches",
    containerRegistry: CONTAINER_REGISTRY_CACHES,
  },
  "builder.default": { [GONE_MODE.name]: `${GONE_MODE.why}: write default: cluster-buildkit` },
};

/**
 * The name that a key or value goes by in {@link GONE}: a role of a bucket without its service, and the buckets of Container
 * Registry by what they are.
 */
export function goneName(found: string): string {
  if (/^(?:gs:\/\/)?(?:[a-z]+\.)?artifacts\..+\.appspot\.com$/i.test(found)) return "bucket";
  return found.replace(/^(?:roles\/)?storage\./, "");
}

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

/** The entries of the builder namespaces of all modes, and where each stands in the file. */
export function builderNamespaces(config: Pick<StackConfig, "builder">): {
  readonly namespace: NamespaceConfig;
  readonly path: readonly (string | number)[];
}[] {
  return modesOf(config).flatMap(([mode, entry]) =>
    namespacesOf(entry).map((namespace, index) => ({
      namespace,
      path: ["builder", "modes", mode, "namespaces", index],
    })),
  );
}

/** The sections that could be parsed: rules say what they can of a file that is partly wrong. */
export type ParsedSections = { readonly [Section in keyof StackConfig]?: StackConfig[Section] };
