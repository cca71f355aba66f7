/**
 * A registry as a pod reaches it, asked with the pod's own login: whoever builds may have neither a way to it nor an account.
 * Each request is a connection of the pod's `nc`, whose ends are here: TLS is spoken from here, so that nothing on the way
 * reads it, with the pod's network in between.
 */
import http from "node:http";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { checkServerIdentity, connect, rootCertificates } from "node:tls";
import { basic, DOCKER_HUB, type Login, readChallenge } from "./registryLogin.ts";

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RegistryPlace {
  /** host[:port] */
  readonly host: string;
  /** repository's path */
  readonly repository: string;
  /** plain http */
  readonly insecure: boolean;
  readonly caBundle: string | null;
}

/** A connection from a pod. */
export interface PodConnection {
  readonly stream: Duplex;
  /** what the pod's side says of its end, "" for nothing; to be asked when the stream is destroyed */
  said(): Promise<string>;
}

/** What a pod lends. */
export interface PodWays {
  dial(host: string, port: number): Promise<PodConnection>;
  /** the pod's login for a registry; null where it has none */
  login(host: string): Promise<Login | null>;
}

interface Request {
  readonly method: "GET" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Manifests are at most 4 MiB (distribution specification). */
const LONGEST = 4 * 1024 * 1024;
const PATIENCE = 60_000;

export class PodRegistry {
  readonly #place: RegistryPlace;
  readonly #ways: PodWays;
  #authorization: string | null = null;

  constructor(place: RegistryPlace, ways: PodWays) {
    this.#place = place;
    this.#ways = ways;
  }

  /** Asks for, or sends, a manifest of the repository. Rejects when there is no answer. */
  async manifest(reference: string, request: Request): Promise<RegistryAnswer> {
    const { repository, insecure } = this.#place;
    const host = DOCKER_HUB.hosts.includes(this.#place.host) ? DOCKER_HUB.api : this.#place.host;
    const url = new URL(`${insecure ? "http" : "https"}://${host}/v2/${repository}/manifests/${reference}`);
    const first = await this.#send(url, request, this.#authorization);
    if (first.status !== 401) return first;
    const authorization = await this.#authorize(first);
    if (authorization === null) return first;
    this.#authorization = authorization;
    return this.#send(url, request, authorization);
  }

  /** What a refused request has to say next time; null when that is not known. */
  async #authorize({ headers }: RegistryAnswer): Promise<string | null> {
    const { host, repository } = this.#place;
    const challenge = readChallenge(headers["www-authenticate"] ?? "", `repository:${repository}:pull,push`);
    if (challenge === null) return null;
    const login = await this.#ways.login(host);
    if (challenge.scheme === "basic") return login === null ? null : basic(login);
    const answer = await this.#send(new URL(challenge.url), { method: "GET" }, login === null ? null : basic(login));
    if (answer.status !== 200) return null;
    const { token, access_token } = JSON.parse(answer.body.toString("utf8"));
    return typeof (token ?? access_token) === "string" ? `Bearer ${token ?? access_token}` : null;
  }

  async #send(url: URL, { method, headers, body }: Request, authorization: string | null): Promise<RegistryAnswer> {
    const secure = url.protocol === "https:";
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const { stream: raw, said } = await this.#ways.dial(host, Number(url.port || (secure ? 443 : 80)));
    const { caBundle } = this.#place;
    const socket = secure
      ? connect({
          socket: raw,
          ...(isIP(host) === 0 ? { servername: host } : {}),
          checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
          ...(caBundle === null ? {} : { ca: [...rootCertificates, caBundle] }),
        })
      : raw;
    try {
      return await new Promise<RegistryAnswer>((resolve, reject) => {
        raw.on("error", reject);
        const request = http.request({
          createConnection: () => socket,
          method,
          path: `${url.pathname}${url.search}`,
          headers: {
            host: url.host,
            connection: "close",
            "user-agent": "pergola",
            ...headers,
            ...(authorization === null ? {} : { authorization }),
            ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
          },
          signal: AbortSignal.timeout(PATIENCE),
        });
        request.on("error", reject);
        request.on("response", (response) => {
          const pieces: Buffer[] = [];
          let size = 0;
          response.on("data", (piece: Buffer) => {
            size += piece.length;
            pieces.push(piece);
            if (size > LONGEST) response.destroy(new Error(`${url.host} answered with more than ${LONGEST} bytes`));
          });
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
          );
        });
        request.end(body);
      });
    } catch (error) {
      raw.destroy();
      const why = await said();
      throw why === "" ? error : new Error(why, { cause: error });
    } finally {
      socket.destroy();
      raw.destroy();
    }
  }
}
