import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { waitGone, waitReady } from "../../../../../local/pulumi/kubernetes/await.ts";
import { ClusterClient } from "../../../../../local/pulumi/kubernetes/client.ts";

const name = { apiVersion: "v1", kind: "Pod", namespace: "space", name: "one" };
const pod = (phase: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "one", namespace: "space", uid: "u" },
  status: { phase },
});

/** One answer of the API server to a read of the pod: a status code with a body, or a connection that it cuts. */
type Answer = "cut" | readonly [code: number, body: object];

const cut: Answer = "cut";
const failure = (code: number): Answer => [code, { kind: "Status", code, message: `answered ${code}` }];

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A client of an API server that knows pods and gives these answers, the last one again and again. */
async function clientOf(...answers: Answer[]): Promise<ClusterClient> {
  const reply = (response: ServerResponse, [code, body]: readonly [number, object]) =>
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
  const server = createServer((request, response) => {
    if (request.url === "/api/v1") {
      reply(response, [200, { resources: [{ name: "pods", kind: "Pod", namespaced: true }] }]);
      return;
    }
    if (request.url?.startsWith("/api/v1/namespaces/space/pods/one") !== true) {
      reply(response, [404, {}]);
      return;
    }
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    if (answer === "cut") response.destroy();
    else reply(response, answer);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const cluster = { server: `http://127.0.0.1:${port}` };
  return new ClusterClient({ name: "test", cluster, user: {}, namespace: undefined });
}

function waiting(timeoutSeconds: number) {
  const said: string[] = [];
  const signal = new AbortController().signal;
  return { said, options: { timeoutSeconds, signal, onStatus: (detail: string) => said.push(detail) } };
}

describe("an API server that fails for a moment", () => {
  test("ends no wait for readiness, and is named meanwhile", async () => {
    const client = await clientOf(cut, failure(429), failure(503), [200, pod("Succeeded")]);
    const { said, options } = waiting(600);
    expect(await waitReady(client, name, pod("Pending"), options)).toEqual(pod("Succeeded"));
    expect(said).toEqual([
      "phase is Pending",
      expect.stringMatching(/^asking again: cluster "test" .* cannot be reached/),
      "asking again: answered 429",
      "asking again: answered 503",
    ]);
  });

  test("ends no wait for a deletion", async () => {
    const client = await clientOf([200, pod("Running")], cut, failure(500), failure(404));
    await waitGone(client, name, "u", waiting(600).options);
  });
});

describe("a wait ends with the API server's own words", () => {
  test("when the time is over and it still fails", async () => {
    const client = await clientOf(failure(503));
    await expect(waitReady(client, name, pod("Pending"), waiting(0.5).options)).rejects.toThrow("answered 503");
    await expect(waitGone(client, name, "u", waiting(0.5).options)).rejects.toThrow("answered 503");
  });

  test("at once, when asking again would not help", async () => {
    const client = await clientOf(failure(403), [200, pod("Succeeded")]);
    await expect(waitReady(client, name, pod("Pending"), waiting(600).options)).rejects.toThrow("answered 403");
  });
});
