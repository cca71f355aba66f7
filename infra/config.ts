/**
 * What a stack file may say: five keys (`registry`, `access`, `cluster`, `builder`, `cache`), plus `purpose`,
 * `allowProduction` and `secrets`, all under `pergola:`. Every object is strict. Each key has its file in sections/; rules that
 * span fields are in configRules.ts; stacks/schema.json is generated from here.
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

/** Values that are not offered, some of which were there once: path -> value (or key) -> why, and what to write instead. */
export const GONE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "builder.modes": {
    [GONE_MODE.name]: `${GONE_MODE.why}: write cluster-buildkit: { namespaces, profile, image } in its place`,
  },
  access: { workerRole: NODE_PUSH, nodeRole: NODE_PUSH, nodePush: NODE_PUSH },
  "access.kind": { workerRole: NODE_PUSH, nodeRole: NODE_PUSH, nodePush: NODE_PUSH },
  "cluster.builderNodes": { push: NODE_PUSH, nodePush: NODE_PUSH },
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
