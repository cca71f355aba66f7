/**
 * The pushing half of the OCI distribution protocol
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md), over plain http or https.
 * Every request is made once: what fails is reported, never repeated in silence.
 */
import { createReadStream } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { LocalError } from "../errors.ts";

/** User name and password for basic authentication. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface RegistryAddress {
  /** where connections go, `host:port`; usually a loopback forwarder */
  readonly endpoint: string;
  /** the registry's own name, `host:port`: what messages call it */
  readonly host: string;
  /** default: false, plain http */
  readonly tls?: boolean;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

interface Call {
  readonly method: "HEAD" | "GET" | "POST" | "PUT";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | string;
}

/** Milliseconds without a byte in either direction after which a request counts as lost. */
const SILENCE = 60_000;

export class RegistryClient {
  readonly #base: URL;
  readonly #host: string;
  readonly #authorization: string | undefined;

  constructor(address: RegistryAddress, credentials?: Credentials) {
    this.#base = new URL(`${address.tls ? "https" : "http"}://${address.endpoint}/v2/`);
    this.#host = address.host;
    this.#authorization =
      credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
  }

  /** Digest of the manifest that `tag` names in `repository`; null when there is none. */
  async manifestDigest(repository: string, tag: string, mediaType: string): Promise<string | null> {
    const url = this.#url(`${repository}/manifests/${tag}`);
    const answer = await this.#send({ method: "HEAD", url, headers: { accept: mediaType } });
    if (answer.status === 404) return null;
    this.#expect(answer, [200], `asking for ${repository}:${tag}`);
    return answer.headers["docker-content-digest"]?.toString() ?? null;
  }

  /** Whether the repository has the blob. */
  async hasBlob(repository: string, digest: string): Promise<boolean> {
    const answer = await this.#send({ method: "HEAD", url: this.#url(`${repository}/blobs/${digest}`) });
    if (answer.status === 404) return false;
    this.#expect(answer, [200], `asking for ${digest} in ${repository}`);
    return true;
  }

  /** Takes over a blob that another repository of the registry has, without sending it. False when the registry would not. */
  async mountBlob(repository: string, digest: string, from: string): Promise<boolean> {
    const url = this.#url(`${repository}/blobs/uploads/`);
    url.search = new URLSearchParams({ mount: digest, from }).toString();
    const answer = await this.#send({ method: "POST", url });
    this.#expect(answer, [201, 202], `mounting ${digest} from ${from} into ${repository}`);
    return answer.status === 201;
  }

  /** Uploads a blob of `size` bytes in one piece; the registry compares the digest. */
  async uploadBlob(
    repository: string,
    digest: string,
    size: number,
    content: { readonly file: string } | { readonly text: string },
  ): Promise<void> {
    const what = `uploading ${digest} to ${repository}`;
    const begun = await this.#send({ method: "POST", url: this.#url(`${repository}/blobs/uploads/`) });
    this.#expect(begun, [202], what);
    const location = begun.headers.location;
    if (!location) throw this.#error(what, "its answer names no place to upload to (no Location header)");
    const url = new URL(location, this.#base);
    // A registry behind a forwarder names itself, which may not be reachable from here.
    url.protocol = this.#base.protocol;
    url.host = this.#base.host;
    url.searchParams.set("digest", digest);
    const body = "file" in content ? createReadStream(content.file) : content.text;
    const headers = { "content-type": "application/octet-stream", "content-length": String(size) };
    this.#expect(await this.#send({ method: "PUT", url, headers, body }), [201], what);
  }

  /** Stores a manifest under `tag`. */
  async putManifest(repository: string, tag: string, mediaType: string, content: string): Promise<void> {
    const headers = { "content-type": mediaType, "content-length": String(Buffer.byteLength(content)) };
    const url = this.#url(`${repository}/manifests/${tag}`);
    this.#expect(
      await this.#send({ method: "PUT", url, headers, body: content }),
      [201],
      `pushing ${repository}:${tag}`,
    );
  }

  #url(path: string): URL {
    return new URL(path, this.#base);
  }

  #expect(answer: Answer, statuses: readonly number[], what: string): void {
    if (statuses.includes(answer.status)) return;
    const { status } = answer;
    if (status === 401 || status === 403) {
      const given = this.#authorization ? "with the given user name and password" : "without credentials";
      throw this.#error(what, `it refused this ${given} (${status})`, "check the registry's user name and password");
    }
    throw this.#error(what, `it answered ${status}${answer.body ? `: ${answer.body.trim().slice(0, 500)}` : ""}`);
  }

  #error(what: string, why: string, hint?: string, cause?: unknown): LocalError {
    return new LocalError(`registry ${this.#host}: ${what} failed: ${why}`, { ...(hint ? { hint } : {}), cause });
  }

  async #send(call: Call): Promise<Answer> {
    try {
      return await this.#exchange(call);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : String(cause);
      throw this.#error(
        `${call.method} ${call.url.pathname}`,
        `no answer through ${this.#base.host}: ${reason}`,
        "see that the registry runs: kubectl get pods --namespace pergola-registry",
        cause,
      );
    }
  }

  async #exchange({ method, url, headers, body }: Call): Promise<Answer> {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const authorization = this.#authorization ? { authorization: this.#authorization } : {};
    const request = send(url, { method, headers: { "content-length": "0", ...authorization, ...headers } });
    request.setTimeout(SILENCE, () => request.destroy(new Error(`nothing happened for ${SILENCE / 1000} s`)));
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      request.once("response", resolve);
      request.once("error", reject);
    });
    // A registry that refuses an upload answers and hangs up before it has read everything; the answer is what counts.
    const sent = body === undefined || typeof body === "string" ? void request.end(body) : pipeline(body, request);
    const [answered, written] = await Promise.allSettled([response, sent]);
    if (answered.status === "rejected") throw answered.reason;
    if (written.status === "rejected" && (answered.value.statusCode ?? 0) < 400) throw written.reason;
    const text = await readText(answered.value);
    return { status: answered.value.statusCode ?? 0, headers: answered.value.headers, body: text };
  }
}
