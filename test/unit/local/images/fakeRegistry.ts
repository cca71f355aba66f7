/** A registry in this process: the pushing half of the distribution protocol, with a record of what it was asked. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterAll } from "vitest";

export interface FakeRegistry {
  /** host:port on the loopback */
  readonly endpoint: string;
  /** "METHOD path" of every request, in order */
  readonly requests: string[];
  /** "repository digest" -> content */
  readonly blobs: Map<string, Buffer>;
  /** "repository:tag" -> manifest */
  readonly manifests: Map<string, Buffer>;
  /** makes the next request whose line matches answer this way; null breaks the connection */
  fail(line: RegExp, status: number | null, body?: string): void;
}

interface Options {
  /** user:password */
  readonly credentials?: string;
  /** host that Location headers name; default: relative ones */
  readonly location?: string;
  /** take blobs over from other repositories; default: true */
  readonly mounts?: boolean;
}

const digestOf = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

export async function fakeRegistry(options: Options = {}): Promise<FakeRegistry> {
  const requests: string[] = [];
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  let failure: { line: RegExp; status: number | null; body: string } | undefined;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url!, "http://registry");
    const line = `${request.method} ${url.pathname}`;
    requests.push(line);
    const answer = (status: number, headers: Record<string, string> = {}, body = "") =>
      void response.writeHead(status, headers).end(body);
    if (failure?.line.test(line)) {
      const { status, body } = failure;
      failure = undefined;
      return status === null ? void request.socket.destroy() : answer(status, {}, body);
    }
    const expected = options.credentials && `Basic ${Buffer.from(options.credentials).toString("base64")}`;
    if (expected && request.headers.authorization !== expected) return answer(401);
    const body = await buffer(request);

    const [, repository, kind, rest] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(url.pathname)!;
    const upload = `${options.location ?? ""}/v2/${repository}/blobs/uploads/1?state=x`;
    if (kind === "manifests") {
      const name = `${repository}:${rest}`;
      if (request.method === "PUT") {
        const { config, layers } = JSON.parse(body.toString());
        const missing = [config, ...layers].find(({ digest }) => !blobs.has(`${repository} ${digest}`));
        if (missing)
          return answer(404, {}, `{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","detail":"${missing.digest}"}]}`);
        manifests.set(name, body);
        return answer(201);
      }
      const manifest = manifests.get(name);
      return manifest ? answer(200, { "docker-content-digest": digestOf(manifest) }) : answer(404);
    }
    if (request.method === "HEAD") return answer(blobs.has(`${repository} ${rest}`) ? 200 : 404);
    if (request.method === "POST") {
      const mount = url.searchParams.get("mount");
      const content = blobs.get(`${url.searchParams.get("from")} ${mount}`);
      if (!mount || !content || options.mounts === false) return answer(202, { location: upload });
      blobs.set(`${repository} ${mount}`, content);
      return answer(201);
    }
    const digest = url.searchParams.get("digest")!;
    if (digest !== digestOf(body) || url.searchParams.get("state") !== "x") return answer(400, {}, "DIGEST_INVALID");
    blobs.set(`${repository} ${digest}`, body);
    return answer(201);
  };

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fail = (line: RegExp, status: number | null, body = "") => {
    failure = { line, status, body };
  };
  return { endpoint, requests, blobs, manifests, fail };
}
