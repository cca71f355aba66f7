// The runner's own look into a registry, through real connections: plain, with TLS, and with certificates of one's own.
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { findPresent } from "../../../../builders/registry/present.ts";
import { AUTHORITY, OTHER_AUTHORITY, REGISTRY_CERTIFICATE, REGISTRY_KEY } from "../../certificates.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

/** A registry that holds `team/api:v1` and lets nobody read `secret/*`; resolves to its address. */
async function registry(tls: boolean): Promise<string> {
  const answer: http.RequestListener = (request, response) => {
    const found = request.method === "HEAD" && request.url === "/v2/team/api/manifests/v1";
    const code = found ? 200 : request.url?.startsWith("/v2/secret/") ? 401 : 404;
    // A registry names digests on refusals too.
    response.writeHead(code, { "docker-content-digest": DIGEST }).end();
  };
  const server = tls
    ? https.createServer({ cert: REGISTRY_CERTIFICATE, key: REGISTRY_KEY }, answer)
    : http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const look = async (
  name: string,
  { tls = false, host = "registry.test:5000", caBundle }: { tls?: boolean; host?: string; caBundle?: string } = {},
): Promise<string | null> =>
  findPresent(
    { references: [`${host}/${name}`] },
    { host, insecure: !tls, ...(caBundle === undefined ? {} : { caBundle }) },
    { [host]: await registry(tls) },
  );

it("finds what the registry holds, and takes no refusal for it", async () => {
  expect(await look("team/api:v1")).toBe(DIGEST);
  expect(await look("team/api:v2")).toBeNull();
  expect(await look("secret/api:v1")).toBeNull();
});

it("trusts the environment's certificates for the registry's name, under whatever address it is reached", async () => {
  const tls = { tls: true, caBundle: AUTHORITY };
  expect(await look("team/api:v1", tls)).toBe(DIGEST);
  expect(await look("team/api:v1", { ...tls, host: "another.test" })).toBeNull();
});

it.each([
  ["no certificates", {}],
  ["those of another authority", { caBundle: OTHER_AUTHORITY }],
])("does not trust a registry with %s", async (_, bundle) => {
  expect(await look("team/api:v1", { tls: true, ...bundle })).toBeNull();
});
