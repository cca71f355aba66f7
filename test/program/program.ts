/** Runs the Pulumi program of this repository as the language host does, against the fake engine of monitor.ts. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { FakeEngine, type LiveObjects, type Properties, type Read, type Registration } from "./monitor.ts";

export const repositoryRoot: string = resolve(import.meta.dirname, "..", "..");

/** Content of a stack file: full key -> value. */
export type StackFileConfig = Record<string, unknown>;

/** The `config` of `stacks/Pulumi.<stack>.yaml`; a new object each time. */
export function readStackFile(stack: string): StackFileConfig {
  const text = readFileSync(join(repositoryRoot, "stacks", `Pulumi.${stack}.yaml`), "utf8");
  return (parse(text) as { config: StackFileConfig }).config;
}

export interface ProgramOptions {
  readonly stack?: string;
  readonly config: StackFileConfig;
  /** decrypted secrets, as `pergola:secrets` */
  readonly secrets?: Record<string, string>;
  /** full keys that hold something encrypted beside the secrets */
  readonly encrypted?: readonly string[];
  /** objects of the live cluster; kube-system by default */
  readonly live?: LiveObjects;
  readonly preview?: boolean;
  /** more environment of the program */
  readonly environment?: Readonly<Record<string, string>>;
  /** folder of another program than this repository's */
  readonly folder?: string;
  /** false: `loaded` stays empty, and nothing is slowed down by watching */
  readonly watched?: boolean;
  /** the context of the kubeconfig that leads to the fake engine; by default the one that the stack file names */
  readonly context?: string;
  /**
   * URL of the server that the context of the stack file leads to, by default the port of the fake engine, which accepts
   * connections; null for no kubeconfig at all
   */
  readonly server?: string | null;
}

export interface ProgramRun {
  readonly exitCode: number | null;
  readonly registrations: readonly Registration[];
  readonly reads: readonly Read[];
  /** URN -> what its provider answered */
  readonly answers: ReadonlyMap<string, Properties>;
  readonly messages: readonly { severity: string; text: string }[];
  /** how many messages there were that only `pulumi --debug` shows */
  readonly debugMessages: number;
  readonly outputs: Properties;
  readonly stdout: string;
  readonly stderr: string;
  /** files that Node loaded for the program, relative to node_modules */
  readonly loaded: readonly string[];
  /** from the start of the process to its end */
  readonly milliseconds: number;
}

/** uid of kube-system in the cluster that the tests pretend to have. */
export const CLUSTER_UID = "11111111-2222-3333-4444-555555555555";

export const KUBE_SYSTEM: LiveObjects = {
  "kubernetes:core/v1:Namespace::kube-system": { metadata: { name: "kube-system", uid: CLUSTER_UID } },
};

/** The stack file's values as the engine hands them to a program: texts, and JSON for what is no scalar. */
function configurationValues(config: StackFileConfig): Record<string, string> {
  const text = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, text(value)]));
}

/** @param context beside `elsewhere`, which is the current one */
function kubeconfig(server: string, context: string): string {
  return JSON.stringify({
    "current-context": "elsewhere",
    contexts: [
      { name: "elsewhere", context: { cluster: "elsewhere" } },
      { name: context, context: { cluster: context } },
    ],
    clusters: [
      { name: "elsewhere", cluster: { server: "https://elsewhere.example:6443" } },
      { name: context, cluster: { server } },
    ],
  });
}

function contextOf(config: StackFileConfig): string {
  return (config["pergola:cluster"] as { context?: string } | undefined)?.context ?? "pergola-local";
}

/** One run of the program. Nothing of this machine's kubeconfig is seen. */
export async function runProgram(options: ProgramOptions): Promise<ProgramRun> {
  const stack = options.stack ?? "local";
  const engine = new FakeEngine(stack, options.live ?? KUBE_SYSTEM);
  const home = mkdtempSync(join(tmpdir(), "pergola-program-"));
  try {
    const address = await engine.start();
    const file = join(home, "kubeconfig");
    if (options.server !== null)
      writeFileSync(
        file,
        kubeconfig(options.server ?? `https://${address}`, options.context ?? contextOf(options.config)),
      );
    const values = configurationValues(options.config);
    if (options.secrets) values["pergola:secrets"] = JSON.stringify(options.secrets);
    const run = createRequire(join(repositoryRoot, "package.json")).resolve("@pulumi/pulumi/cmd/run/index.js");
    const loaded = join(home, "loaded");
    const folder = options.folder ?? repositoryRoot;
    const watched = options.watched ?? true;
    const argv = [...(watched ? ["--import", join(import.meta.dirname, "loaded.mjs")] : []), run];
    argv.push("--monitor", address, "--engine", address, "--project", "pergola", "--stack", stack);
    argv.push("--organization", "organization", "--pwd", folder, "--root-directory", folder);
    argv.push("--parallel", "16", ...(options.preview ? ["--dry-run"] : []), ".");
    const child = spawn(process.execPath, argv, {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        KUBECONFIG: file,
        PULUMI_CONFIG: JSON.stringify(values),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify([
          ...(options.secrets ? ["pergola:secrets"] : []),
          ...(options.encrypted ?? []),
        ]),
        PULUMI_NODEJS_TYPESCRIPT: "false",
        PULUMI_ERROR_OUTPUT_STRING: "true",
        PERGOLA_TEST_LOADED: loaded,
        ...options.environment,
      },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const began = performance.now();
    const exitCode = await new Promise<number | null>((done, failed) => {
      child.once("error", failed);
      child.once("close", done);
    });
    const milliseconds = performance.now() - began;
    const { registrations, reads, answers, messages, debugMessages, outputs } = engine;
    const files = watched ? readFileSync(loaded, "utf8").split("\n").filter(Boolean) : [];
    return {
      ...{ exitCode, registrations, reads, answers, messages, debugMessages, outputs, stdout, stderr },
      ...{ loaded: files, milliseconds },
    };
  } finally {
    engine.stop();
    rmSync(home, { recursive: true, force: true });
  }
}
