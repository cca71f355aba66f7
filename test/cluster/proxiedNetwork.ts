/** The network between the runner and the API server, to be mistreated. */
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll } from "vitest";
import { context, kubeconfig } from "./environment.ts";
import { type TcpProxy, tcpProxy } from "./tcpProxy.ts";

const proxies: TcpProxy[] = [];
afterAll(() => Promise.all(proxies.map((proxy) => proxy.close())));

/** A proxy before the API server, and the environment of a runner that goes through it. */
export async function network(): Promise<{ proxy: TcpProxy; env: { KUBECONFIG: string } }> {
  const config = JSON.parse(await readFile(kubeconfig, "utf8"));
  const { hostname, port } = new URL(config.clusters[0].cluster.server);
  const proxy = await tcpProxy({ host: hostname, port: Number(port) });
  proxies.push(proxy);
  config.clusters[0].cluster.server = `https://localhost:${proxy.port}`;
  config.clusters[0].cluster["tls-server-name"] = "kubernetes";
  const folder = await context({ kubeconfig: JSON.stringify(config) });
  return { proxy, env: { KUBECONFIG: join(folder, "kubeconfig") } };
}

/** A context of random bytes, which no compression makes less. */
export async function bulk(bytes: number): Promise<string> {
  const folder = await context({ Dockerfile: "FROM busybox:1.36\nCOPY . /context/\n" });
  await writeFile(join(folder, "bulk"), randomBytes(bytes));
  return folder;
}
