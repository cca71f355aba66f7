/**
 * The engine's side of the protocol, in this process: it answers a program's registrations and keeps them. No engine, no
 * provider, no cluster; but the program runs by its production entry, in the process that the language host would start.
 */
import grpc from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import monitorService from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/resource_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { withComputed } from "./computed.ts";

/** Plain data of a resource's inputs or outputs; secrets are wrapped as on the wire. */
export type Properties = Record<string, unknown>;

/** A resource as it was registered. */
export interface Registration {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  /** URN; "" for the root */
  readonly parent: string;
  /** URN and id of the provider; "" for components */
  readonly provider: string;
  readonly inputs: Properties;
  readonly dependencies: readonly string[];
  /** input -> URNs that its value is of; of inputs without any, nothing */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  /** outputs that the engine takes for secret, whatever the provider says */
  readonly secretOutputs: readonly string[];
  /** id of what is taken over; "" for none */
  readonly importId: string;
}

export interface Read {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly provider: string;
}

/** What the cluster holds: `type::id` -> properties. A read of anything else fails. */
export type LiveObjects = Readonly<Record<string, Properties>>;

/** The engine's marks for values that are not plain data (pulumi/pulumi, sdk/nodejs/runtime/rpc). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Whether a value is marked secret. */
export function isSecret(value: unknown): value is { value: unknown } {
  return typeof value === "object" && value !== null && (value as Record<string, unknown>)[SIGNATURE] === SECRET;
}

/** The same data with `replacement` in the place of everything that is marked secret. */
export function withoutSecrets(value: unknown, replacement: unknown): unknown {
  if (isSecret(value)) return replacement;
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, replacement));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item, replacement)]));
}

type Answer = (error: { code: number; message: string } | null, message?: unknown) => void;
// biome-ignore lint/suspicious/noExplicitAny: messages of generated JavaScript, whose services are untyped
type Call = { request: any };

const FEATURES = ["secrets", "resourceReferences", "outputValues", "aliasSpecs", "deletedWith"];

/** A monitor and an engine on a loopback port. */
export class FakeEngine {
  readonly registrations: Registration[] = [];
  readonly reads: Read[] = [];
  /** URN -> what the provider answered */
  readonly answers = new Map<string, Properties>();
  /** what the program said to the user: severity and text */
  readonly messages: { severity: string; text: string }[] = [];
  /** how many messages there were that only `pulumi --debug` shows */
  debugMessages = 0;
  /** outputs of the stack */
  outputs: Properties = {};
  private readonly server = new grpc.Server();
  private rootUrn = "";
  private readonly live: LiveObjects;
  private readonly stack: string;

  constructor(stack: string, live: LiveObjects) {
    this.stack = stack;
    this.live = live;
  }

  /** Starts serving; the address of both services. */
  async start(): Promise<string> {
    this.server.addService(monitorService.ResourceMonitorService, {
      ...unimplemented(monitorService.ResourceMonitorService),
      supportsFeature: answer((call) => {
        const response = new messages.SupportsFeatureResponse();
        response.setHassupport(FEATURES.includes(call.request.getId()));
        return response;
      }),
      registerResource: answer((call) => this.register(call.request)),
      registerResourceOutputs: answer((call) => {
        if (call.request.getUrn() === this.rootUrn) this.outputs = call.request.getOutputs()?.toJavaScript() ?? {};
        return new empty.Empty();
      }),
      readResource: (call: Call, done: Answer) => this.read(call.request, done),
      signalAndWaitForShutdown: answer(() => new empty.Empty()),
    });
    this.server.addService(engineService.EngineService, {
      ...unimplemented(engineService.EngineService),
      log: answer((call) => {
        const severities = Object.entries(engineMessages.LogSeverity) as [string, number][];
        const severity = severities.find(([, value]) => value === call.request.getSeverity())![0];
        // The SDK's own debug messages quote whatever passes through it.
        if (severity === "DEBUG") this.debugMessages += 1;
        else this.messages.push({ severity, text: call.request.getMessage() });
        return new empty.Empty();
      }),
      getRootResource: answer(() => {
        const response = new engineMessages.GetRootResourceResponse();
        response.setUrn(this.rootUrn);
        return response;
      }),
      setRootResource: answer((call) => {
        this.rootUrn = call.request.getUrn();
        return new engineMessages.SetRootResourceResponse();
      }),
    });
    const port = await new Promise<number>((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      this.server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    return `127.0.0.1:${port}`;
  }

  stop(): void {
    this.server.forceShutdown();
  }

  private register(request: Call["request"]): unknown {
    const type: string = request.getType();
    const parent: string = request.getParent();
    const name: string = request.getName();
    const urn = this.urn(type, name, parent);
    if (type === "pulumi:pulumi:Stack") this.rootUrn = urn;
    const inputs = request.getObject()?.toJavaScript() ?? {};
    const settings = this.registrations.find((one) => request.getProvider().startsWith(`${one.urn}::`))?.inputs;
    const answer = withComputed(type, inputs, settings);
    this.answers.set(urn, answer);
    this.registrations.push({
      urn,
      type,
      name,
      custom: request.getCustom(),
      parent,
      provider: request.getProvider(),
      inputs,
      dependencies: [...request.getDependenciesList()].sort(),
      propertyDependencies: propertyDependencies(request),
      protect: request.getProtect() ?? false,
      retainOnDelete: request.getRetainondelete() ?? false,
      deleteBeforeReplace: request.getDeletebeforereplace(),
      importId: request.getImportid() ?? "",
      ignoreChanges: request.getIgnorechangesList(),
      secretOutputs: request.getAdditionalsecretoutputsList(),
    });
    const response = new messages.RegisterResourceResponse();
    response.setUrn(urn);
    if (request.getCustom()) response.setId(`${name}-id`);
    response.setObject(struct.Struct.fromJavaScript(answer as Record<string, never>));
    return response;
  }

  private read(request: Call["request"], done: Answer): void {
    const [type, name, id] = [request.getType(), request.getName(), request.getId()] as [string, string, string];
    this.reads.push({ type, name, id, provider: request.getProvider() });
    const found = this.live[`${type}::${id}`];
    if (found === undefined) {
      done({ code: grpc.status.NOT_FOUND, message: `resource '${id}' does not exist` });
      return;
    }
    const response = new messages.ReadResourceResponse();
    response.setUrn(this.urn(type, name, request.getParent()));
    response.setProperties(struct.Struct.fromJavaScript(found as Record<string, never>));
    done(null, response);
  }

  private urn(type: string, name: string, parent: string): string {
    const inherited = parent === "" ? "" : parent.split("::")[2]!;
    const chain = inherited === "" || inherited === "pulumi:pulumi:Stack" ? type : `${inherited}$${type}`;
    return `urn:pulumi:${this.stack}::pergola::${chain}::${name}`;
  }
}

function propertyDependencies(request: Call["request"]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((on: { getUrnsList(): string[] }, property: string) => {
    if (on.getUrnsList().length > 0) found[property] = on.getUrnsList();
  });
  return found;
}

function answer(respond: (call: Call) => unknown): (call: Call, done: Answer) => void {
  return (call, done) => done(null, respond(call));
}

function unimplemented(service: object): Record<string, (call: Call, done: Answer) => void> {
  const refuse = (_: Call, done: Answer) => done({ code: grpc.status.UNIMPLEMENTED, message: "not needed here" });
  return Object.fromEntries(Object.keys(service).map((method) => [method, refuse]));
}
