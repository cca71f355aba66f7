/** A stand-in provider on Pulumi's ResourceProvider protocol. */
import type * as messages from "@pulumi/pulumi/proto/provider_pb.js";
import { tokenOfUrn } from "../../../local/pulumi/kubernetes/kinds.ts";
import {
  empty,
  grpc,
  ProtocolError,
  provider as proto,
  providerService,
  servePlugin,
  unary,
} from "../../../local/pulumi/protocol.ts";
import { checked, created, different, found, pluginInfo, schemaOf, updated } from "../../../local/pulumi/responses.ts";
import { fromStruct, sameValue } from "../../../local/pulumi/wire.ts";
import { StandinProvider } from "./provider.ts";
import type { Cloud } from "./resourceType.ts";
import type { State } from "./state.ts";

/** Serves the stand-in for a cloud until the process ends. It leaves secrets to the engine: it is told none. */
export async function serveStandin(cloud: Cloud, state: State, version: string): Promise<void> {
  const provider = new StandinProvider(cloud, state);
  await servePlugin(providerService.ResourceProviderService, {
    handshake: unary(async () => new proto.ProviderHandshakeResponse()),

    getPluginInfo: unary(async () => pluginInfo(version)),

    getSchema: unary(async () => schemaOf(cloud.name, version)),

    checkConfig: unary(async (request: messages.CheckRequest) => {
      const settings = fromStruct(request.getNews());
      return checked(settings, cloud.checkSettings(settings));
    }),

    // Other settings of a provider never mean other resources: account and region are in the names of providers.
    diffConfig: unary(async (request: messages.DiffRequest) => {
      const same = sameValue(fromStruct(request.getOldInputs()), fromStruct(request.getNews()));
      const response = new proto.DiffResponse();
      response.setChanges(same ? proto.DiffResponse.DiffChanges.DIFF_NONE : proto.DiffResponse.DiffChanges.DIFF_SOME);
      return response;
    }),

    configure: unary(async (request: messages.ConfigureRequest) => {
      provider.configure(fromStruct(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setSupportspreview(true);
      return response;
    }),

    check: unary(async (request: messages.CheckRequest) => {
      const { inputs, failures } = provider.check(tokenOfUrn(request.getUrn()), fromStruct(request.getNews()));
      return checked(inputs, failures);
    }),

    diff: unary(async (request: messages.DiffRequest) =>
      different(
        provider.diff(
          tokenOfUrn(request.getUrn()),
          fromStruct(request.getOlds()),
          fromStruct(request.getOldInputs()),
          fromStruct(request.getNews()),
          request.getIgnorechangesList(),
        ),
      ),
    ),

    create: unary(async (request: messages.CreateRequest) => {
      const inputs = fromStruct(request.getProperties());
      const made = await provider.create(tokenOfUrn(request.getUrn()), inputs, request.getPreview());
      return created(made);
    }),

    update: unary(async (request: messages.UpdateRequest) => {
      const outputs = await provider.update(
        tokenOfUrn(request.getUrn()),
        request.getId(),
        fromStruct(request.getOlds()),
        fromStruct(request.getNews()),
        request.getPreview(),
      );
      return updated(outputs);
    }),

    read: unary(async (request: messages.ReadRequest) => {
      const id = request.getId();
      const [inputs, properties] = [fromStruct(request.getInputs()), fromStruct(request.getProperties())];
      const resource = provider.read(tokenOfUrn(request.getUrn()), id, inputs, properties);
      return found(resource && { id, ...resource });
    }),

    delete: unary(async (request: messages.DeleteRequest) => {
      await provider.delete(tokenOfUrn(request.getUrn()), request.getId());
      return new empty.Empty();
    }),

    // Whoever looks something up and then creates it or not has another plan each time.
    invoke: unary(async (request: messages.InvokeRequest) => {
      throw new ProtocolError(
        grpc.status.UNIMPLEMENTED,
        `${request.getTok()}: the stand-in answers no look-ups, which the program must not need`,
      );
    }),

    cancel: unary(async () => new empty.Empty()),
  });
}
