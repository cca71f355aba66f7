/** An API server of a test's own. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import type { KubeTarget } from "../../../../../builders/run/kube/kubeconfig.ts";
import { KubeTransport } from "../../../../../builders/run/kube/transport.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** One that answers the n-th request by the n-th function. */
export async function api(
  ...answers: ((response: http.ServerResponse, url: URL) => void)[]
): Promise<{ transport: KubeTransport; urls: URL[] }> {
  const urls: URL[] = [];
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://x");
    urls.push(url);
    const answer = answers[urls.length - 1];
    if (answer) answer(response, url);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const target: KubeTarget = {
    context: "test",
    namespace: "default",
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cluster: {},
    user: { token: "t" },
    registryEndpoints: {},
  };
  const transport = new KubeTransport(target, {});
  closing.push(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });
  return { transport, urls };
}
