// Pulumi's public gRPC protocol as generated JavaScript: the message classes and service definitions that the SDK ships
// under `@pulumi/pulumi/proto`. They are CommonJS modules without detectable named exports, hence the default imports.
import type { handleUnaryCall, ServiceError } from "@grpc/grpc-js";
import grpc from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import languageService from "@pulumi/pulumi/proto/language_grpc_pb.js";
import language from "@pulumi/pulumi/proto/language_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import providerService from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";

export {
  any,
  empty,
  engine,
  engineService,
  grpc,
  language,
  languageService,
  plugin,
  provider,
  providerService,
  status,
  struct,
};

/** The largest message either side may send, in bytes; the engine itself uses 400 MiB. */
export const maximumMessageBytes = 400 * 1024 * 1024;

/** Channel options with the engine's message limits, for servers and clients. */
export const channelOptions = {
  "grpc.max_receive_message_length": maximumMessageBytes,
  "grpc.max_send_message_length": maximumMessageBytes,
};

/** An error with a gRPC status code, and optionally metadata such as packed error details. */
export class ProtocolError extends Error {
  readonly code: number;
  readonly metadata: grpc.Metadata | undefined;

  constructor(code: number, message: string, metadata?: grpc.Metadata) {
    super(message);
    this.code = code;
    this.metadata = metadata;
  }
}

/**
 * Turns an async function from request to response into a unary gRPC handler. Whatever it throws becomes the call's
 * error: a {@link ProtocolError} with its own code, anything else as UNKNOWN with its message alone (no stack trace).
 */
export function unary<Request, Response>(
  run: (request: Request) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    run(call.request).then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(serviceError(thrown) as ServiceError),
    );
  };
}

/** The gRPC form of anything thrown. */
export function serviceError(thrown: unknown): { code: number; message: string; metadata?: grpc.Metadata } {
  if (thrown instanceof ProtocolError) {
    const { code, message, metadata } = thrown;
    return metadata ? { code, message, metadata } : { code, message };
  }
  return { code: grpc.status.UNKNOWN, message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** Ends a streaming call with an error. (grpc-js sends it from the `error` event; `destroy` leaves the caller waiting.) */
export function failStream(call: { emit(event: "error", error: unknown): unknown }, thrown: unknown): void {
  call.emit("error", serviceError(thrown));
}

/**
 * Serves one gRPC service on a free port of the loopback interface and prints the port as the only line on stdout: that
 * is how the engine learns the address of a plugin that it started. The process ends when the one that started it is gone.
 */
export async function servePlugin(
  definition: grpc.ServiceDefinition,
  implementation: grpc.UntypedServiceImplementation,
): Promise<grpc.Server> {
  endWithParent();
  const server = new grpc.Server(channelOptions);
  const complete: grpc.UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(definition)) {
    complete[name] = implementation[name] ?? unimplemented(method.path, method.responseStream);
  }
  server.addService(definition, complete);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  process.stdout.write(`${port}\n`);
  return server;
}

/** Milliseconds between looks for the parent process. */
const parentInterval = 500;

/** An engine that is killed ends none of its plugins: a process whose parent is gone gets another one, and ends itself. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, parentInterval).unref();
}

/** A handler that names the missing method; the engine reads UNIMPLEMENTED as "an older plugin" wherever that is fine. */
function unimplemented(path: string, streaming: boolean): grpc.UntypedHandleCall {
  const failure = new ProtocolError(grpc.status.UNIMPLEMENTED, `${path} is not implemented by this plugin`);
  if (streaming)
    return ((call: grpc.ServerWritableStream<unknown, unknown>) => failStream(call, failure)) as grpc.UntypedHandleCall;
  return unary(() => Promise.reject(failure)) as grpc.UntypedHandleCall;
}
