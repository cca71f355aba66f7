// A registry asked through a pod: here the pod's network is this machine's.
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { PodRegistry, type PodWays } from "../../../../../builders/run/kaniko/podRegistry.ts";
import {
  helperLogin,
  type Login,
  loginSource,
  readChallenge,
} from "../../../../../builders/run/kaniko/registryLogin.ts";

const LOGIN = { username: "pod", password: "a:b" };
const BASIC = `Basic ${Buffer.from("pod:a:b").toString("base64")}`;

describe("the login of a pod", () => {
  const encoded = Buffer.from("pod:a:b").toString("base64");
  it.each<[string, object | null, string, object]>([
    ["by host", { auths: { "r.test": { auth: encoded } } }, "r.test", { from: "config", login: LOGIN }],
    ["by URL", { auths: { "https://r.test/v1/": { auth: encoded } } }, "r.test", { from: "config", login: LOGIN }],
    [
      "in plain fields",
      { auths: { "r.test:5": { username: "pod", password: "a:b" } } },
      "r.test:5",
      { from: "config", login: LOGIN },
    ],
    [
      "by a helper, which wins",
      { auths: { "r.test": { auth: encoded } }, credHelpers: { "r.test": "own" } },
      "r.test",
      { from: "helper", name: "own", server: "r.test" },
    ],
    ["from a store", { credsStore: "pass" }, "r.test", { from: "helper", name: "pass", server: "r.test" }],
    ...["docker.io", "index.docker.io"].map((host): [string, object, string, object] => [
      `for Docker Hub as ${host}`,
      { auths: { "https://index.docker.io/v1/": { auth: encoded } } },
      host,
      { from: "config", login: LOGIN },
    ]),
    [
      "for Docker Hub by a helper",
      { credHelpers: { "https://index.docker.io/v1/": "own" } },
      "docker.io",
      { from: "helper", name: "own", server: "https://index.docker.io/v1/" },
    ],
    ["of another host", { auths: { "other.test": { auth: encoded } } }, "r.test", { from: "nowhere" }],
    ["without a config", null, "r.test", { from: "nowhere" }],
  ])("%s", (_, config, host, expected) => {
    expect(loginSource(config === null ? null : JSON.stringify(config), host)).toEqual(expected);
  });

  it.each([
    ["123456789012.dkr.ecr.eu-central-1.amazonaws.com", "ecr-login"],
    ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "ecr-login"],
    ["europe-central2-docker.pkg.dev", "gcr"],
    ["eu.gcr.io", "gcr"],
    ["shop.azurecr.io", "acr-env"],
  ])("for %s is the account's own", (host, name) => {
    expect(loginSource(null, host)).toEqual({ from: "helper", name, server: host });
    expect(loginSource(null, `${host}.evil.test`)).toEqual({ from: "nowhere" });
  });

  it("is read from what a helper prints", () => {
    expect(helperLogin('{"ServerURL":"r","Username":"AWS","Secret":"s"}')).toEqual({ username: "AWS", password: "s" });
    expect(helperLogin("credentials not found in native keychain")).toBeNull();
    expect(helperLogin('{"message":"no"}')).toBeNull();
  });
});

it("a challenge is read", () => {
  const scope = "repository:shop/api:pull,push";
  expect(readChallenge('Basic realm="x"', scope)).toEqual({ scheme: "basic" });
  expect(readChallenge('Bearer realm="https://auth.test/token?a=1",service="r.test"', scope)).toEqual({
    scheme: "bearer",
    url: "https://auth.test/token?a=1&service=r.test&scope=repository%3Ashop%2Fapi%3Apull%2Cpush",
  });
  for (const text of ["", "Negotiate abc", 'Bearer realm="nonsense"', 'Bearer service="x"'])
    expect(readChallenge(text, scope)).toBeNull();
});

interface Seen {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A server on this machine, and what it was asked. */
async function server(answer: (seen: Seen) => [status: number, headers: http.OutgoingHttpHeaders, body: string]) {
  const asked: Seen[] = [];
  const listening = http.createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      const seen = { path: `${request.method} ${request.url}`, authorization: request.headers.authorization, body };
      asked.push(seen);
      const [status, headers, text] = answer(seen);
      response.writeHead(status, headers).end(text);
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => listening.close(() => resolve())));
  return { asked, host: `127.0.0.1:${(listening.address() as AddressInfo).port}` };
}

function registryOf(host: string, login: Login | null, said = ""): { registry: PodRegistry; open: () => number } {
  const sockets: net.Socket[] = [];
  const ways: PodWays = {
    dial: async (name, port) => {
      const socket = net.connect(port, name);
      sockets.push(socket);
      return { stream: socket, said: async () => said };
    },
    login: async () => login,
  };
  const place = { host, repository: "shop/api", insecure: true, caBundle: null };
  return {
    registry: new PodRegistry(place, ways),
    open: () => sockets.filter((socket) => !socket.destroyed).length,
  };
}

describe("a registry behind a pod", () => {
  it("that asks for nothing is asked once", async () => {
    const { asked, host } = await server(() => [200, { "content-type": "x/y" }, "text"]);
    const { registry, open } = registryOf(host, LOGIN);
    const answer = await registry.manifest("sha256:1", { method: "GET" });
    expect([answer.status, answer.headers["content-type"], answer.body.toString()]).toEqual([200, "x/y", "text"]);
    expect(asked).toEqual([{ path: "GET /v2/shop/api/manifests/sha256:1", authorization: undefined, body: "" }]);
    expect(open()).toBe(0);
  });

  it("is told the login, the next time at once", async () => {
    const { asked, host } = await server(({ authorization }) =>
      authorization === BASIC ? [201, {}, ""] : [401, { "www-authenticate": 'Basic realm="r"' }, "who?"],
    );
    const { registry } = registryOf(host, LOGIN);
    for (const tag of ["one", "two"]) {
      const answer = await registry.manifest(tag, { method: "PUT", body: `{"a":"${tag}"}` });
      expect(answer.status).toBe(201);
    }
    expect(asked.map(({ path, authorization, body }) => [path.slice(-3), authorization, body])).toEqual([
      ["one", undefined, '{"a":"one"}'],
      ["one", BASIC, '{"a":"one"}'],
      ["two", BASIC, '{"a":"two"}'],
    ]);
  });

  it.each(["token", "access_token"])("is told the %s that another server gives for the login", async (field) => {
    const tokens = await server(({ authorization }) =>
      authorization === BASIC ? [200, {}, JSON.stringify({ [field]: "t" })] : [403, {}, "{}"],
    );
    const challenge = `Bearer realm="http://${tokens.host}/token",service="s"`;
    const { asked, host } = await server(({ authorization }) =>
      authorization === "Bearer t" ? [201, {}, ""] : [401, { "www-authenticate": challenge }, ""],
    );
    const { registry } = registryOf(host, LOGIN);
    expect((await registry.manifest("one", { method: "PUT", body: "{}" })).status).toBe(201);
    expect(tokens.asked[0]?.path).toContain("scope=repository%3Ashop%2Fapi%3Apull%2Cpush");
    expect(asked.every(({ authorization }) => authorization !== BASIC)).toBe(true);
  });

  it.each([
    ["no login", null],
    ["another login", { username: "pod", password: "wrong" }],
  ])("that does not let in %s says so", async (_, login) => {
    const { host } = await server(() => [401, { "www-authenticate": 'Basic realm="r"' }, "who?"]);
    const answer = await registryOf(host, login).registry.manifest("one", { method: "PUT", body: "{}" });
    expect([answer.status, answer.body.toString()]).toEqual([401, "who?"]);
  });

  it("of Docker Hub is asked where its API is, and the pod's login is looked up by its name", async () => {
    const { asked, host } = await server(({ authorization }) =>
      authorization === BASIC ? [200, {}, "text"] : [401, { "www-authenticate": 'Basic realm="r"' }, ""],
    );
    const [dialled, looked]: [string[], string[]] = [[], []];
    const ways: PodWays = {
      dial: async (name, port) => {
        dialled.push(`${name}:${port}`);
        return { stream: net.connect(Number(host.split(":")[1]), "127.0.0.1"), said: async () => "" };
      },
      login: async (name) => {
        looked.push(name);
        return LOGIN;
      },
    };
    const place = { host: "docker.io", repository: "shop/api", insecure: true, caBundle: null };
    expect((await new PodRegistry(place, ways).manifest("one", { method: "GET" })).status).toBe(200);
    expect(new Set(dialled)).toEqual(new Set(["registry-1.docker.io:80"]));
    expect(looked).toEqual(["docker.io"]);
    expect(asked).toHaveLength(2);
  });

  it("that is not there rejects", async () => {
    const closed = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => closed.once("listening", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const { registry } = registryOf(`127.0.0.1:${port}`, null);
    await expect(registry.manifest("one", { method: "GET" })).rejects.toThrow(/ECONNREFUSED/);
    const words = "nc: can't connect to remote host (127.0.0.1): Connection refused";
    const told = registryOf(`127.0.0.1:${port}`, null, words);
    await expect(told.registry.manifest("one", { method: "GET" })).rejects.toThrow(words);
    expect(told.open()).toBe(0);
  });
});
