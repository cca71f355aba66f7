/** The few calls to the API server that start and status make, with the administrator's certificate. */
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { LocalError } from "../errors.ts";
import type { StateFolder } from "./stateFolder.ts";

/** A Kubernetes object, as far as this folder looks at it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** Plural names, which the API's paths have, of the kinds that are applied here. */
const PLURALS: Readonly<Record<string, string>> = {
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
  ConfigMap: "configmaps",
  Deployment: "deployments",
  Service: "services",
  ServiceAccount: "serviceaccounts",
};

/** Path of an object in the API. @throws Error for a kind that is not in the list */
export function objectPath({ apiVersion, kind, metadata }: KubernetesObject): string {
  const plural = PLURALS[kind];
  if (plural === undefined) throw new Error(`no path is known for objects of kind ${kind}`);
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  return `${group}${namespace}/${plural}/${metadata.name}`;
}

/** Status and text of an answer. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

export class ApiClient {
  readonly #endpoint: URL;
  readonly #agent: Agent;

  private constructor(endpoint: string, agent: Agent) {
    this.#endpoint = new URL(`https://${endpoint}`);
    this.#agent = agent;
  }

  /** @param endpoint `host:port` of the API's forwarder */
  static async open(state: StateFolder, endpoint: string): Promise<ApiClient> {
    const [ca, cert, key] = await Promise.all(
      ["ca.crt", "admin.crt", "admin.key"].map((file) => readFile(join(state.pki, file))),
    );
    return new ApiClient(endpoint, new Agent({ ca, cert, key, keepAlive: true, maxSockets: 4 }));
  }

  /** The object at a path, or undefined when it is not there or the server is not reachable. */
  async read(path: string): Promise<Record<string, unknown> | undefined> {
    const answer = await this.send("GET", path).catch(() => undefined);
    return answer?.status === 200 ? JSON.parse(answer.text) : undefined;
  }

  /** Server-side apply. @throws LocalError with the server's own message */
  async apply(object: KubernetesObject): Promise<void> {
    const path = `${objectPath(object)}?fieldManager=pergola-local&force=true`;
    const answer = await this.send("PATCH", path, JSON.stringify(object));
    if (answer.status >= 300) {
      throw new LocalError(`${object.kind} ${object.metadata.name} was refused by the API server: ${answer.text}`);
    }
  }

  /** Any request; a body is an apply patch. */
  send(method: string, path: string, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const url = new URL(path, this.#endpoint);
      const headers = body === undefined ? {} : { "content-type": "application/apply-patch+yaml" };
      const outgoing = request(url, { method, headers, agent: this.#agent, timeout: 10_000 }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk) => chunks.push(chunk));
        incoming.on("end", () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
        );
        incoming.on("error", reject);
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer within 10 s`)));
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
