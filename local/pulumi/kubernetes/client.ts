import { Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent, request } from "node:https";
import type { ValueMap } from "../wire.ts";
import { isMap, stringAt } from "../wire.ts";
import type { Connection } from "./credentials.ts";
import { connect } from "./credentials.ts";
import type { ObjectType } from "./kinds.ts";
import type { SelectedCluster } from "./kubeconfig.ts";

/** The API server could not be asked: no connection, no TLS, no valid certificate, no answer in time. */
export class Unreachable extends Error {}

/** The API server answered with an error. `status` is its Status object, as far as it sent one. */
export class ApiError extends Error {
  readonly code: number;
  readonly status: ValueMap;

  constructor(code: number, status: ValueMap) {
    super(stringAt(status, "message") ?? `the API server answered ${code}`);
    this.code = code;
    this.status = status;
  }
}

/** The cluster does not know a kind: a wrong apiVersion, or a custom resource definition that is not there (yet). */
export class UnknownKind extends Error {}

/** Where objects of a kind lie. */
interface KindResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Names one object. */
export interface ObjectName extends ObjectType {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Seconds that a single request may take; a namespace with many objects answers a list well within. */
const requestSeconds = 30;

/** A thin client of one API server: JSON in, JSON out; kinds are looked up once per API version. */
export class ClusterClient {
  readonly #selected: SelectedCluster;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  readonly #plainAgent = new PlainAgent({ keepAlive: true, maxSockets: 16 });
  #connection: Promise<Connection> | undefined;
  #expires: number | undefined;
  readonly #kinds = new Map<string, Promise<readonly KindResource[]>>();

  constructor(selected: SelectedCluster) {
    this.#selected = selected;
  }

  /** The cluster as messages name it: entry and server. */
  get title(): string {
    return `cluster "${this.#selected.name}" (${this.#selected.cluster.server})`;
  }

  /** The namespace of the kubeconfig's context, if it has one. */
  get contextNamespace(): string | undefined {
    return this.#selected.namespace;
  }

  /** Whether objects of a type lie in namespaces. @throws UnknownKind, Unreachable, ApiError */
  async isNamespaced(type: ObjectType): Promise<boolean> {
    return (await this.#resource(type)).namespaced;
  }

  /** Reads an object; undefined when it, or its namespace, is not there. @throws UnknownKind, Unreachable, ApiError */
  async get(object: ObjectName): Promise<ValueMap | undefined> {
    return this.#unlessGone(this.#call("GET", await this.#objectPath(object)));
  }

  /** Lists objects of a type in a namespace. @param query label or field selectors as query parameters */
  async list(
    type: ObjectType,
    namespace: string | undefined,
    query: Readonly<Record<string, string>>,
  ): Promise<ValueMap[]> {
    const path = `${await this.#collectionPath(type, namespace)}?${new URLSearchParams(query)}`;
    const { items } = (await this.#call("GET", path)) as { items?: ValueMap[] };
    return items ?? [];
  }

  /** Server-side apply, never forced: a field that another manager holds with another value is an ApiError 409. */
  async apply(
    object: ObjectName,
    body: ValueMap,
    options: { readonly manager: string; readonly dryRun: boolean },
  ): Promise<ValueMap> {
    const query = new URLSearchParams({
      fieldManager: options.manager,
      force: "false",
      ...(options.dryRun ? { dryRun: "All" } : {}),
    });
    return this.#call("PATCH", `${await this.#objectPath(object)}?${query}`, body, "application/apply-patch+yaml");
  }

  /** Asks for an object's deletion; it may take a while to be gone. One that is not there is fine. */
  async delete(object: ObjectName, options: { readonly propagation: string }): Promise<void> {
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: options.propagation };
    await this.#unlessGone(this.#call("DELETE", await this.#objectPath(object), body));
  }

  async #unlessGone(answer: Promise<ValueMap>): Promise<ValueMap | undefined> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  async #objectPath(object: ObjectName): Promise<string> {
    return `${await this.#collectionPath(object, object.namespace)}/${encodeURIComponent(object.name)}`;
  }

  async #collectionPath(type: ObjectType, namespace: string | undefined): Promise<string> {
    const { name, namespaced } = await this.#resource(type);
    return `${apiRoot(type.apiVersion)}${namespaced ? `/namespaces/${encodeURIComponent(namespace ?? "default")}` : ""}/${name}`;
  }

  async #resource({ apiVersion, kind }: ObjectType): Promise<KindResource> {
    const found = (await this.#discover(apiVersion)).find(
      (resource) => resource.kind === kind && !resource.name.includes("/"),
    );
    if (found) return found;
    // A definition may have been created since: look again next time.
    this.#kinds.delete(apiVersion);
    throw new UnknownKind(
      `${this.title} knows no ${kind} in ${apiVersion}; check the spelling, or create its custom resource definition first`,
    );
  }

  #discover(apiVersion: string): Promise<readonly KindResource[]> {
    const known = this.#kinds.get(apiVersion);
    if (known) return known;
    const asked = this.#unlessGone(this.#call("GET", apiRoot(apiVersion))).then(
      (list) =>
        ((list as { resources?: readonly KindResource[] } | undefined)?.resources ?? []) as readonly KindResource[],
    );
    this.#kinds.set(apiVersion, asked);
    asked.catch(() => this.#kinds.delete(apiVersion));
    return asked;
  }

  async #connected(): Promise<Connection> {
    if (this.#expires !== undefined && Date.now() > this.#expires - 30_000) this.#connection = undefined;
    this.#connection ??= connect(this.#selected.cluster, this.#selected.user);
    const connection = await this.#connection.catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    this.#expires = connection.expires;
    return connection;
  }

  async #call(method: string, path: string, body?: ValueMap, contentType = "application/json"): Promise<ValueMap> {
    const connection = await this.#connected();
    const { code, text } = await this.#exchange(
      connection,
      method,
      path,
      body === undefined ? undefined : JSON.stringify(body),
      contentType,
    );
    let answer: unknown;
    try {
      answer = text === "" ? {} : JSON.parse(text);
    } catch {
      answer = { message: text.slice(0, 500) };
    }
    const object = isMap(answer as ValueMap) ? (answer as ValueMap) : {};
    if (code >= 400) throw new ApiError(code, object);
    return object;
  }

  #exchange(
    { server, tls, headers }: Connection,
    method: string,
    path: string,
    body: string | undefined,
    contentType: string,
  ): Promise<{ code: number; text: string }> {
    const plain = server.protocol === "http:";
    const target = new URL(server.pathname.replace(/\/$/, "") + path, server);
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new Unreachable(`${this.title} cannot be reached: ${causeOf(error)}`));
      const options = {
        method,
        headers: {
          accept: "application/json",
          ...headers,
          ...(body === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(body) }),
        },
        timeout: requestSeconds * 1000,
      };
      const call = plain
        ? plainRequest(target, { ...options, agent: this.#plainAgent })
        : request(target, { ...options, ...tls, agent: this.#agent });
      call.on("error", fail);
      call.on("timeout", () => call.destroy(new Error(`no answer within ${requestSeconds} s`)));
      call.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () =>
          resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
        );
      });
      call.end(body);
    });
  }
}

function apiRoot(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Node tries several addresses and then throws an AggregateError without a message. */
function causeOf(error: Error): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  return (inner ?? error).message || (error as NodeJS.ErrnoException).code || "unknown reason";
}
