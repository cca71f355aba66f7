/**
 * A watch that does not end by itself: it starts with what is there, reconnects from the last resource version that it
 * saw, and lists again when the server no longer keeps that version.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { setTimeout as delay } from "node:timers/promises";
import { PergolaError } from "../../errors.ts";
import { interrupted, isExpired, type Status, statusError } from "./errors.ts";
import { lines } from "./lines.ts";
import { apiPath, type Kind, type KubeObject, type ObjectTypes, pluralOf } from "./objects.ts";
import { type KubeTransport, SILENCE_MILLISECONDS } from "./transport.ts";

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WatchChange<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: T;
}

/** The server ends a watch after this time; ours then goes on with a new one. */
const WATCH_SECONDS = 240;
/** Connections may fail for this long before the cluster counts as unreachable. */
const GIVE_UP_MILLISECONDS = 30_000;

/**
 * What is there (as ADDED), then every change. Ends only by an error, or by the consumer leaving the loop.
 * After a gap that the server cannot fill, objects come as MODIFIED and those that are gone as DELETED.
 * @throws PergolaError cluster-unreachable after half a minute without a connection, forbidden, interrupted
 */
export async function* watch<K extends Kind>(
  transport: KubeTransport,
  kind: K,
  options: WatchOptions,
): AsyncGenerator<WatchChange<ObjectTypes[K]>, void, void> {
  type T = ObjectTypes[K];
  const path = apiPath(kind, options.namespace);
  const selectors = { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
  const subject = (verb: string) => ({ verb, resource: pluralOf(kind), namespace: options.namespace });
  const known = new Map<string, T>();
  let version: string | undefined;
  let failingSince: number | undefined;
  for (;;) {
    try {
      if (version === undefined) {
        const list = await transport.json<{ metadata: { resourceVersion: string }; items: T[] }>({
          method: "GET",
          path,
          query: selectors,
          subject: subject("list"),
          signal: options.signal,
        });
        const now = new Set(list.items.map((item) => item.metadata.uid ?? ""));
        for (const [uid, object] of [...known]) {
          if (now.has(uid)) continue;
          known.delete(uid);
          yield { type: "DELETED", object };
        }
        for (const object of list.items) {
          const uid = object.metadata.uid ?? "";
          const type = known.has(uid) ? "MODIFIED" : "ADDED";
          known.set(uid, object);
          yield { type, object };
        }
        version = list.metadata.resourceVersion;
      }
      const response = await transport.stream({
        method: "GET",
        path,
        query: {
          ...selectors,
          watch: "true",
          allowWatchBookmarks: "true",
          resourceVersion: version,
          timeoutSeconds: String(WATCH_SECONDS),
        },
        subject: subject("watch"),
        signal: options.signal,
        silence: SILENCE_MILLISECONDS,
      });
      failingSince = undefined;
      try {
        for await (const line of lines(response)) {
          const event = JSON.parse(line) as { type: string; object: KubeObject & Status };
          if (event.type === "ERROR") {
            throw statusError(
              event.object.code ?? 500,
              JSON.stringify(event.object),
              subject("watch"),
              transport.target.context,
            );
          }
          version = event.object.metadata.resourceVersion ?? version;
          if (event.type === "BOOKMARK") continue;
          const uid = event.object.metadata.uid ?? "";
          const object = event.object as unknown as T;
          if (event.type === "DELETED") known.delete(uid);
          else known.set(uid, object);
          yield { type: event.type as WatchChange<T>["type"], object };
        }
      } finally {
        response.destroy();
      }
    } catch (error) {
      if (options.signal?.aborted) throw interrupted();
      if (isExpired(error)) {
        version = undefined;
        continue;
      }
      if (error instanceof PergolaError && error.data.code !== "cluster-unreachable") throw error;
      // A connection that broke while it streamed is no PergolaError: simply connect again.
      failingSince ??= Date.now();
      if (error instanceof PergolaError && Date.now() - failingSince > GIVE_UP_MILLISECONDS) throw error;
      await delay(500);
    }
  }
}
