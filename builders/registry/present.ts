/** Whether an image is in the registry already: one request, asked with the client's own access. */
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { checkServerIdentity, rootCertificates } from "node:tls";
import type { BuildSetup } from "../../infra/setup.ts";
import type { BuildPlan } from "../plan/plan.ts";

/** Media types of what a tag can name (https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md, and Docker's). */
const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** Milliseconds that a look may take; it only saves work. */
const PATIENCE = 5_000;

/**
 * Digest of what the registry holds under the plan's first reference. Null when it holds nothing, and also when it does not
 * tell (no answer, 401, 403): unknown is not "there", and a build finds out.
 * @param endpoints registry host -> address that leads there from this machine
 */
export async function findPresent(
  plan: Pick<BuildPlan, "references">,
  registry: Pick<BuildSetup["registry"], "host" | "insecure" | "caBundle">,
  endpoints: Readonly<Record<string, string>>,
): Promise<string | null> {
  const [, repository, tag] = /^[^/]+\/(.+):([^:/]+)$/.exec(plan.references[0] ?? "") ?? [];
  if (repository === undefined || tag === undefined) return null;
  const address = endpoints[registry.host] ?? registry.host;
  const url = `${registry.insecure ? "http" : "https"}://${address}/v2/${repository}/manifests/${tag}`;
  try {
    const { statusCode = 0, headers } = await head(url, registry);
    const digest = headers["docker-content-digest"];
    return statusCode === 200 && typeof digest === "string" ? digest : null;
  } catch {
    return null;
  }
}

/** Not fetch: it takes no certificates of ours (https://github.com/nodejs/undici: only with a dispatcher of that package). */
async function head(
  url: string,
  { host, insecure, caBundle }: Pick<BuildSetup["registry"], "host" | "insecure" | "caBundle">,
): Promise<http.IncomingMessage> {
  const name = host.replace(/:\d+$/, "");
  const trusted: https.RequestOptions = {
    ...(caBundle === undefined ? {} : { ca: [...rootCertificates, caBundle] }),
    // A way around leads to the registry under another address; the certificate is still for its name.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  };
  const options = { method: "HEAD", headers: { accept: MANIFESTS }, signal: AbortSignal.timeout(PATIENCE) };
  return new Promise((resolve, reject) => {
    const request = insecure ? http.request(url, options) : https.request(url, { ...options, ...trusted });
    request.once("error", reject).once("response", (answer) => {
      answer.resume();
      resolve(answer);
    });
    request.end();
  });
}
