/**
 * Which server a kubeconfig context leads to. Only as much of the format as that takes; the provider reads the rest.
 * Source: kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig (several files: the first that
 * defines a name wins).
 */
import { parse } from "yaml";

/** A kubeconfig file, or the text of one from a secret (then `path` says which). */
export interface KubeconfigText {
  readonly path: string;
  readonly text: string;
}

/** Thrown when the context or its server cannot be found; the message says what is there. */
export class KubeconfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "KubeconfigError";
  }
}

/** Where a context leads. */
export interface ContextServer {
  readonly context: string;
  /** URL of the API server */
  readonly server: string;
  /** URL of the proxy on the way, when the kubeconfig names one */
  readonly proxy: string | null;
}

/**
 * The server that `context` (null: the current context) leads to. Throws {@link KubeconfigError}; no part of a
 * file's content but names of contexts gets into the message.
 */
export function serverOf(files: readonly KubeconfigText[], context: string | null): ContextServer {
  const documents = files.map(read);
  const where = files.map((file) => file.path).join(", ");
  const wanted = context ?? documents.map((document) => document["current-context"]).find(isText);
  if (wanted === undefined || wanted === "") throw new KubeconfigError(`${where} has no current context`);
  const contexts = documents.flatMap((document) => entries(document.contexts));
  const found = contexts.find((entry) => entry.name === wanted);
  if (found === undefined) {
    const names = contexts.map((entry) => entry.name);
    throw new KubeconfigError(
      `the context ${JSON.stringify(wanted)} is not in ${where} (${names.length === 0 ? "no context is" : `there: ${names.join(", ")}`})`,
    );
  }
  const name = field(found.context, "cluster");
  const cluster = documents.flatMap((document) => entries(document.clusters)).find((entry) => entry.name === name);
  const server = field(cluster?.cluster, "server");
  if (!isText(server)) throw new KubeconfigError(`the context ${JSON.stringify(wanted)} in ${where} names no server`);
  const proxy = field(cluster?.cluster, "proxy-url");
  return { context: wanted, server, proxy: isText(proxy) && proxy !== "" ? proxy : null };
}

/** Whether two server URLs are the same place: a default port and a trailing slash make no difference. */
export function sameServer(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(url: string): string {
  return URL.canParse(url) ? new URL(url).href.replace(/\/$/, "") : url;
}

type Named = { name: string } & Record<string, unknown>;

function read(file: KubeconfigText): Record<string, unknown> {
  let document: unknown;
  try {
    document = parse(file.text);
  } catch {
    // The parser's message quotes lines of the file, which may hold keys.
    throw new KubeconfigError(`${file.path} is not YAML`);
  }
  if (document === null) return {};
  if (typeof document !== "object" || Array.isArray(document))
    throw new KubeconfigError(`${file.path} is not a kubeconfig`);
  return document as Record<string, unknown>;
}

function entries(list: unknown): Named[] {
  return Array.isArray(list) ? list.filter((entry): entry is Named => isText(field(entry, "name"))) : [];
}

function field(object: unknown, key: string): unknown {
  return typeof object === "object" && object !== null ? (object as Record<string, unknown>)[key] : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
