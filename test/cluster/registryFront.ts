/**
 * A registry that refuses on request, in front of a real one. It runs in a pod, from Node's own parts alone.
 *
 * What it does is in the repository's first component, which the real registry does not see: `WHAT-STATUS[-TIMES]/NAME`
 * answers STATUS where WHAT is asked for (the first TIMES only, else always), and passes everything else on.
 * WHAT is `pull` (manifests and layers), `layer` (layers alone), `push` (anything sent) or `manifest` (manifests sent).
 * WHAT `tag` stands for tags that cannot be moved, as Amazon ECR has them: what is under a tag stays, and another manifest is
 * refused in ECR's words, of the repository for STATUS 405 and of the tag for 400. `cache` is anything sent to `NAME/cache`.
 * `/counts` says how often it refused, by that component. It prints the port that it listens on, for 0 a free one.
 */
import http from "node:http";
import type { AddressInfo } from "node:net";

const [, , port = "5000", upstream = ""] = process.argv;
const refused: Record<string, number> = {};

/** Bodies as registries send them: distribution's error codes; 429 as Docker Hub words it. */
const BODIES: Readonly<Record<string, [code: string, message: string]>> = {
  // What a registry of distribution 2.x answers while another push rewrites a layer that the manifest names.
  400: ["DIGEST_INVALID", "provided digest did not match uploaded content"],
  401: ["UNAUTHORIZED", "authentication required"],
  403: ["DENIED", "requested access to the resource is denied"],
  404: ["NAME_UNKNOWN", "repository name not known to registry"],
  429: ["TOOMANYREQUESTS", "You have reached your unauthenticated pull rate limit."],
};

function concerns(what: string | undefined, method: string, path: string): boolean {
  const reads = method === "GET" || method === "HEAD";
  if (what === "pull") return reads;
  if (what === "layer") return reads && path.includes("/blobs/");
  if (what === "push") return !reads;
  if (what === "cache") return !reads && path.includes("/cache/");
  return what === "manifest" && method === "PUT" && path.includes("/manifests/");
}

function refuse(status: number, response: http.ServerResponse): void {
  const [code, message] = BODIES[status] ?? ["UNKNOWN", "unknown error"];
  const errors = [{ code, message }];
  if (status === 400) errors.push({ code: "MANIFEST_BLOB_UNKNOWN", message: "blob unknown to registry" });
  response.writeHead(status, {
    "content-type": "application/json",
    ...(status === 401 ? { "www-authenticate": 'Basic realm="front"' } : {}),
    ...(status === 429 ? { "retry-after": "1" } : {}),
  });
  response.end(status >= 500 ? "<html>out of order</html>" : JSON.stringify({ errors }));
}

/** Media types of the manifests that a registry is asked for. */
const MANIFESTS = [
  ...["oci.image.manifest.v1", "oci.image.index.v1"],
  ...["docker.distribution.manifest.v2", "docker.distribution.manifest.list.v2"],
]
  .map((type) => `application/vnd.${type}+json`)
  .join(", ");

/** Refuses a manifest under a tag that the real registry has already; resolves to whether it did. */
async function keepsTag(status: number, path: string, response: http.ServerResponse): Promise<boolean> {
  const [, name, tag = ""] = /^(.+)\/manifests\/([^/]+)$/.exec(path) ?? [];
  if (name === undefined || tag.startsWith("sha256:")) return false;
  const url = `http://${upstream}/v2/${path}`;
  if (!(await fetch(url, { method: "HEAD", headers: { accept: MANIFESTS } })).ok) return false;
  const what = status === 405 ? "repository" : "tag";
  const message = `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the ${what} is immutable.`;
  response.writeHead(400, { "content-type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code: "TAG_INVALID", message }] }));
  return true;
}

const server = http
  .createServer(async (request, response) => {
    const { method = "GET", url = "/" } = request;
    if (url === "/counts") return response.end(JSON.stringify(refused));
    const [, fault = "", path = ""] = /^\/v2\/([^/]+)\/(.*)$/.exec(url) ?? [];
    const [what, status = "", times = "Infinity"] = fault.split("-");
    if (concerns(what, method, path) && (refused[fault] ?? 0) < Number(times)) {
      refused[fault] = (refused[fault] ?? 0) + 1;
      request.resume();
      return refuse(Number(status), response);
    }
    if (what === "tag" && method === "PUT" && (await keepsTag(Number(status), path, response))) {
      refused[fault] = (refused[fault] ?? 0) + 1;
      request.resume();
      return;
    }
    const target = fault === "" ? url : `/v2/${path.replace(`from=${fault}%2F`, "from=")}`;
    const headers = { ...request.headers, host: upstream };
    const onward = http.request(`http://${upstream}${target}`, { method, headers }, (answer) => {
      const { location } = answer.headers;
      if (location) answer.headers.location = location.replace(/^(https?:\/\/[^/]+)?\/v2\//, `/v2/${fault}/`);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  })
  .listen(Number(port), "0.0.0.0", () => console.log((server.address() as AddressInfo).port));
