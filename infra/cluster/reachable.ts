/** Whether a cluster can be asked. A read that fails ends a whole preview, so this has to be known before the first one. */
import { connect } from "node:net";

/** How long an API server, or a proxy, may take to accept a connection. */
const SECONDS = 3;

/** What a proxy that was named listens on by default (golang.org/x/net/http/httpproxy). */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/**
 * Whether the API server at the URL `server` accepts connections: through `proxy` when the kubeconfig names one, else
 * directly or through the proxy of the environment (HTTPS_PROXY).
 */
export async function isReachable(server: string, proxy: string | null): Promise<boolean> {
  if (proxy !== null) return tunnels(proxy, server);
  if (await accepts(server)) return true;
  const ambient = process.env.HTTPS_PROXY || process.env.https_proxy;
  return ambient ? tunnels(ambient, server) : false;
}

function accepts(server: string): Promise<boolean> {
  const { host, port } = address(server);
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: SECONDS * 1000 });
    const done = (reachable: boolean) => {
      socket.destroy();
      resolve(reachable);
    };
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
    socket.once("timeout", () => done(false));
  });
}

/** Whether the proxy opens a tunnel (CONNECT). Of another kind of proxy than HTTP nothing is known: it counts as one that does. */
async function tunnels(proxy: string, server: string): Promise<boolean> {
  const text = /^[a-z0-9]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || DEFAULT_PORTS[url.protocol] === undefined) return true;
  // Only here: Node loads all of fetch with them for an ES module, which no other part of the program needs.
  const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  const target = new URL(server).hostname.startsWith("[") ? `[${address(server).host}]` : address(server).host;
  const login = `${decoded(url.username)}:${decoded(url.password)}`;
  return new Promise((resolve) => {
    const call = request({
      ...address(text),
      method: "CONNECT",
      path: `${target}:${address(server).port}`,
      headers: url.username === "" ? {} : { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` },
      timeout: SECONDS * 1000,
    });
    call.once("connect", (response, socket) => {
      socket.destroy();
      resolve(response.statusCode === 200);
    });
    call.once("response", () => {
      call.destroy();
      resolve(false);
    });
    call.once("error", () => resolve(false));
    call.once("timeout", () => call.destroy(new Error("no answer")));
    call.end();
  });
}

/** What stands for itself in a URL; a name or password with a `%` that begins no escape is meant as it is written. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function address(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || DEFAULT_PORTS[protocol] || 443 };
}
