/**
 * GKE's metadata server as far as clients of Google Cloud ask it (GKE, "About Workload Identity Federation for GKE"; Compute Engine, "View
 * and query VM metadata"). It runs in a pod on the builder node and listens where every client looks, at 169.254.169.254.
 *
 * A pod that it does not know yet gets no answer for its first moments, as GKE says of new pods (GKE, "Troubleshoot authentication in
 * GKE"): for so many milliseconds after it asked for the first time.
 *
 * Arguments: the access token that it gives out, and those milliseconds.
 */
import http from "node:http";

const [, , token = "", late = "0"] = process.argv;
const firstAsked = new Map<string, number>();

const ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default/";
const ANSWERS: Readonly<Record<string, string>> = {
  "/": "computeMetadata/\n",
  "/computeMetadata/v1/project/project-id": "shop-clusters",
  "/computeMetadata/v1/universe/universe-domain": "googleapis.com",
  [`${ACCOUNT}email`]: "builders@shop-registry.iam.gserviceaccount.com",
  [`${ACCOUNT}token`]: JSON.stringify({ access_token: token, expires_in: 3599, token_type: "Bearer" }),
};

http
  .createServer((request, response) => {
    const pod = request.socket.remoteAddress ?? "";
    firstAsked.set(pod, firstAsked.get(pod) ?? Date.now());
    if (Date.now() - (firstAsked.get(pod) as number) < Number(late)) {
      request.socket.destroy();
      return;
    }
    const [path = "/"] = (request.url ?? "/").split("?");
    response.setHeader("Metadata-Flavor", "Google");
    // So that no page which somebody else makes a browser ask gets a token.
    if (path !== "/" && request.headers["metadata-flavor"] !== "Google") return response.writeHead(403).end();
    const answer = ANSWERS[path];
    return answer === undefined ? response.writeHead(404).end() : response.end(answer);
  })
  .listen(80, "169.254.169.254");
