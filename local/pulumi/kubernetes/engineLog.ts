import type { LogSeverity } from "@pulumi/pulumi/proto/engine_pb.js";
import { channelOptions, engine, engineService, grpc } from "../protocol.ts";

/** Messages to the user, shown by the engine beside the resource that they are about. */
export class EngineLog {
  readonly #client: InstanceType<typeof engineService.EngineClient> | undefined;
  readonly #said = new Set<string>();

  /** @param address of the engine; without one (the provider was started by hand) nothing is said */
  constructor(address: string | undefined) {
    this.#client = address
      ? new engineService.EngineClient(address, grpc.credentials.createInsecure(), channelOptions)
      : undefined;
  }

  /** What is being waited for; replaced by the next status of the same resource. */
  status(urn: string, message: string): void {
    this.#send(engine.LogSeverity.INFO, urn, message, true);
  }

  /** A warning about a resource. */
  warn(urn: string, message: string): void {
    this.#send(engine.LogSeverity.WARNING, urn, message, false);
  }

  /** A warning that is about the whole run: said once. */
  warnOnce(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#send(engine.LogSeverity.WARNING, "", message, false);
  }

  #send(severity: LogSeverity, urn: string, message: string, ephemeral: boolean): void {
    if (this.#client === undefined) return;
    const request = new engine.LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    // A message that cannot be delivered must not fail the operation that it is about.
    this.#client.log(request, () => {});
  }
}
