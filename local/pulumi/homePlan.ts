import { delimiter, join } from "node:path";

/** Which of Pulumi's own programs are used, and for which ours stand in. */
export interface PulumiParts {
  readonly "pulumi-nodejs": "own" | "official";
  readonly kubernetes: "own" | "official";
}

/** What a home is made from; all paths are absolute. */
export interface HomeInputs {
  /** The state folder of the embedded environment. */
  readonly state: string;
  /** Version of the CLI: that of the npm package `pulumi` and of `@pulumi/pulumi`. */
  readonly pulumiVersion: string;
  /** Version of `@pulumi/kubernetes`. */
  readonly kubernetesVersion: string;
  /** The engine that we built, when there is no official one. */
  readonly engine: string;
  /** The official CLI's bin folder with a language host in it, when there is one of this version. */
  readonly officialBin?: { readonly folder: string; readonly programs: readonly string[] };
  /** The official Kubernetes plugin's folder, when there is one of this version. */
  readonly officialKubernetes?: string;
  /** The Node that runs our parts, and the folder that they lie in. */
  readonly node: string;
  readonly parts: string;
  /** PATH of the caller. */
  readonly path: string;
}

/** One thing to put into the home: a copy (hard link where possible), a symbolic link, or an executable text. */
export type HomeEntry =
  | { readonly kind: "copy"; readonly path: string; readonly from: string }
  | { readonly kind: "link"; readonly path: string; readonly to: string }
  | { readonly kind: "script"; readonly path: string; readonly text: string };

/** A Pulumi home as data: what it contains, and the environment that makes `pulumi` use it. */
export interface HomePlan {
  readonly folders: readonly string[];
  readonly entries: readonly HomeEntry[];
  readonly passphrase: string;
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly parts: PulumiParts;
}

/**
 * Lays out a Pulumi home below the state folder.
 *
 * The npm launcher `pulumi` runs `PULUMI_HOME/versions/<version>/bin/pulumi` when it is there and downloads it
 * otherwise, so the engine goes there. The engine looks for language hosts beside its own executable, and for plugins in
 * `PULUMI_HOME/plugins/resource-<name>-v<version>/` (sdk/go/common/workspace/plugins.go).
 */
export function planHome(inputs: HomeInputs): HomePlan {
  const root = join(inputs.state, "pulumi");
  const home = join(root, "home");
  const bin = join(home, "versions", inputs.pulumiVersion, "bin");
  const kubernetes = join(home, "plugins", `resource-kubernetes-v${inputs.kubernetesVersion}`);
  const backend = join(root, "backend");
  const passphrase = join(root, "passphrase");
  const command = join(bin, "pulumi");

  const engine: HomeEntry[] = inputs.officialBin
    ? inputs.officialBin.programs.map((name) => ({
        kind: "link",
        path: join(bin, name),
        to: join(inputs.officialBin!.folder, name),
      }))
    : [
        // Not a symbolic link: the engine resolves those, and would look for the language host beside the target.
        { kind: "copy", path: command, from: inputs.engine },
        script(join(bin, "pulumi-language-nodejs"), inputs, "languageHost.ts"),
      ];
  const provider: HomeEntry = inputs.officialKubernetes
    ? { kind: "link", path: kubernetes, to: inputs.officialKubernetes }
    : script(join(kubernetes, "pulumi-resource-kubernetes"), inputs, "kubernetes/main.ts");

  return {
    folders: [home, bin, join(home, "plugins"), backend, ...(inputs.officialKubernetes ? [] : [kubernetes])],
    entries: [...engine, provider],
    passphrase,
    command,
    environment: {
      ...quiet,
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
      PATH: [bin, ...inputs.path.split(delimiter).filter((folder) => folder !== "" && folder !== bin)].join(delimiter),
    },
    parts: {
      "pulumi-nodejs": inputs.officialBin ? "official" : "own",
      kubernetes: inputs.officialKubernetes ? "official" : "own",
    },
  };
}

/** Nothing asks the network, nothing asks the user, and no plugin of a stranger on PATH is preferred to the pinned one. */
const quiet = {
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "true",
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
  PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
  PULUMI_DISABLE_CI_DETECTION: "true",
  PULUMI_CREDENTIAL_STORE: "plaintext",
  PULUMI_SKIP_CONFIRMATIONS: "true",
  PULUMI_NEO: "false",
} as const;

function script(path: string, { node, parts }: HomeInputs, program: string): HomeEntry {
  const words = [node, "--no-warnings", join(parts, program)].map(shellQuote).join(" ");
  return { kind: "script", path, text: `#!/bin/sh\nexec ${words} "$@"\n` };
}

function shellQuote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
