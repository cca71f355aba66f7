/** The command line of `pergola`: names, options and help. What a command does is loaded when it runs. */
import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { ClusterModeName } from "../../infra/setup.ts";
import { GONE_MODE, WORKLOAD_PULL_SECRET } from "../../infra/setupNames.ts";
import { EXIT, PergolaError } from "../errors.ts";
import { MAX_TIMEOUT_SECONDS } from "../images/image.ts";
import { PROGRESS_KINDS } from "../report/events.ts";
import { loadAsOneWord } from "./loadOption.ts";
import { type GlobalOptions, printError, watchOutput } from "./output.ts";

const CLUSTER_MODES: readonly ClusterModeName[] = ["cluster-buildkit", "kaniko"];
const MODES = [...CLUSTER_MODES, "local-docker"];

/** Runs the command line that this process was started with. */
export async function run(): Promise<void> {
  watchOutput();
  process.exitCode = await main(process.argv.slice(2));
}

/** Runs one command line; resolves to the exit code and never rejects. */
async function main(words: string[]): Promise<number> {
  let code: number = EXIT.done;
  const program = pergola((result) => {
    code = result;
  });
  try {
    await program.parseAsync(words.length === 0 ? ["--help"] : loadAsOneWord(words), { from: "user" });
    return code;
  } catch (error) {
    const asked = asTyped(words);
    if (!(error instanceof CommanderError)) return printError(error, asked);
    if (error.exitCode === 0) return EXIT.done;
    const [message = "", ...hint] = error.message.replace(/^error: /, "").split("\n");
    const data = { code: "usage" as const, message: message.replace(/^./, (first) => first.toUpperCase()) };
    const help = "Run pergola --help, or pergola COMMAND --help.";
    return printError(new PergolaError({ ...data, hint: [...hint, help].join("\n") }), asked);
  }
}

function pergola(done: (code: number) => void): Command {
  const program = new Command("pergola")
    .description("Builds container images inside the cluster, with what the environment was provisioned with.")
    .version(version(), "-V, --version")
    .addOption(new Option("--output <format>", "what stdout gets").choices(["text", "json"]).default("text"))
    .addOption(
      new Option(
        "--progress <kind>",
        "what stderr shows while building; auto: tty on a terminal, else plain; rawjson: BuildKit's own records",
      )
        .choices(PROGRESS_KINDS)
        .default("auto"),
    )
    .option("--no-color", "no colours; NO_COLOR does the same")
    .option("--context <name>", "kubeconfig context")
    .option("-n, --namespace <name>", "namespace of the environment to use")
    .option("-s, --stack <name>", "take the BuildSetup from this Pulumi stack, not from the cluster")
    .option("--setup <file>", "take the BuildSetup from this file, not from the cluster")
    .option("--debug", "show where an error comes from")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: () => {} })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      "after",
      examples(["pergola build .", "pergola setup --output json", "pergola status", "pergola garden"]),
    );

  program
    .command("build [paths-or-names...]")
    .description("Build images and push them to the environment's registry.")
    .addOption(
      new Option("--mode <mode>", "how to build; the environment's default if left out")
        .choices(MODES)
        .argParser((text: string) => mode(text)),
    )
    .option(
      "-t, --tag <tag>",
      "tag of all images, repeated for several (the first is reported); if left out it follows from the content: v-1a2b3c4d5e",
      collect,
    )
    .option("--name <name>", "name of the image")
    .option("-f, --file <dockerfile>", "Dockerfile, relative to the directory")
    .option("--target <stage>", "stage to build")
    .option("--build-arg <key=value>", "build argument; KEY alone takes the environment's value", collect)
    .option("--secret <id=ID,...>", "build secret: id=ID,env=VARIABLE or id=ID,src=FILE", collect)
    .option("--ssh <id[=path,...]>", "SSH agent for RUN steps: default, or ID=SOCKET or ID=KEY[,KEY]", collect)
    .option("--platform <os/arch>", "platform; several: repeated, or with commas", collect)
    .option("--label <key=value>", "label of the image", collect)
    .option("--annotation <[index:]key=value>", "annotation of the image's manifest, or of its index", collect)
    .option("--network <kind>", "network of RUN steps: default (the builder pod's), none, or host where permitted")
    .option("--add-host <name=address>", "name that RUN steps find at this address", collect)
    .option("--provenance <min|max>", "attach an account of the build to the image")
    .option("--sbom <true|generator=IMAGE>", "attach a list of what the image holds")
    .option("--no-cache", "run every step again")
    .option(
      "--cache-to <tag[,mode=MODE]>",
      "read and write the build cache of this tag (mode auto, max, min or inline); the environment's caches are then only read",
      collect,
    )
    .option("--cache-from <tag>", "read the build cache of this tag instead of the environment's", collect)
    .option("--output-oci <path>", "write each image as an OCI layout too: a .tar file, or a directory for such files")
    .option(
      "--load [=store]",
      "load each image into a store of this machine too: docker, containerd[,address=SOCKET][,namespace=NAME], kind[,name=CLUSTER], k3d[,name=CLUSTER] or minikube[,profile=PROFILE]; alone: the local cluster of the current context, else Docker, else containerd",
    )
    .addOption(
      new Option("--mtime <times>", "what files' times say: their content (what is equal is not sent), or keep them")
        .choices(["content", "keep"])
        .default("content"),
    )
    .addOption(
      new Option("--auth <whose>", "registry credentials: the builder's own, or those of your docker config")
        .choices(["builder", "client"])
        .default("builder"),
    )
    .addOption(
      new Option(
        "--transport <how>",
        "how pods are reached: a WebSocket to the API server (kubectl, where a proxy refuses that), or kubectl exec",
      )
        .choices(["websocket", "kubectl"])
        .default("websocket"),
    )
    .option(
      "--skip-present",
      "do not build what the registry holds under its content tag (a newer base image is not seen)",
      false,
    )
    .option("--timeout <seconds>", "give up on an image after this time", seconds)
    .option("--concurrency <n>", "images built at a time", positive, 4)
    .option("--dry-run", "print the plans and build nothing")
    .addHelpText(
      "after",
      `\nA path is a directory with a Dockerfile, a directory with Garden Build actions in it or below it, or a Garden file.
Any other word is the name of an image below the working directory. Images that are FROM one another are built in order.
A Garden action with environments is built when one of them is the name of the Pulumi stack, or when another image needs it.
Exit codes: 0 built, 1 a build failed, 2 usage or configuration, 75 infrastructure (try again),
129/130/143 interrupted by SIGHUP, SIGINT or SIGTERM, 141 when nobody reads the output any more.
${examples([
  "pergola build services/api",
  "pergola build examples --mode kaniko --output json",
  "pergola build api --tag dev --build-arg COMMIT=$(git rev-parse HEAD)",
  "pergola build . --secret id=npm,env=NPM_TOKEN --dry-run",
  "pergola build . --cache-to _buildcache-my-branch",
  "pergola build . --load",
  "pergola build . --load=kind,name=dev",
])}`,
    )
    .action(async (words: string[], _options, command: Command) => {
      const { runBuild } = await import("./build.ts");
      const none = { tag: [], buildArg: [], secret: [], platform: [], dryRun: false };
      done(await runBuild(words, { ...none, ...command.opts<BuildCommandOptions>(), ...globals(command) }));
    });

  const setup = program
    .command("setup")
    .description("Show what the environment offers builders (its BuildSetup).")
    .addHelpText("after", examples(["pergola setup", "pergola setup --stack local --output json"]))
    .action(async (_options, command: Command) => {
      const { runSetup } = await import("./setup.ts");
      done(await runSetup(globals(command)));
    });

  setup
    .command("attach")
    .description("Let the pods of a service account pull images by a Secret that is in their namespace.")
    .option("--account <name>", "service account; pods that name none have the one called default", "default")
    .option("--secret <name>", "Secret to pull by", WORKLOAD_PULL_SECRET)
    .option("--detach", "remove it from the account again", false)
    .addHelpText(
      "after",
      `
Adds one entry to imagePullSecrets of the account, and leaves those of others as they are; only pods made from then on have it.
The Secret is made by cluster.pullSecrets of the stack file, in the namespaces that it lists.
--namespace is that of the account; without it, that of the kubeconfig's context. --stack and --setup say which cluster.
Needs get on Secrets, and get and patch on service accounts there.
${examples([
  "pergola setup attach --account default --namespace shop",
  "pergola setup attach --namespace shop --secret hub-login",
  "pergola setup attach --namespace shop --detach --output json",
])}`,
    )
    .action(async (_options, command: Command) => {
      const { runAttach } = await import("./attach.ts");
      done(await runAttach({ ...command.opts<AttachOptions>(), ...globals(command) }));
    });

  program
    .command("status")
    .description("Show what of the environment is there, and the builds that run in it.")
    .addHelpText("after", examples(["pergola status", "pergola status --context dev --output json"]))
    .action(async (_options, command: Command) => {
      const { runStatus } = await import("./status.ts");
      done(await runStatus(globals(command)));
    });

  program
    .command("garden")
    .description("Print the provider block of Garden's project.garden.yml that fits the environment.")
    .addOption(
      new Option("--mode <mode>", "for this mode only; all that build in the cluster if left out")
        .choices(CLUSTER_MODES)
        .argParser((text: string) => mode(text, CLUSTER_MODES)),
    )
    .addHelpText(
      "after",
      `
YAML on stdout, with what Garden cannot be told as comments; with --output json {"version": 1, "providers": [...]}.
A block is right for the namespaces that it names: where these differ in their role, --namespace chooses one.
${examples([
  "pergola garden -s aws-dev",
  "pergola garden -s aws-teams --namespace checkout-build",
  "pergola garden --setup setup.json --mode kaniko --output json",
])}`,
    )
    .action(async (_options, command: Command) => {
      const { runGarden } = await import("./garden.ts");
      const { mode: only = null } = command.opts<{ mode?: ClusterModeName }>();
      done(await runGarden({ ...globals(command), mode: only }));
    });
  return program;
}

type AttachOptions = Omit<import("./attach.ts").AttachCommandOptions, keyof GlobalOptions>;

type BuildCommandOptions = Omit<import("./build.ts").BuildOptions, keyof GlobalOptions>;

function globals(command: Command): GlobalOptions {
  const given = command.optsWithGlobals<Partial<GlobalOptions>>();
  return {
    output: given.output ?? "text",
    progress: given.progress ?? "auto",
    color: given.color ?? true,
    context: given.context ?? null,
    namespace: given.namespace ?? null,
    stack: given.stack ?? null,
    setup: given.setup ?? null,
    debug: given.debug ?? false,
  };
}

/** How to print an error when the command line itself could not be read. */
function asTyped(words: readonly string[]): { output: string; color: boolean; debug: boolean } {
  const at = words.indexOf("--output");
  const output =
    at === -1 ? words.find((word) => word.startsWith("--output="))?.slice("--output=".length) : words[at + 1];
  return { output: output ?? "text", color: !words.includes("--no-color"), debug: words.includes("--debug") };
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** The choices are shown in the help, and checked here: a mode that Garden had is refused with what became of it. */
function mode(text: string, choices: readonly string[] = MODES): string {
  if (choices.includes(text)) return text;
  if (text === GONE_MODE.name) throw new InvalidArgumentError(`The mode ${text} ${GONE_MODE.why}.`);
  throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
}

function positive(text: string): number {
  return wholeNumber(text, 9_999_999, "");
}

function seconds(text: string): number {
  return wholeNumber(text, MAX_TIMEOUT_SECONDS, " seconds");
}

function wholeNumber(text: string, most: number, unit: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It takes a whole number from 1.");
  if (Number(text) <= most) return Number(text);
  throw new InvalidArgumentError(`It takes at most ${most}${unit}.`);
}

function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

/** The version in the nearest package.json: this file's own package, from sources and from dist/. */
function version(): string {
  for (let at = new URL("./", import.meta.url); at.pathname !== "/"; at = new URL("../", at)) {
    try {
      return JSON.parse(readFileSync(new URL("package.json", at), "utf8")).version;
    } catch {
      // not here: look further up
    }
  }
  return "unknown";
}
