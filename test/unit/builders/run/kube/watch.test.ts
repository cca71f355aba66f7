import type http from "node:http";
import { describe, expect, it } from "vitest";
import type { KubeTransport } from "../../../../../builders/run/kube/transport.ts";
import { watch } from "../../../../../builders/run/kube/watch.ts";
import { api } from "./apiServer.ts";

const pod = (name: string, version: number) => ({ metadata: { name, uid: name, resourceVersion: String(version) } });
const list =
  (version: number, ...items: object[]) =>
  (response: http.ServerResponse) =>
    response.end(JSON.stringify({ metadata: { resourceVersion: String(version) }, items }));
const events =
  (...lines: object[]) =>
  (response: http.ServerResponse) =>
    response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

async function take(transport: KubeTransport, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const { type, object } of watch(transport, "Pod", { namespace: "shop" })) {
    seen.push(`${type} ${object.metadata.name}`);
    if (seen.length === count) break;
  }
  return seen;
}

describe("watch", () => {
  it("starts with what is there and goes on after the server ended it, from the last version it saw", async () => {
    const { transport, urls } = await api(
      list(5, pod("a", 4)),
      events(
        { type: "ADDED", object: pod("b", 6) },
        { type: "BOOKMARK", object: { metadata: { resourceVersion: "9" } } },
      ),
      (response) => response.write(`${JSON.stringify({ type: "DELETED", object: pod("a", 10) })}\n`),
    );
    expect(await take(transport, 3)).toEqual(["ADDED a", "ADDED b", "DELETED a"]);
    expect(urls.slice(1).map((url) => url.searchParams.get("resourceVersion"))).toEqual(["5", "9"]);
  });

  it("lists again when the version is too old, and tells what vanished meanwhile", async () => {
    const { transport } = await api(
      list(5, pod("a", 4), pod("b", 5)),
      events({
        type: "ERROR",
        object: { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" },
      }),
      list(20, pod("b", 19)),
    );
    expect(await take(transport, 4)).toEqual(["ADDED a", "ADDED b", "DELETED a", "MODIFIED b"]);
  });

  it("stops with the verb and the namespace when it is not allowed", async () => {
    const { transport } = await api((response) => {
      response.statusCode = 403;
      response.end(
        JSON.stringify({ kind: "Status", message: 'pods is forbidden: User "ci" cannot list resource "pods"' }),
      );
    });
    await expect(take(transport, 1)).rejects.toMatchObject({
      data: { code: "forbidden", message: expect.stringMatching(/^Not allowed to list pods in namespace shop: /) },
    });
  });
});
