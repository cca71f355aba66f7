// Runs the real Pulumi engine for tests: each stack has a Pulumi home, a backend, a passphrase and a stack file of its own
// in a temporary folder, so that tests neither meet each other nor the user's state.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import type { PreparedPulumi } from "../../local/pulumi/home.ts";
import { preparePulumi } from "../../local/pulumi/home.ts";

/** An event of the engine's log (https://www.pulumi.com/docs/iac/automation-api/concepts-terminology/#engine-events); the members that tests look at. */
export interface EngineEvent {
  resourcePreEvent?: { metadata: StepMetadata; planning?: boolean };
  resOutputsEvent?: { metadata: StepMetadata; planning?: boolean };
  diagnosticEvent?: { severity: string; message: string; urn?: string; ephemeral?: boolean };
  policyEvent?: { message: string; policyName: string; enforcementLevel: string };
  summaryEvent?: { resourceChanges: Record<string, number>; maybeCorrupt: boolean };
}

interface StepMetadata {
  op: string;
  urn: string;
  type: string;
  diffs?: string[];
  detailedDiff?: Record<string, { diffKind: string; inputDiff: boolean }>;
  new?: { inputs?: Record<string, unknown>; outputs?: Record<string, unknown> };
}

/** What one command of the CLI did. */
export interface EngineResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** All but the debug messages. */
  readonly events: readonly EngineEvent[];
  /** The debug messages of the event log: what Pulumi's SDK says before it has loaded the program. */
  readonly debugMessages: readonly string[];
  /** Steps as `operation name`, in the order in which they ended, without the stack, providers and steps that change nothing. */
  readonly steps: readonly string[];
  /** Warnings and errors as the engine passed them on, without colours. */
  readonly diagnostics: readonly string[];
  /** Everything that the command showed: for messages. */
  readonly shown: string;
}

/** A resource as the exported state has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly initErrors?: readonly string[];
}

/** How to make a stack. */
export interface StackOptions {
  /** Absolute path of the folder with the Pulumi.yaml. */
  readonly program: string;
  readonly stack?: string;
  /** Text of the stack file to begin with; it is copied, the original stays as it is. */
  readonly config?: string;
  /** More environment for the engine and all that it starts. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Commands that take part in a stack's life. */
export type Operation = "up" | "preview" | "refresh" | "destroy" | "import";

/** What an operation may be given. */
export interface OperationOptions {
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Sends SIGINT to the CLI when it is aborted. */
  readonly interrupt?: AbortSignal;
}

/** A stack with an engine of its own. `await using` removes its folder; its objects are the test's to destroy. */
export class EngineStack implements AsyncDisposable {
  readonly folder: string;
  readonly name: string;
  readonly prepared: PreparedPulumi;
  /** The program as the engine sees it: links to its files, with a stack file of the test's. */
  readonly project: string;
  /** For temporary files of everything that a command starts: what is left of them is among {@link allFiles}. */
  readonly #temporary: string;
  readonly #options: StackOptions;

  private constructor(folder: string, prepared: PreparedPulumi, options: StackOptions) {
    this.folder = folder;
    this.prepared = prepared;
    this.#options = options;
    this.name = options.stack ?? "test";
    this.project = join(folder, "project");
    this.#temporary = join(folder, "tmp");
  }

  /** Prepares home, backend and stack file, and creates the stack. */
  static async create(options: StackOptions): Promise<EngineStack> {
    const folder = await mkdtemp(join(tmpdir(), "pergola-engine-"));
    const prepared = await preparePulumi({ toolchain: { path: enginePath }, state: folder });
    const stack = new EngineStack(folder, prepared, options);
    await mkdir(stack.#temporary);
    await linkProgram(options.program, stack.project);
    if (options.config !== undefined) await stack.writeConfig(options.config);
    await stack.run(["stack", "init", stack.name]);
    return stack;
  }

  /** Runs an operation of the stack without asking, and collects the engine's events. */
  async operate(operation: Operation, more: OperationOptions = {}): Promise<EngineResult> {
    const log = join(this.folder, `events-${randomBytes(4).toString("hex")}.jsonl`);
    const own = operation === "preview" ? ["preview", "--diff"] : [operation, "--yes", "--skip-preview"];
    const flags = ["--stack", this.name, "--event-log", log, "--color", "never", "--non-interactive"];
    const [command, ...rest] = own as [string, ...string[]];
    const outcome = await this.#cli(
      [command, ...rest, ...flags, ...(more.flags ?? [])],
      more.environment,
      more.interrupt,
    );
    const { events, debugMessages } = parseEvents(existsSync(log) ? await readFile(log, "utf8") : "");
    // The SDK's debug messages would be in it, with secrets in clear, if the program sent any: not to be kept on disk.
    await rm(log, { force: true });
    return {
      ...outcome,
      events,
      debugMessages,
      steps: stepsOf(events),
      diagnostics: diagnosticsOf(events),
      shown: `${outcome.stdout}\n${outcome.stderr}`,
    };
  }

  /** Writes the stack file; what the engine keeps in it (the salt of the passphrase) has to be in the text. */
  async writeConfig(text: string): Promise<void> {
    await writeFile(await this.configFile(), text);
  }

  /** Path of the stack file, where the program's Pulumi.yaml wants it. */
  async configFile(): Promise<string> {
    const { stackConfigDir = "" } = parse(await readFile(join(this.project, "Pulumi.yaml"), "utf8")) as {
      stackConfigDir?: string;
    };
    return join(this.project, stackConfigDir, `Pulumi.${this.name}.yaml`);
  }

  /** Runs any command of the CLI in the program's folder. @throws Error with what it printed, when it fails */
  async run(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#cli([...args, "--non-interactive"]);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} exited with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** The state as `pulumi stack export` gives it: secrets are ciphertext. */
  async exportState(): Promise<{ resources: readonly StateResource[]; text: string }> {
    const text = await this.run(["stack", "export", "--stack", this.name]);
    const { deployment } = JSON.parse(text) as { deployment: { resources?: StateResource[] } };
    return { resources: deployment.resources ?? [], text };
  }

  /** The state of a resource by its name in the program. */
  async resource(name: string): Promise<StateResource | undefined> {
    return (await this.exportState()).resources.find(({ urn }) => urn.endsWith(`::${name}`));
  }

  /** Every file below the stack's folder with its content: state, backups, history, workspace, stack file, temporary files. */
  async allFiles(): Promise<{ path: string; content: Buffer }[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !["pulumi", "passphrase"].includes(entry.name));
    return Promise.all(
      files.map(async (entry) => ({
        path: join(entry.parentPath, entry.name),
        content: await readFile(join(entry.parentPath, entry.name)),
      })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #cli(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    interrupt?: AbortSignal,
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = spawn(this.prepared.command, [...args], {
      cwd: this.project,
      env: {
        // Makes --event-log available.
        PULUMI_DEBUG_COMMANDS: "true",
        ...withoutUsersPulumi(process.env),
        ...this.prepared.environment,
        ...sharedCompileCache,
        TMPDIR: this.#temporary,
        ...this.#options.environment,
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    // As Ctrl-C in a terminal, but to the CLI alone: what it started is the CLI's to end.
    interrupt?.addEventListener("abort", () => child.kill("SIGINT"), { once: true });
    const texts = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8");
      child[stream].on("data", (text: string) => {
        texts[stream] += text;
      });
    }
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? -1, ...texts }));
    });
  }
}

/**
 * Makes a project of links to a program's files and to the repository's node_modules. Pulumi.yaml is copied and the folder
 * of stack files is a fresh one, so that the engine writes nothing into the program.
 */
async function linkProgram(program: string, project: string): Promise<void> {
  const text = await readFile(join(program, "Pulumi.yaml"), "utf8");
  const { stackConfigDir } = parse(text) as { stackConfigDir?: string };
  await mkdir(join(project, stackConfigDir ?? ""), { recursive: true });
  await writeFile(join(project, "Pulumi.yaml"), text);
  const own = new Set(["Pulumi.yaml", stackConfigDir, ".git", "node_modules"]);
  const entries = (await readdir(program)).filter((name) => !own.has(name) && !/^Pulumi\..+\.yaml$/.test(name));
  await Promise.all(entries.map((name) => symlink(join(program, name), join(project, name))));
  await symlink(join(import.meta.dirname, "../../node_modules"), join(project, "node_modules"));
}

/** Where the engine is: what the caller of the tests says, which is how `npm test` hands over the toolchain. */
function enginePath(): string {
  const path = process.env.PERGOLA_TEST_PULUMI;
  if (!path) throw new Error("PERGOLA_TEST_PULUMI does not name the Pulumi CLI; run the engine tier by npm test");
  return path;
}

/** Compiled code may be shared: only the first test pays for it. */
const sharedCompileCache = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, "../../node_modules/.cache/pergola-engine-tests"),
};

function withoutUsersPulumi(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith("PULUMI_") && name !== "KUBECONFIG"),
  );
}

function parseEvents(text: string): Pick<EngineResult, "events" | "debugMessages"> {
  const all = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as EngineEvent);
  const isDebug = ({ diagnosticEvent }: EngineEvent) => diagnosticEvent?.severity === "debug";
  return {
    events: all.filter((event) => !isDebug(event)),
    debugMessages: all.filter(isDebug).map(({ diagnosticEvent }) => diagnosticEvent!.message),
  };
}

function stepsOf(events: readonly EngineEvent[]): string[] {
  return events.flatMap(({ resOutputsEvent }) => {
    if (resOutputsEvent === undefined) return [];
    const { op, urn, type } = resOutputsEvent.metadata;
    const quiet =
      op === "same" || op === "read-discard" || type === "pulumi:pulumi:Stack" || type.startsWith("pulumi:providers:");
    return quiet ? [] : [`${op} ${urn.split("::").pop()}`];
  });
}

function diagnosticsOf(events: readonly EngineEvent[]): string[] {
  return events.flatMap(({ diagnosticEvent }) => {
    if (diagnosticEvent === undefined || diagnosticEvent.ephemeral || diagnosticEvent.severity.startsWith("info"))
      return [];
    return [diagnosticEvent.message.replaceAll(/<\{%.*?%\}>/g, "").trim()];
  });
}
