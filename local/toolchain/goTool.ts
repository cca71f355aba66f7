/** What is said of the programs that are built from Go modules. */

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
  | "karpenter-crds"
  | "docker-credential-gcr";

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
