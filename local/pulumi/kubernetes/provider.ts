import { setTimeout as delay } from "node:timers/promises";
import type { ObjectChange } from "../changes.ts";
import type { ValueMap } from "../wire.ts";
import { stringAt, unknown, withoutSecrets } from "../wire.ts";
import { apply, managerFor } from "./apply.ts";
import { NotReady, waitGone, waitReady } from "./await.ts";
import type { Checked } from "./check.ts";
import { checkInputs } from "./check.ts";
import type { ObjectName } from "./client.ts";
import { ClusterClient, UnknownKind, Unreachable } from "./client.ts";
import { diffObject } from "./diff.ts";
import { importedInputs, pickInputs } from "./drift.ts";
import type { EngineLog } from "./engineLog.ts";
import type { ObjectType } from "./kinds.ts";
import { annotation, builtInNamespaced, idOf, parseId, refusal, title, tokenOfUrn, typeOf } from "./kinds.ts";
import { readKubeconfig, selectCluster } from "./kubeconfig.ts";
import { managerOf, toOutputs } from "./outputs.ts";
import type { PreviewContext } from "./preview.ts";
import { nameOf, previewCreation, previewUpdate, refuseExisting, refuseGone } from "./preview.ts";
import { hideSecrets } from "./redact.ts";
import type { ProviderSettings } from "./settings.ts";
import { readSettings } from "./settings.ts";

/** An object was written, but something after that failed: its state must be kept all the same. */
export class InitializationFailed extends Error {
  readonly id: string;
  readonly outputs: ValueMap;
  readonly reasons: readonly string[];

  constructor(message: string, id: string, outputs: ValueMap, reasons: readonly string[]) {
    super(message);
    this.id = id;
    this.outputs = outputs;
    this.reasons = reasons;
  }
}

/** What most operations carry. */
export interface Operation {
  readonly urn: string;
  readonly inputs: ValueMap;
  /** Seconds from customTimeouts; 0 when the program sets none. */
  readonly timeoutSeconds: number;
  readonly preview: boolean;
}

/** An object as the engine keeps it. */
export interface ObjectState {
  readonly id: string;
  readonly outputs: ValueMap;
}

/** Seconds in which a kind may still appear, right after its custom resource definition was established. */
const discoverySeconds = 10;

/** The provider's operations, in terms of values; gRPC is not known here. */
export class KubernetesProvider {
  readonly #log: EngineLog;
  readonly #stop = new AbortController();
  /** Resources that have a state: the engine checks each with its old inputs before anything else. */
  readonly #existing = new Set<string>();
  #settings: ProviderSettings = readSettings({});
  #client: ClusterClient | undefined;

  constructor(log: EngineLog) {
    this.#log = log;
  }

  /** Takes the checked configuration. A connection that is not known yet (a preview) leaves the provider without one. */
  configure(inputs: ValueMap): void {
    this.#settings = readSettings(inputs);
    const plain = withoutSecrets(inputs);
    if ([plain.kubeconfig, plain.context, plain.cluster].includes(unknown)) return;
    const selected = selectCluster(readKubeconfig(this.#settings.kubeconfig), this.#settings);
    this.#client = new ClusterClient(selected);
  }

  /** Ends all waits; what they waited for keeps its state. */
  cancel(): void {
    this.#stop.abort();
  }

  /** See {@link checkInputs}. */
  async check(urn: string, olds: ValueMap | undefined, news: ValueMap, randomSeed: Uint8Array): Promise<Checked> {
    const token = tokenOfUrn(urn);
    const refused = refusal(token, news);
    const type = typeOf(news, token);
    if (refused !== undefined || type === undefined)
      return { inputs: news, failures: [{ property: "", reason: refused ?? `${token} is no type` }] };
    if (olds !== undefined) this.#existing.add(urn);
    return checkInputs(news, {
      type,
      resourceName: urn.split("::").pop() ?? "",
      olds,
      randomSeed,
      namespaced: await this.#isNamespaced(type),
      defaultNamespace: this.#settings.namespace ?? this.#client?.contextNamespace ?? "default",
    });
  }

  /** See {@link diffObject}. */
  diff(urn: string, olds: ValueMap, news: ValueMap): ObjectChange {
    return diffObject(olds, news, typeOf(news, tokenOfUrn(urn)) ?? { apiVersion: "", kind: "" }, this.#settings);
  }

  /** Creates an object, which must not be there yet, and waits until it is ready. */
  async create(operation: Operation): Promise<ObjectState> {
    const { urn, inputs } = operation;
    return this.#hiding(inputs, async () => {
      const manager = managerFor(urn);
      if (operation.preview) {
        const outputs = await previewCreation(inputs, {
          ...this.#previews(manager),
          hasState: this.#existing.has(urn),
        });
        return { id: "", outputs };
      }
      const name = nameOf(inputs);
      await this.#untilKnown(name);
      if (!this.#settings.upsertExistingObjects) await refuseExisting(this.#connected(), name, inputs);
      const live = await apply(this.#connected(), name, inputs, { manager, dryRun: false });
      return this.#settle(operation, name, live, manager);
    });
  }

  /** Updates an object in place, which must be there, and waits until it is ready. */
  async update(operation: Operation, olds: ValueMap): Promise<ValueMap> {
    const { urn, inputs } = operation;
    return this.#hiding(inputs, async () => {
      const manager = managerOf(olds) ?? managerFor(urn);
      if (operation.preview) return previewUpdate(inputs, olds, this.#previews(manager));
      const name = nameOf(inputs);
      try {
        await refuseGone(this.#connected(), name, inputs);
        const live = await apply(this.#connected(), name, inputs, { manager, dryRun: false });
        return (await this.#settle(operation, name, live, manager)).outputs;
      } catch (error) {
        if (!(error instanceof Unreachable) || !this.#settings.skipUpdateUnreachable) throw error;
        this.#log.warn(urn, `${error.message}; ${title(inputs)} was not updated (skipUpdateUnreachable)`);
        return olds;
      }
    });
  }

  /**
   * Reads an object: its state, and as inputs the live values of the fields that the program named (of all fields when it
   * is imported). Undefined when it is gone.
   */
  async read(
    urn: string,
    id: string,
    inputs: ValueMap,
    state: ValueMap,
  ): Promise<(ObjectState & { inputs: ValueMap }) | undefined> {
    const token = tokenOfUrn(urn);
    const known = Object.keys(inputs).length > 0 ? inputs : state;
    const refused = refusal(token, withoutSecrets(known));
    const type = typeOf(known, token);
    if (refused !== undefined || type === undefined) throw new Error(refused);
    const name: ObjectName = { ...type, ...parseId(id) };
    const manager = managerOf(state) ?? managerFor(urn);
    try {
      const found = await this.#connected().get(name);
      if (found === undefined) return undefined;
      const live: ValueMap = { ...found, apiVersion: type.apiVersion, kind: type.kind };
      const picked = Object.keys(inputs).length > 0 ? pickInputs(inputs, live) : importedInputs(live);
      return { id, inputs: picked, outputs: toOutputs(live, inputs, manager) };
    } catch (error) {
      if (error instanceof UnknownKind) return undefined;
      if (!(error instanceof Unreachable)) throw error;
      if (!this.#settings.deleteUnreachable) throw stateIsKept(error, title({ ...type, metadata: { ...parseId(id) } }));
      this.#log.warn(urn, `${error.message}; dropped from the state (deleteUnreachable)`);
      return undefined;
    }
  }

  /** Deletes an object and waits until it is gone; one that is gone already is fine. */
  async delete(urn: string, id: string, state: ValueMap, timeoutSeconds: number): Promise<void> {
    const type = typeOf(state, tokenOfUrn(urn));
    if (type === undefined) throw new Error(`${urn}: the state names no type`);
    const name: ObjectName = { ...type, ...parseId(id) };
    try {
      const client = this.#connected();
      const live = await client.get(name);
      if (live === undefined) return;
      const propagation = annotation(withoutSecrets(state), "pulumi.com/deletionPropagationPolicy") ?? "foreground";
      await client.delete(name, { propagation: capitalized(propagation) });
      await waitGone(client, name, stringAt(live, "metadata", "uid"), this.#waitOptions(urn, timeoutSeconds));
    } catch (error) {
      if (error instanceof UnknownKind) return;
      if (!(error instanceof Unreachable)) throw error;
      if (!this.#settings.deleteUnreachable) throw stateIsKept(error, title({ ...type, metadata: { ...parseId(id) } }));
      this.#log.warn(urn, `${error.message}; dropped from the state without deleting it (deleteUnreachable)`);
    }
  }

  /** Waits for an object that was just written. Whatever fails from here on, its state is kept. */
  async #settle(operation: Operation, name: ObjectName, applied: ValueMap, manager: string): Promise<ObjectState> {
    const id = idOf(applied);
    try {
      const live = await waitReady(
        this.#connected(),
        name,
        applied,
        this.#waitOptions(operation.urn, operation.timeoutSeconds),
      );
      return { id, outputs: toOutputs(live, operation.inputs, manager) };
    } catch (error) {
      const live = error instanceof NotReady ? error.live : applied;
      const reasons = error instanceof NotReady ? error.reasons : [(error as Error).message];
      const hidden = reasons.map((reason) => hideSecrets(reason, operation.inputs));
      throw new InitializationFailed((error as Error).message, id, toOutputs(live, operation.inputs, manager), hidden);
    }
  }

  async #untilKnown(type: ObjectType): Promise<void> {
    for (const deadline = Date.now() + discoverySeconds * 1000; ; await delay(250)) {
      try {
        await this.#connected().isNamespaced(type);
        return;
      } catch (error) {
        const builtIn = builtInNamespaced(type) !== undefined;
        if (!(error instanceof UnknownKind) || builtIn || Date.now() > deadline || this.#stop.signal.aborted)
          throw error;
      }
    }
  }

  async #isNamespaced(type: ObjectType): Promise<boolean | undefined> {
    const builtIn = builtInNamespaced(type);
    if (builtIn !== undefined || this.#client === undefined) return builtIn;
    try {
      return await this.#client.isNamespaced(type);
    } catch (error) {
      if (error instanceof Unreachable || error instanceof UnknownKind) return undefined;
      throw error;
    }
  }

  #previews(manager: string): PreviewContext {
    const { upsertExistingObjects } = this.#settings;
    return { client: this.#client, manager, upsertExistingObjects, warn: (message) => this.#log.warnOnce(message) };
  }

  #connected(): ClusterClient {
    if (this.#client === undefined)
      throw new Unreachable("the provider's kubeconfig, context or cluster is not known yet");
    return this.#client;
  }

  #waitOptions(urn: string, timeoutSeconds: number) {
    return { timeoutSeconds, signal: this.#stop.signal, onStatus: (detail: string) => this.#log.status(urn, detail) };
  }

  /** Runs an operation; an error's message loses the secret values of the object. */
  async #hiding<T>(inputs: ValueMap, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof Error) error.message = hideSecrets(error.message, inputs);
      throw error;
    }
  }
}

function stateIsKept(error: Unreachable, what: string): Error {
  return new Error(
    `${error.message}; ${what} stays in the state. Start the cluster, or, when it is gone for good, set PULUMI_K8S_DELETE_UNREACHABLE=true`,
  );
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
}
