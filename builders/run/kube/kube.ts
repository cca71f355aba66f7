/** One cluster, as one kubeconfig context reaches it: typed, thin calls of the Kubernetes API. */
import { PergolaError } from "../../errors.ts";
import type { Manifest } from "../../plan/plan.ts";
import type { ExecResult } from "./channels.ts";
import { isConflict, isNotFound, KubeStatusError } from "./errors.ts";
import type { Exec, ExecTarget } from "./exec.ts";
import { readKubeTarget } from "./kubeconfig.ts";
import { followLogs, type LogTarget } from "./logs.ts";
import { apiPath, type ConfigMap, isKind, type Kind, type KubeObject, type ObjectTypes, pluralOf } from "./objects.ts";
import { type ExecTransport, PodCommands } from "./podCommands.ts";
import { KubeTransport } from "./transport.ts";
import { type WatchChange, type WatchOptions, watch } from "./watch.ts";

/** Owner of the fields that the runner applies. */
export const FIELD_MANAGER = "pergola";

export interface KubeOptions {
  /** kubeconfig context; the current one when null or left out */
  readonly context?: string | null | undefined;
  /** where KUBECONFIG and HOME are looked up; the process's own by default */
  readonly environment?: NodeJS.ProcessEnv;
  /** how commands in pods are run; `websocket` by default, which gives way to `kubectl` where no WebSocket is let through */
  readonly transport?: ExecTransport | undefined;
}

export interface ListOptions {
  /** all namespaces when left out */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly signal?: AbortSignal;
}

export class Kube {
  /** name of the kubeconfig context in use */
  readonly context: string;
  /** namespace of the context, "default" where it names none */
  readonly namespace: string;
  /** URL of the API server */
  readonly server: string;
  /** registry host -> host:port at which this machine reaches that registry, from the context's extension */
  readonly registryEndpoints: Readonly<Record<string, string>>;
  readonly #transport: KubeTransport;
  readonly #commands: PodCommands;

  /** Reads the kubeconfig; the cluster is not contacted. @throws PergolaError kubeconfig */
  constructor(options: KubeOptions = {}) {
    const environment = options.environment ?? process.env;
    const target = readKubeTarget(options.context ?? null, environment);
    this.context = target.context;
    this.namespace = target.namespace;
    this.server = target.server;
    this.registryEndpoints = target.registryEndpoints;
    this.#transport = new KubeTransport(target, environment);
    this.#commands = new PodCommands(this.#transport, environment, options.transport ?? "websocket");
  }

  /** Closes idle connections. */
  close(): void {
    this.#transport.close();
  }

  /** An object, or null when there is none (or its namespace is missing). */
  async get<K extends Kind>(
    kind: K,
    namespace: string | undefined,
    name: string,
    signal?: AbortSignal,
  ): Promise<ObjectTypes[K] | null> {
    try {
      return await this.#transport.json<ObjectTypes[K]>({
        method: "GET",
        path: apiPath(kind, namespace, name),
        subject: { verb: "get", resource: pluralOf(kind), namespace, name },
        signal,
      });
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async list<K extends Kind>(kind: K, options: ListOptions = {}): Promise<ObjectTypes[K][]> {
    const items: ObjectTypes[K][] = [];
    let next: string | undefined;
    do {
      const page = await this.#transport.json<{ items: ObjectTypes[K][]; metadata?: { continue?: string } }>({
        method: "GET",
        path: apiPath(kind, options.namespace),
        query: {
          labelSelector: options.labelSelector,
          fieldSelector: options.fieldSelector,
          limit: "500",
          continue: next,
        },
        subject: { verb: "list", resource: pluralOf(kind), namespace: options.namespace },
        signal: options.signal,
      });
      items.push(...page.items);
      next = page.metadata?.continue || undefined;
    } while (next);
    return items;
  }

  /** Creates an object. @throws KubeStatusError with status 409 when there is one of this name */
  async create<T extends KubeObject>(manifest: Manifest, signal?: AbortSignal): Promise<T> {
    const { kind, namespace, name } = this.#locate(manifest);
    return this.#transport.json<T>({
      method: "POST",
      path: apiPath(kind, namespace),
      query: { fieldManager: FIELD_MANAGER },
      body: manifest,
      subject: { verb: "create", resource: pluralOf(kind), namespace, name },
      signal,
    });
  }

  /**
   * Server-side apply. Never takes a field from another owner.
   * @throws PergolaError builder-not-ready, naming the other owner, when somebody else owns a field with another value
   */
  async apply<T extends KubeObject>(manifest: Manifest, signal?: AbortSignal): Promise<T> {
    const { kind, namespace, name } = this.#locate(manifest);
    try {
      return await this.#transport.json<T>({
        method: "PATCH",
        path: apiPath(kind, namespace, name),
        query: { fieldManager: FIELD_MANAGER, force: "false" },
        body: manifest,
        contentType: "application/apply-patch+yaml",
        subject: { verb: "patch", resource: pluralOf(kind), namespace, name },
        signal,
      });
    } catch (error) {
      if (!isConflict(error)) throw error;
      const { message } = (error as KubeStatusError).data;
      throw new KubeStatusError(
        {
          code: "builder-not-ready",
          message: `${kind} ${name} in namespace ${namespace} was changed by somebody else: ${message}`,
          hint: `Delete it (kubectl delete ${pluralOf(kind)} ${name} --namespace ${namespace}) and the next build makes it anew.`,
        },
        409,
        "Conflict",
      );
    }
  }

  /** JSON Patch. @throws KubeStatusError with status 422 when a `test` in it fails */
  async patch<T extends KubeObject>(
    kind: Kind,
    namespace: string,
    name: string,
    operations: readonly object[],
  ): Promise<T> {
    return this.#transport.json<T>({
      method: "PATCH",
      path: apiPath(kind, namespace, name),
      query: { fieldManager: FIELD_MANAGER },
      body: operations,
      contentType: "application/json-patch+json",
      subject: { verb: "patch", resource: pluralOf(kind), namespace, name },
    });
  }

  /** Deletes an object; false when there was none. `uid` protects a newer one of the same name. */
  async delete(
    kind: Kind,
    namespace: string,
    name: string,
    options: { graceSeconds?: number; uid?: string | undefined } = {},
  ): Promise<boolean> {
    try {
      await this.#transport.json({
        method: "DELETE",
        path: apiPath(kind, namespace, name),
        body: {
          kind: "DeleteOptions",
          apiVersion: "v1",
          propagationPolicy: "Background",
          ...(options.graceSeconds !== undefined ? { gracePeriodSeconds: options.graceSeconds } : {}),
          ...(options.uid ? { preconditions: { uid: options.uid } } : {}),
        },
        subject: { verb: "delete", resource: pluralOf(kind), namespace, name },
      });
      return true;
    } catch (error) {
      if (isNotFound(error) || (options.uid && isConflict(error))) return false;
      throw error;
    }
  }

  /** What is there, then every change; see {@link watch}. */
  watch<K extends Kind>(kind: K, options: WatchOptions): AsyncGenerator<WatchChange<ObjectTypes[K]>, void, void> {
    return watch(this.#transport, kind, options);
  }

  /** Lines of a container's log until it ends, across lost connections. */
  logs(target: LogTarget, signal?: AbortSignal, ended?: AbortSignal): AsyncGenerator<string, void, void> {
    return followLogs(this.#transport, target, signal, ended);
  }

  /** The last lines of a container's log; of its previous run with `previous`. "" when there is none to be had. */
  async logTail(target: LogTarget, lineCount: number, previous = false): Promise<string> {
    try {
      const response = await this.#transport.stream({
        method: "GET",
        path: apiPath("Pod", target.namespace, target.pod, "log"),
        query: { container: target.container, tailLines: String(lineCount), previous: previous ? "true" : undefined },
        subject: { verb: "get", resource: "pods/log", namespace: target.namespace, name: target.pod },
      });
      let all = "";
      response.setEncoding("utf8");
      for await (const text of response) all += text;
      return all.trimEnd();
    } catch (error) {
      if (error instanceof PergolaError && !(error instanceof KubeStatusError)) throw error;
      return "";
    }
  }

  /** `say` takes a line for people: that pods cannot be reached by WebSocket. */
  tell(say: (line: string) => void): void {
    this.#commands.tell(say);
  }

  /** Starts a command in a pod. @throws PergolaError as {@link PodCommands.start} */
  exec(target: ExecTarget, signal?: AbortSignal): Promise<Exec> {
    return this.#commands.start(target, signal);
  }

  /**
   * Runs a command in a pod to its end, with `input` on its stdin.
   * Output beyond 1 MiB is an error: this is for small answers.
   */
  async run(
    target: ExecTarget,
    input = "",
    signal?: AbortSignal,
  ): Promise<ExecResult & { stdout: string; stderr: string }> {
    const exec = await this.exec(target, signal);
    exec.stdin.end(input);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of exec.stdout as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > 1 << 20) {
        exec.close();
        throw new PergolaError({
          code: "internal",
          message: `${target.command[0]} in pod ${target.pod} answered with more than 1 MiB.`,
        });
      }
      chunks.push(chunk);
    }
    return { ...(await exec.result), stdout: Buffer.concat(chunks).toString("utf8"), stderr: exec.stderr() };
  }

  /** uid of the namespace kube-system, which identifies the cluster. */
  async clusterUid(): Promise<string> {
    const namespace = await this.get("Namespace", undefined, "kube-system");
    if (!namespace?.metadata.uid) {
      throw new PergolaError({
        code: "wrong-cluster",
        message: `The cluster of context ${this.context} has no namespace kube-system.`,
      });
    }
    return namespace.metadata.uid;
  }

  /** A ConfigMap, or null. */
  readConfigMap(namespace: string, name: string): Promise<ConfigMap | null> {
    return this.get("ConfigMap", namespace, name);
  }

  /** ConfigMaps of all namespaces that carry the labels. */
  listConfigMaps(labelSelector: string): Promise<ConfigMap[]> {
    return this.list("ConfigMap", { labelSelector });
  }

  #locate(manifest: Manifest): { kind: Kind; namespace: string | undefined; name: string } {
    const { namespace, name } = manifest.metadata;
    if (!isKind(manifest.kind))
      throw new PergolaError({ code: "internal", message: `The runner does not know the kind ${manifest.kind}.` });
    return { kind: manifest.kind, namespace, name };
  }
}
