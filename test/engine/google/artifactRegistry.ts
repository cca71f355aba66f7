/**
 * The logins of Artifact Registry in front of a real registry (Artifact Registry, "Authenticate to Artifact Registry for Docker"; the
 * distribution project, "Token Authentication Specification"). Nobody gets in without a token of the realm, which is given for
 *   - an access token, under the names that Google's tools use, or
 *   - a key of the builders' service account, as JSON under `_json_key` or in base64 under `_json_key_base64`.
 * It runs in a pod, from Node's own parts alone. Arguments: its host, the registry behind it, the access token, the builders' address.
 */
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";

const [, , host = "", upstream = "", accessToken = "", builders = ""] = process.argv;

/** What the realm gives out. */
const BEARER = "in";

/** Names of clients that have an access token: kaniko's own keychain, docker-credential-gcr, and people. */
const TOKEN_USERS = /^(?:_token|_dcgcr_[0-9_]+_token|oauth2accesstoken)$/;

function isKey(text: string): boolean {
  try {
    const { type, client_email, private_key } = JSON.parse(text);
    return type === "service_account" && client_email === builders && createPrivateKey(private_key).type === "private";
  } catch {
    return false;
  }
}

function letsIn(authorization: string | undefined): boolean {
  const [, encoded = ""] = /^Basic (.+)$/i.exec(authorization ?? "") ?? [];
  const [, user = "", password = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? [];
  if (TOKEN_USERS.test(user)) return password === accessToken;
  if (user === "_json_key") return isKey(password);
  return user === "_json_key_base64" && isKey(Buffer.from(password, "base64").toString());
}

const tls = { cert: readFileSync("/front/tls.pem"), key: readFileSync("/front/tls.key") };

https
  .createServer(tls, (request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const refuse = (more: Record<string, string> = {}) => {
      response.writeHead(401, { "content-type": "application/json", ...more });
      response.end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "Unauthenticated request." }] }));
    };
    if (url.startsWith("/v2/token")) {
      request.resume();
      // There is no OAuth endpoint: clients that post go on with GET.
      if (method !== "GET") return response.writeHead(404).end();
      if (!letsIn(headers.authorization)) return refuse();
      response.setHeader("content-type", "application/json");
      return response.end(JSON.stringify({ token: BEARER, access_token: BEARER, expires_in: 3600 }));
    }
    if (headers.authorization !== `Bearer ${BEARER}`) {
      request.resume();
      return refuse({ "www-authenticate": `Bearer realm="https://${host}/v2/token",service="${host}"` });
    }
    const { authorization: _, ...onwards } = headers;
    const forward = http.request(`http://${upstream}${url}`, { method, headers: onwards }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forward.on("error", () => response.destroy());
    return request.pipe(forward);
  })
  .listen(443, "0.0.0.0");
