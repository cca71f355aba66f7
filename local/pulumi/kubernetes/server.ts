// The provider on Pulumi's ResourceProvider protocol: requests into values, values and errors into responses.
import type * as messages from "@pulumi/pulumi/proto/provider_pb.js";
import {
  any,
  empty,
  grpc,
  ProtocolError,
  provider as proto,
  providerService,
  servePlugin,
  status,
  unary,
} from "../protocol.ts";
import { checked, created, different, found, pluginInfo, schemaOf, updated } from "../responses.ts";
import type { ValueMap } from "../wire.ts";
import { fromStruct, toStruct } from "../wire.ts";
import { EngineLog } from "./engineLog.ts";
import { InitializationFailed, KubernetesProvider } from "./provider.ts";
import { checkSettings, diffSettings } from "./settings.ts";

/**
 * Serves the provider until the process ends.
 * @param engineAddress where the engine takes log messages
 * @param version of @pulumi/kubernetes that this stands in for
 */
export async function serveProvider(engineAddress: string | undefined, version: string): Promise<void> {
  const provider = new KubernetesProvider(new EngineLog(engineAddress));

  await servePlugin(providerService.ResourceProviderService, {
    handshake: unary(async () => {
      const response = new proto.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    }),

    getPluginInfo: unary(async () => pluginInfo(version)),

    getSchema: unary(async () => schemaOf("kubernetes", version)),

    checkConfig: unary(async (request: messages.CheckRequest) =>
      checked(fromStruct(request.getNews()), checkSettings(fromStruct(request.getNews()))),
    ),

    diffConfig: unary(async (request: messages.DiffRequest) => {
      const { changed, replaces } = diffSettings(
        fromStruct(request.getOldInputs() ?? request.getOlds()),
        fromStruct(request.getNews()),
      );
      const response = new proto.DiffResponse();
      response.setChanges(
        changed.length > 0 ? proto.DiffResponse.DiffChanges.DIFF_SOME : proto.DiffResponse.DiffChanges.DIFF_NONE,
      );
      response.setDiffsList([...changed]);
      response.setReplacesList([...replaces]);
      return response;
    }),

    configure: unary(async (request: messages.ConfigureRequest) => {
      provider.configure(fromStruct(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),

    check: unary(async (request: messages.CheckRequest) => {
      const olds = fromStruct(request.getOlds());
      const result = await provider.check(
        request.getUrn(),
        Object.keys(olds).length > 0 ? olds : undefined,
        fromStruct(request.getNews()),
        request.getRandomseed_asU8(),
      );
      return checked(result.inputs, result.failures);
    }),

    diff: unary(async (request: messages.DiffRequest) =>
      different(provider.diff(request.getUrn(), fromStruct(request.getOldInputs()), fromStruct(request.getNews()))),
    ),

    create: unary(async (request: messages.CreateRequest) => {
      const inputs = fromStruct(request.getProperties());
      const made = await keepingState(inputs, () =>
        provider.create({
          urn: request.getUrn(),
          inputs,
          timeoutSeconds: request.getTimeout(),
          preview: request.getPreview(),
        }),
      );
      return created(made);
    }),

    update: unary(async (request: messages.UpdateRequest) => {
      const inputs = fromStruct(request.getNews());
      const operation = {
        urn: request.getUrn(),
        inputs,
        timeoutSeconds: request.getTimeout(),
        preview: request.getPreview(),
      };
      const outputs = await keepingState(inputs, () => provider.update(operation, fromStruct(request.getOlds())));
      return updated(outputs);
    }),

    read: unary(async (request: messages.ReadRequest) => {
      const resource = await provider.read(
        request.getUrn(),
        request.getId(),
        fromStruct(request.getInputs()),
        fromStruct(request.getProperties()),
      );
      return found(resource);
    }),

    delete: unary(async (request: messages.DeleteRequest) => {
      await provider.delete(
        request.getUrn(),
        request.getId(),
        fromStruct(request.getProperties()),
        request.getTimeout(),
      );
      return new empty.Empty();
    }),

    invoke: unary(async (request: messages.InvokeRequest) => {
      throw new ProtocolError(
        grpc.status.UNIMPLEMENTED,
        `${request.getTok()}: Pergola's Kubernetes provider has no functions`,
      );
    }),

    construct: unary(async (request: messages.ConstructRequest) => {
      throw new ProtocolError(
        grpc.status.UNIMPLEMENTED,
        `${request.getType()}: Pergola's Kubernetes provider renders no YAML files, charts or kustomizations; declare the objects one by one`,
      );
    }),

    cancel: unary(async () => {
      provider.cancel();
      return new empty.Empty();
    }),
  });
}

/** Sends the state of an object that was written but did not become ready along with the error, so that it is not lost. */
async function keepingState<T>(inputs: ValueMap, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof InitializationFailed)) throw error;
    const failed = new proto.ErrorResourceInitFailed();
    failed.setId(error.id);
    failed.setProperties(toStruct(error.outputs));
    failed.setInputs(toStruct(inputs));
    failed.setReasonsList([...error.reasons]);
    const detail = new any.Any();
    detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const rich = new status.Status();
    rich.setCode(grpc.status.UNKNOWN);
    rich.setMessage(error.message);
    rich.addDetails(detail);
    const metadata = new grpc.Metadata();
    // How gRPC carries structured errors: the serialised google.rpc.Status in this trailer.
    metadata.add("grpc-status-details-bin", Buffer.from(rich.serializeBinary()));
    throw new ProtocolError(grpc.status.UNKNOWN, error.message, metadata);
  }
}
