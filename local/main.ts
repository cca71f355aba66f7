/** The commands of the clone, under Node 24. Each loads only what it needs. */
import { Command, CommanderError } from "commander";
import { describeError, LocalError } from "./errors.ts";

const NEEDED_NODE = 24;

/** Exit code of a command that was called in a way that makes no sense. */
const USAGE = 2;

interface Arguments {
  readonly args: readonly string[];
}

/** Sets the exit code to what a command resolved with. */
function leaveWith(code: number): void {
  process.exitCode = code;
}

function createProgram(): Command {
  const program = new Command("npm run local --")
    .description("The embedded environment: a real small Kubernetes, made from pinned parts, on this machine.")
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError("(add --help to see how it is called)")
    .addHelpText("after", EXAMPLES);
  addLifecycle(program);
  addTools(program);
  return program;
}

const EXAMPLES = `
Shortcuts: npm start, npm stop, npm test, npm run check, npm run pulumi -- ..., npm run pergola -- ...

Examples:
  npm start                          from nothing to images built in a cluster
  npm start -- --plan                what that would install, build and do
  npm run pergola -- build --help    the runner, on the embedded environment
  eval "$(npm run --silent local -- env)"   the same environment for your own shell
`;

function addLifecycle(program: Command): void {
  program
    .command("start")
    .description("bring the environment up, provision the stack `local`, build and run the examples")
    .option("--output <format>", "text (summary on stderr) or json (summary on stdout)", oneOf("text", "json"), "text")
    .option("--plan", "list every tool and what would be done, and do nothing")
    .option("--verbose", "keep every note of every phase")
    .addHelpText(
      "after",
      "\nExamples:\n  npm start\n  npm start --silent -- --output json > summary.json\n  npm start -- --plan",
    )
    .action(async (options: { output: "text" | "json"; plan?: true; verbose?: true }) => {
      const { showPlan, start } = await import("./start.ts");
      if (options.plan) await showPlan();
      else await start({ output: options.output, verbose: options.verbose ?? false });
    });
  program
    .command("stop")
    .description("remove every process, mount, namespace, cgroup and file of the environment, and check")
    .option("--keep-caches", "keep the toolchain and the images, so that the next start is quick")
    .option("--output <format>", "text or json", oneOf("text", "json"), "text")
    .addHelpText("after", "\nExamples:\n  npm stop\n  npm stop -- --keep-caches")
    .action(async (options: { output: "text" | "json"; keepCaches?: true }) => {
      const { stop } = await import("./stop.ts");
      await stop({ keepCaches: options.keepCaches ?? false, output: options.output });
    });
  program
    .command("status")
    .description("what of the environment runs")
    .option("--output <format>", "text or json", oneOf("text", "json"), "text")
    .addHelpText("after", "\nExamples:\n  npm run local -- status\n  npm run --silent local -- status --output json")
    .action(async (options: { output: "text" | "json" }) => {
      const { showStatus } = await import("./status.ts");
      leaveWith(await showStatus(options.output));
    });
  passingThrough(program, "test", "[tiers and vitest arguments...]")
    .description("run the tests: unit, program and garden always, engine and cluster when the toolchain is there")
    .addHelpText("after", "\nExamples:\n  npm test\n  npm test -- unit\n  npm test -- cluster -t 'second build'")
    .action(async (args: string[]) => {
      const { test } = await import("./test.ts");
      leaveWith(await test(args));
    });
}

function addTools(program: Command): void {
  passingThrough(program, "bench", "[arguments...]")
    .description("measure the runner against the tools that it drives")
    .addHelpText("after", "\nExample:\n  npm run bench -- buildkit --only bytes")
    .action(async (args: string[]) => leaveWith(await (await import("./bench.ts")).bench(args)));
  passingThrough(program, "pulumi", "[arguments...]")
    .description("the pulumi command with the environment's engine, backend and cluster")
    .addHelpText("after", "\nExamples:\n  npm run pulumi -- stack ls\n  npm run pulumi -- preview --stack local")
    .action(async (args: string[]) => leaveWith(await (await import("./tools.ts")).runPulumi(args)));
  passingThrough(program, "pergola", "[arguments...]")
    .description("the runner, on the embedded environment unless KUBECONFIG says otherwise")
    .addHelpText("after", "\nExamples:\n  npm run pergola -- build --help\n  npm run pergola -- status")
    .action(async (args: string[]) => leaveWith(await (await import("./tools.ts")).runPergola(args)));
  program
    .command("env")
    .description("print the variables of the embedded environment for a shell to evaluate")
    .addHelpText("after", '\nExample:\n  eval "$(npm run --silent local -- env)" && kubectl get nodes')
    .action(async () => (await import("./tools.ts")).printEnvironment());
  program
    .command("check")
    .description("check types (tsc) and style (biome)")
    .addHelpText("after", "\nExample:\n  npm run check")
    .action(async () => leaveWith(await (await import("./tools.ts")).runChecks()));
  passingThrough(program, "node", "[script and arguments...]")
    .description("run a script under the pinned Node")
    .addHelpText("after", "\nExample:\n  npm run local -- node stacks/writeSchema.ts")
    .action(async (args: string[]) => leaveWith(await (await import("./tools.ts")).runNode(args)));
}

/** A command whose arguments, options included, belong to the program that it starts. */
function passingThrough(program: Command, name: string, args: string): Command {
  return program.command(name).argument(args).allowUnknownOption().passThroughOptions().helpOption(false);
}

function oneOf<T extends string>(...allowed: readonly T[]): (value: string) => T {
  return (value) => {
    const found = allowed.find((one) => one === value);
    if (found !== undefined) return found;
    throw new LocalError(`${JSON.stringify(value)} is no output format; there are ${allowed.join(" and ")}`, {
      exitCode: USAGE,
    });
  };
}

/** Runs a command line; the exit code is in process.exitCode. */
async function main({ args }: Arguments): Promise<void> {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < NEEDED_NODE) {
    throw new LocalError(`this runs under Node ${NEEDED_NODE}, not ${process.versions.node}`, {
      hint: "start it by npm, or by node local/bootstrap.mjs, which bring the right Node",
      exitCode: USAGE,
    });
  }
  try {
    await createProgram().parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed what is wrong, or the help that was asked for.
    const askedForHelp = error.code === "commander.helpDisplayed" || error.code === "commander.version";
    process.exitCode = askedForHelp || (error.code === "commander.help" && args.includes("help")) ? 0 : USAGE;
  }
}

/** A disk that is full is nobody's mistake in the code, wherever it showed. */
async function explain(error: unknown): Promise<unknown> {
  const { code, path, syscall } = error as Partial<NodeJS.ErrnoException>;
  if (code !== "ENOSPC") return error;
  const { explainFullDisk } = await import("./toolchain/cache.ts");
  const { cacheDirectory } = await import("./paths.ts");
  return explainFullDisk(error, `${syscall ?? "write"} failed`, path ?? `as a rule that of ${cacheDirectory()}`);
}

try {
  await main({ args: process.argv.slice(2) });
} catch (caught) {
  const error = await explain(caught);
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = error instanceof LocalError ? error.exitCode : 1;
}
