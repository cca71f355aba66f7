/** HTTPS to one API server: requests with answers, and answers that stream. */
import type http from "node:http";
import https from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { Authentication, type Credentials } from "./authentication.ts";
import { connectionError, interrupted, KubeStatusError, type Subject, statusError } from "./errors.ts";
import type { KubeTarget } from "./kubeconfig.ts";

/** An `import` would read each of its exports, among them a WebSocket for which Node loads all of undici (30 ms). */
const { Agent, request: plainRequest } = process.getBuiltinModule("node:http");

export interface KubeRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** below the server's address, with a slash at the start, without a query */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  /** sent as JSON */
  readonly body?: unknown;
  readonly contentType?: string;
  /** what errors call this request */
  readonly subject: Subject;
  /** milliseconds without a byte after which an answer that streams breaks off; none when left out */
  readonly silence?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** No answer for this long is a failed request. Streams (watch, logs) only need their headers within it. */
const ANSWER_SECONDS = 30;
/** A connection that is not there after this time, certificates exchanged, will not come. */
const CONNECT_SECONDS = 8;
/** The same on a connection that was used before: it may have died meanwhile without a word, and another try takes a new one. */
const REUSED_SECONDS = 8;
/**
 * A watch or a log without a byte for so long is to be opened again, from where it was: nothing else tells that nothing
 * happens from a connection that a proxy keeps open and forgets.
 */
export const SILENCE_MILLISECONDS = 10_000;
/** Waits before another try, in milliseconds. */
const RETRY_DELAYS = [250, 500, 1000];
/** A dead peer of a silent stream is noticed after this time and ten unanswered probes, a second apart. */
const KEEP_ALIVE_MILLISECONDS = 10_000;

export class KubeTransport {
  readonly target: KubeTarget;
  readonly #authentication: Authentication;
  readonly #agent: http.Agent;
  readonly #secure: boolean;

  constructor(target: KubeTarget, environment: NodeJS.ProcessEnv) {
    this.target = target;
    this.#authentication = new Authentication(target, environment);
    this.#secure = !target.server.startsWith("http:");
    const options = {
      keepAlive: true,
      keepAliveMsecs: KEEP_ALIVE_MILLISECONDS,
      maxFreeSockets: 4,
      scheduling: "lifo",
    } as const;
    this.#agent = this.#secure ? new https.Agent(options) : new Agent(options);
  }

  /** For connections that are not plain requests (WebSockets). */
  credentials(): Promise<Credentials> {
    return this.#authentication.credentials();
  }

  /** Closes idle connections, so that nothing keeps the process alive. */
  close(): void {
    this.#agent.destroy();
  }

  /**
   * Sends a request and parses the answer.
   * Safe methods and apply are tried again after a lost connection, 429 and 5xx; a POST only where the server says that it did
   * nothing.
   * @throws PergolaError; KubeStatusError for an answer that is not a success
   */
  async json<T>(request: KubeRequest): Promise<T> {
    const repeatable = request.method !== "POST";
    for (let attempt = 0; ; attempt++) {
      try {
        const response = await this.stream(request);
        return JSON.parse(await text(response, this.target)) as T;
      } catch (error) {
        const wait = RETRY_DELAYS[attempt];
        const again = repeatable ? worthAnotherTry(error) : wasNotDone(error);
        if (!again || wait === undefined || request.signal?.aborted) throw error;
        await delay(wait, undefined, { signal: request.signal }).catch(() => {
          throw interrupted();
        });
      }
    }
  }

  /** Sends a request and gives the answer's body as a stream, once the server has accepted the request. */
  async stream(request: KubeRequest): Promise<http.IncomingMessage> {
    const response = await this.#send(request, await this.credentials());
    if (response.statusCode !== 401) return this.#accepted(request, response);
    // A credential plugin's token may have ended early.
    response.resume();
    this.#authentication.forget();
    return this.#accepted(request, await this.#send(request, await this.credentials()));
  }

  /** To be called when a connection fell silent: those that are kept for later may be no better, and are closed. */
  dropIdle(): void {
    for (const socket of Object.values(this.#agent.freeSockets).flat()) socket?.destroy();
  }

  /** The error of a connection that is silent. */
  #silent(why: string): Error {
    this.dropIdle();
    return Object.assign(new Error(why), { code: "ETIMEDOUT" });
  }

  async #accepted(request: KubeRequest, response: http.IncomingMessage): Promise<http.IncomingMessage> {
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw statusError(status, await text(response, this.target), request.subject, this.target.context);
  }

  #send(request: KubeRequest, credentials: Credentials): Promise<http.IncomingMessage> {
    const { server, context } = this.target;
    const url = new URL(server + request.path);
    for (const [key, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, value);
    }
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    return new Promise((resolve, reject) => {
      if (request.signal?.aborted) return reject(interrupted());
      const sent = (this.#secure ? https.request : plainRequest)(
        url,
        {
          ...credentials.tls,
          agent: credentials.agent ?? this.#agent,
          method: request.method,
          headers: {
            ...credentials.headers,
            "User-Agent": "pergola",
            Accept: "application/json",
            ...(body
              ? { "Content-Type": request.contentType ?? "application/json", "Content-Length": body.length }
              : {}),
          },
          ...(request.signal ? { signal: request.signal } : {}),
        },
        (response) => {
          clearTimeout(timer);
          response.socket.setKeepAlive(true, KEEP_ALIVE_MILLISECONDS);
          if (request.silence !== undefined) {
            sent.setTimeout(request.silence, () => response.destroy(this.#silent(`no byte for ${request.silence} ms`)));
          }
          resolve(response);
        },
      );
      const giveUp = (seconds: number) => () => sent.destroy(this.#silent(`no answer within ${seconds} s`));
      let timer = setTimeout(giveUp(ANSWER_SECONDS), ANSWER_SECONDS * 1000);
      sent.once("socket", (socket) => {
        if (!socket.connecting) {
          if (request.method === "POST") return;
          clearTimeout(timer);
          timer = setTimeout(giveUp(REUSED_SECONDS), REUSED_SECONDS * 1000);
          return;
        }
        const connected = this.#secure ? "secureConnect" : "connect";
        const late = setTimeout(
          () => sent.destroy(new Error(`no connection within ${CONNECT_SECONDS} s`)),
          CONNECT_SECONDS * 1000,
        );
        socket.once(connected, () => clearTimeout(late)).once("close", () => clearTimeout(late));
      });
      sent.on("error", (error) => {
        clearTimeout(timer);
        reject(request.signal?.aborted ? interrupted() : connectionError(error, server, context));
      });
      sent.end(body);
    });
  }
}

async function text(response: http.IncomingMessage, target: KubeTarget): Promise<string> {
  try {
    let all = "";
    response.setEncoding("utf8");
    for await (const chunk of response) all += chunk;
    return all;
  } catch (error) {
    throw connectionError(error as Error, target.server, target.context);
  }
}

/**
 * Whether a POST was refused for the moment: too many requests, or a quota that others counted on at the same time ("Operation
 * cannot be fulfilled on resourcequotas ...: the object has been modified"). A name that is taken is another 409.
 */
function wasNotDone(error: unknown): boolean {
  return (
    error instanceof KubeStatusError && (error.status === 429 || (error.status === 409 && error.reason === "Conflict"))
  );
}

function worthAnotherTry(error: unknown): boolean {
  if (error instanceof KubeStatusError) return error.status === 429 || error.status >= 500;
  const code = ((error as Error).cause as { code?: string } | undefined)?.code;
  return code === "ECONNRESET" || code === "EPIPE" || code === "ETIMEDOUT";
}
