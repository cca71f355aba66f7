import type http from "node:http";
import { expect, it } from "vitest";
import { rejectionOf } from "../../samples.ts";
import { api } from "./apiServer.ts";

const refuse = (code: number, reason: string) => (response: http.ServerResponse) => {
  response.statusCode = code;
  response.end(JSON.stringify({ kind: "Status", code, reason, message: `${reason} it is` }));
};
const done = (response: http.ServerResponse) => response.end('{"kind":"Pod"}');

const request = (method: "GET" | "POST" | "PATCH") =>
  ({ method, path: "/api/v1/pods", subject: { verb: "create", resource: "pods" } }) as const;

it.each([
  ["that a quota was counted on by others at the same time", refuse(409, "Conflict")],
  ["for too many requests", refuse(429, "TooManyRequests")],
])("a creation that is refused %s is tried again: nothing was made", async (_, refusal) => {
  const { transport, urls } = await api(refusal, done);
  expect(await transport.json(request("POST"))).toEqual({ kind: "Pod" });
  expect(urls.length).toBe(2);
});

it.each([
  ["a name that is taken", refuse(409, "AlreadyExists")],
  ["a server that failed while it created", refuse(500, "InternalError")],
])("a creation is not repeated after %s", async (_, refusal) => {
  const { transport, urls } = await api(refusal, done);
  await rejectionOf(transport.json(request("POST")));
  expect(urls.length).toBe(1);
});

it("a question is asked again of a server that failed, and no change of a field that another owns is repeated", async () => {
  const asked = await api(refuse(503, "ServiceUnavailable"), done);
  expect(await asked.transport.json(request("GET"))).toEqual({ kind: "Pod" });
  const changed = await api(refuse(409, "Conflict"), done);
  await rejectionOf(changed.transport.json(request("PATCH")));
  expect(changed.urls.length).toBe(1);
});
