// Pergola's own Node language host: stands in for Pulumi's `pulumi-language-nodejs` where that cannot be had. It speaks
// the public LanguageRuntime protocol and starts the SDK's own `@pulumi/pulumi/cmd/run`, which does the real work.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { ServerWritableStream } from "@grpc/grpc-js";
import type {
  AboutRequest,
  GetProgramDependenciesRequest,
  GetRequiredPackagesRequest,
  InstallDependenciesRequest,
  LanguageHandshakeRequest,
  ProgramInfo,
  RunPluginRequest,
  RunRequest,
} from "@pulumi/pulumi/proto/language_pb.js";
import type { Ending } from "./language/children.ts";
import { Children } from "./language/children.ts";
import { parseProgramOptions } from "./language/programOptions.ts";
import { pluginInstalled, programDependencies, requiredPackages } from "./language/requiredPackages.ts";
import {
  empty,
  failStream,
  grpc,
  language,
  languageService,
  ProtocolError,
  plugin,
  servePlugin,
  unary,
} from "./protocol.ts";

/** Exit code of `cmd/run` for "failed, and the user has been told": the engine then adds no message of its own. */
const alreadyReported = 32;

const children = new Children();
let engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? "";

/** Resolves a module of the SDK from where the program lies: the program's SDK runs it, not the one of this host. */
function sdkModule(directory: string, name: string): string {
  const from = createRequire(join(directory, "package.json"));
  try {
    return from.resolve(`@pulumi/pulumi/${name}`);
  } catch {
    throw new ProtocolError(
      grpc.status.FAILED_PRECONDITION,
      `${directory}: @pulumi/pulumi is not installed here; run npm ci`,
    );
  }
}

async function run(request: RunRequest) {
  const info = required(request.getInfo());
  const response = new language.RunResponse();
  if (request.getAttachDebugger()) throw new Error("Pergola's Node language host attaches no debugger; run without it");
  let nodeArguments: readonly string[];
  try {
    ({ nodeArguments } = parseProgramOptions(info.getOptions()?.toJavaScript() ?? {}));
  } catch (error) {
    response.setError((error as Error).message);
    return response;
  }
  const { code, signal } = await children.run(
    {
      arguments: [
        ...nodeArguments,
        sdkModule(info.getProgramDirectory(), "cmd/run/index.js"),
        ...programArguments(request, info),
      ],
      directory: info.getProgramDirectory(),
      environment: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        PULUMI_NODEJS_TYPESCRIPT: "false",
      },
    },
    // The engine shows what a language host prints after its port line as the program's output.
    (chunk) => process.stdout.write(chunk),
    (chunk) => process.stderr.write(chunk),
  );
  if (code === alreadyReported) response.setBail(true);
  else if (code !== 0) response.setError(`the program ${describe({ code, signal })}`);
  return response;
}

function programArguments(request: RunRequest, info: ProgramInfo): string[] {
  const named: Record<string, string> = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    project: request.getProject(),
    stack: request.getStack(),
    organization: request.getOrganization(),
    pwd: request.getPwd(),
    "root-directory": info.getRootDirectory(),
    parallel: String(request.getParallel()),
  };
  return [
    ...Object.entries(named).flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value])),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    info.getEntryPoint() || ".",
    ...request.getArgsList(),
  ];
}

/** Runs a policy pack or a plugin that is written for Node; its port line and its output go back over the stream. */
function runPlugin(call: ServerWritableStream<RunPluginRequest, unknown>): void {
  const request = call.request;
  const send = (set: (response: InstanceType<typeof language.RunPluginResponse>) => void) => {
    const response = new language.RunPluginResponse();
    set(response);
    call.write(response);
  };
  Promise.resolve()
    .then(() =>
      children.run(
        {
          arguments: pluginArguments(request, required(request.getInfo())),
          directory: pluginDirectory(request, required(request.getInfo())),
          environment: { ...process.env, ...parseEnvironment(request.getEnvList()) },
        },
        (chunk) => send((response) => response.setStdout(chunk)),
        (chunk) => send((response) => response.setStderr(chunk)),
      ),
    )
    .then(({ code }) => {
      send((response) => response.setExitcode(code ?? 1));
      call.end();
    })
    .catch((error: unknown) => failStream(call, error));
}

/** `run-policy-pack ENGINE PROGRAM ...` and `run-plugin PROGRAM ...`: the SDK's two runners order their arguments differently. */
function pluginArguments(request: RunPluginRequest, info: ProgramInfo): string[] {
  const directory = info.getProgramDirectory();
  const entry = info.getEntryPoint();
  const program = entry === "" || entry === "." ? directory : join(directory, entry);
  const [engine = engineAddress, ...rest] = request.getArgsList();
  return request.getKind() === "analyzer"
    ? [sdkModule(directory, "cmd/run-policy-pack/index.js"), engine, program, ...rest]
    : [sdkModule(directory, "cmd/run-plugin/index.js"), program, ...request.getArgsList()];
}

/** A policy pack reads its package.json from the working folder; a plugin works where the stack's program lies. */
function pluginDirectory(request: RunPluginRequest, info: ProgramInfo): string {
  return request.getKind() === "analyzer" || request.getPwd() === "" ? info.getProgramDirectory() : request.getPwd();
}

function parseEnvironment(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
}

async function handshake(request: LanguageHandshakeRequest) {
  engineAddress = request.getEngineAddress() || engineAddress;
  return new language.LanguageHandshakeResponse();
}

async function getPluginInfo() {
  const { version } = JSON.parse(
    readFileSync(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json"), "utf8"),
  ) as { version: string };
  const response = new plugin.PluginInfo();
  response.setVersion(version);
  return response;
}

async function getRequiredPackages(request: GetRequiredPackagesRequest) {
  const response = new language.GetRequiredPackagesResponse();
  const found = requiredPackages(required(request.getInfo()).getProgramDirectory(), (candidate) =>
    pluginInstalled(candidate, process.env),
  );
  response.setPackagesList(
    found.map(({ name, version }) => {
      const dependency = new plugin.PackageDependency();
      dependency.setName(name);
      dependency.setKind("resource");
      dependency.setVersion(version);
      return dependency;
    }),
  );
  return response;
}

async function getProgramDependencies(request: GetProgramDependenciesRequest) {
  const response = new language.GetProgramDependenciesResponse();
  response.setDependenciesList(
    programDependencies(required(request.getInfo()).getProgramDirectory()).map(({ name, version }) => {
      const dependency = new language.DependencyInfo();
      dependency.setName(name);
      dependency.setVersion(version);
      return dependency;
    }),
  );
  return response;
}

async function about(_request: AboutRequest) {
  const response = new language.AboutResponse();
  response.setExecutable(process.execPath);
  response.setVersion(process.version);
  response.getMetadataMap().set("language host", "Pergola's own (local/pulumi/languageHost.ts)");
  return response;
}

function installDependencies(call: ServerWritableStream<InstallDependenciesRequest, unknown>): void {
  const message = `Pergola's Node language host installs nothing; run npm ci in ${call.request.getDirectory()}`;
  failStream(call, new ProtocolError(grpc.status.UNIMPLEMENTED, message));
}

async function cancel() {
  children.stop();
  return new empty.Empty();
}

function required(info: ProgramInfo | undefined): ProgramInfo {
  if (info === undefined)
    throw new ProtocolError(grpc.status.INVALID_ARGUMENT, "the request carries no program information");
  return info;
}

function describe({ code, signal }: Ending): string {
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
}

process.on("exit", () => children.kill());
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.on(signal, () => {
    children.stop();
    setTimeout(() => process.exit(0), 2500).unref();
    if (children.idle) process.exit(0);
  });
}

await servePlugin(languageService.LanguageRuntimeService, {
  handshake: unary(handshake),
  getPluginInfo: unary(getPluginInfo),
  getRequiredPackages: unary(getRequiredPackages),
  getProgramDependencies: unary(getProgramDependencies),
  about: unary(about),
  cancel: unary(cancel),
  run: unary(run),
  runPlugin,
  installDependencies,
});
