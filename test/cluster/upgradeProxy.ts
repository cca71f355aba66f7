/** A proxy before the API server that answers requests for WebSockets itself, as some load balancers do; SPDY passes. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { kubeconfig } from "./access.ts";

interface Named<T> {
  readonly name: string;
  readonly context: T;
  readonly cluster: T;
  readonly user: T;
}
interface Config {
  readonly "current-context": string;
  readonly contexts: readonly Named<{ cluster: string; user: string }>[];
  readonly clusters: readonly Named<{ server: string; "certificate-authority-data": string }>[];
  readonly users: readonly Named<{ "client-certificate-data": string; "client-key-data": string }>[];
}

export interface UpgradeProxy {
  /** requests for WebSockets that it answered */
  readonly refused: () => number;
  close(): Promise<void>;
}

/**
 * Starts it on loopback, in plain http, with the environment's own credentials towards the API server.
 * @param file takes a kubeconfig that leads to it
 * @param status what it answers
 */
export async function startUpgradeProxy(file: string, status: number): Promise<UpgradeProxy> {
  const config = JSON.parse(readFileSync(kubeconfig, "utf8")) as Config;
  const { server: url, "certificate-authority-data": ca } = config.clusters[0]!.cluster;
  const { "client-certificate-data": cert, "client-key-data": key } = config.users[0]!.user;
  const decode = (text: string): Buffer => Buffer.from(text, "base64");
  const secure = { ca: decode(ca), cert: decode(cert), key: decode(key) };
  const { hostname: host, port } = new URL(url);
  let refused = 0;

  const server = http.createServer((request, response) => {
    const { method, url: path, headers } = request;
    const passed = https.request({ ...secure, host, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    request.pipe(passed);
  });
  server.on("upgrade", (request, near, head) => {
    near.on("error", () => {});
    if (/websocket/i.test(request.headers.upgrade ?? "")) {
      refused++;
      near.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    const far = tls.connect({ ...secure, host, port: Number(port) }, () => {
      const lines = request.rawHeaders.flatMap((text, at) =>
        at % 2 === 0 ? [`${text}: ${request.rawHeaders[at + 1]}`] : [],
      );
      far.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      far.write(head);
      far.pipe(near);
      near.pipe(far);
    });
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [cluster] = config.clusters;
  const [user] = config.users;
  await writeFile(
    file,
    JSON.stringify({
      ...config,
      clusters: [{ name: cluster!.name, cluster: { server: address } }],
      users: [{ name: user!.name, user: {} }],
    }),
  );
  return {
    refused: () => refused,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
