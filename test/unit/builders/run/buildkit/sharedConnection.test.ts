import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http2, { type ClientHttp2Session, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Bridge, openBridge } from "../../../../../builders/run/buildkit/bridge.ts";
import { SharedConnection } from "../../../../../builders/run/buildkit/sharedConnection.ts";
import type { ExecResult } from "../../../../../builders/run/kube/channels.ts";
import type { Exec } from "../../../../../builders/run/kube/exec.ts";

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = http2.constants;
const GRPC = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
const OPTIONS = { settings: { maxHeaderListSize: 1 << 20 }, maxSendHeaderBlockLength: 1 << 20 };
const MEGABYTE = 1024 * 1024;

let directory: string;
let daemon: http2.Http2Server;
/** The daemon's side of the shared connection. */
let session: ServerHttp2Session;
let exec: Exec & { lose(why: string): void };
let shared: SharedConnection;
let idle: () => void;
const bridges: Bridge[] = [];
const clients: ClientHttp2Session[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "shared-"));
  daemon = http2.createServer(OPTIONS);
  // buildkitd's window of the connection does not wait for whoever reads a stream.
  daemon.on("session", (opened: ServerHttp2Session) => {
    session = opened;
    opened.setLocalWindowSize(8 * MEGABYTE);
    opened.on("error", () => {});
  });
  const socket = path.join(directory, "daemon.sock");
  daemon.listen(socket);
  await once(daemon, "listening");
  exec = dialStdio(net.connect(socket));
  idle = vi.fn(() => {});
  shared = new SharedConnection(exec, () => idle());
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const bridge of bridges.splice(0)) await bridge.close();
  exec.close();
  daemon.close();
  await rm(directory, { recursive: true });
});

function dialStdio(socket: net.Socket): typeof exec {
  let why = "closed here";
  socket.on("error", () => {});
  const result = new Promise<ExecResult>((resolve) => {
    socket.on("close", () => resolve({ exitCode: null, message: why }));
  });
  return {
    stdin: socket,
    stdout: socket,
    stderr: () => "",
    taken: () => socket.bytesWritten - socket.writableLength,
    result,
    close: () => socket.destroy(),
    lose(reason) {
      why = reason;
      socket.destroy();
    },
  };
}

/** A build: its bridge, and a client that waits for the daemon's settings as Go's gRPC does. */
async function build(): Promise<{ bridge: Bridge; client: ClientHttp2Session }> {
  const socketPath = path.join(directory, `${bridges.length}.sock`);
  const bridge = await openBridge(socketPath, async () => shared.join());
  bridges.push(bridge);
  const client = http2.connect("http://buildkitd", {
    ...OPTIONS,
    createConnection: () => net.connect(socketPath),
  });
  clients.push(client);
  client.on("error", () => {});
  await once(client, "remoteSettings");
  return { bridge, client };
}

function serve(answer: (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders, raw: string[]) => void): void {
  daemon.on("stream", (stream, headers, _flags, ...[raw]) => {
    stream.on("error", () => {});
    answer(stream, headers, raw as unknown as string[]);
  });
}

/** Sends back what it gets, then the status. */
function echo(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "grpc-message": "done" }));
  stream.pipe(stream);
}

/** A call that was answered to its end. */
async function call(client: ClientHttp2Session, name: string, body: Buffer, headers: http2.OutgoingHttpHeaders = {}) {
  const stream = client.request({ ...GRPC, ":path": name, ...headers });
  const [response, trailers] = [once(stream, "response"), once(stream, "trailers")];
  Readable.from(pieces(body)).pipe(stream);
  const answer = await buffer(stream);
  return { answer, response: (await response)[0], trailers: (await trailers)[0] };
}

/** The code that a stream ended with. */
function codeOf(stream: http2.Http2Stream): Promise<number | undefined> {
  stream.on("error", () => {});
  return new Promise((resolve) => stream.once("close", () => resolve(stream.rstCode)));
}

function* pieces(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 100_000) yield body.subarray(at, at + 100_000);
}

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const noise = (length: number, seed: number): Buffer =>
  Buffer.alloc(length, createHash("sha512").update(`${seed}`).digest());

it("gives each build's calls their own answers, with headers as they were sent and trailers as they were answered", async () => {
  const seen: string[][] = [];
  serve((stream, _headers, raw) => {
    seen.push(raw);
    echo(stream);
  });
  const [one, other] = [await build(), await build()];
  const headers = { "x-method": ["a", "b"], "grpc-timeout": "10S" };
  const calls = Array.from({ length: 40 }, (_, at) => {
    const { client } = at % 2 === 0 ? one : other;
    return call(client, `/${at}`, Buffer.from(`call ${at}`), headers);
  });
  for (const [at, { answer, response, trailers }] of (await Promise.all(calls)).entries()) {
    expect(String(answer)).toBe(`call ${at}`);
    expect(response[":status"]).toBe(200);
    expect(trailers).toMatchObject({ "grpc-status": "0", "grpc-message": "done" });
  }
  expect(seen).toHaveLength(40);
  const [raw = []] = seen;
  expect(raw.join("\n")).toContain("x-method\na\nx-method\nb\ngrpc-timeout\n10S");
  expect(raw.join("\n")).toContain(":authority\nbuildkitd");
  expect(raw.join("\n")).toContain("te\ntrailers");
  expect(one.bridge.sent).toBeGreaterThan(0);
  expect(one.bridge.received).toBeGreaterThan(0);
});

it("carries 50 MB of two builds each way at once, unchanged", async () => {
  serve(echo);
  const [one, other] = [await build(), await build()];
  const [a, b] = [noise(50 * MEGABYTE, 1), noise(50 * MEGABYTE + 7, 2)];
  const [first, second] = await Promise.all([call(one.client, "/a", a), call(other.client, "/b", b)]);
  expect([digest(first.answer), digest(second.answer)]).toEqual([digest(a), digest(b)]);
  expect(one.bridge.sent).toBeGreaterThan(a.length);
  expect(one.bridge.sent).toBeLessThan(a.length * 1.02);
}, 60_000);

it("holds back a build whose call is not read, in either direction, and none of the others", async () => {
  const unread: ServerHttp2Stream[] = [];
  serve((stream, headers) => {
    if (headers[":path"] === "/echo") return echo(stream);
    stream.respond({ ":status": 200 });
    if (headers[":path"] === "/pour") return Readable.from(pieces(noise(50 * MEGABYTE, 3))).pipe(stream);
    unread.push(stream);
  });
  const [stuck, other] = [await build(), await build()];
  const sink = stuck.client.request({ ...GRPC, ":path": "/sink" });
  Readable.from(pieces(noise(50 * MEGABYTE, 3))).pipe(sink);
  const pour = stuck.client.request({ ...GRPC, ":path": "/pour" }, { endStream: true });
  pour.pause();
  await Promise.all([once(sink, "response"), once(pour, "response")]);
  for (let round = 0; round < 20; round++) {
    const { answer } = await call(other.client, "/echo", noise(100_000, round));
    expect(answer).toHaveLength(100_000);
  }
  expect(stuck.bridge.sent).toBeLessThan(MEGABYTE);
  expect(stuck.bridge.received).toBeLessThan(MEGABYTE);
  const read = await Promise.all([...unread, pour].map(async (stream) => digest(await buffer(stream))));
  expect(read).toEqual(Array(2).fill(digest(noise(50 * MEGABYTE, 3))));
}, 60_000);

it("answers with trailers alone, and after the client has said its last", async () => {
  serve((stream, headers) => {
    if (headers[":path"] === "/refuse") {
      stream.respond({ ":status": 200, "grpc-status": "5", "grpc-message": "no such build" }, { endStream: true });
      return;
    }
    stream.respond({ ":status": 200 });
    stream.resume();
    stream.on("end", () => stream.end("after the end"));
  });
  const { client } = await build();
  const refused = client.request({ ...GRPC, ":path": "/refuse" });
  const [headers] = await once(refused, "response");
  expect(headers).toMatchObject({ "grpc-status": "5", "grpc-message": "no such build" });
  expect(await buffer(refused)).toHaveLength(0);
  const half = client.request({ ...GRPC, ":path": "/half" });
  half.end("my last");
  expect(String(await buffer(half))).toBe("after the end");
});

it("passes on resets with their code, by either side", async () => {
  const codes: Promise<number | undefined>[] = [];
  serve((stream, headers) => {
    stream.respond({ ":status": 200 });
    stream.write("begun");
    if (headers[":path"] === "/mine") codes.push(codeOf(stream));
    else stream.close(NGHTTP2_ENHANCE_YOUR_CALM);
  });
  const { client } = await build();
  const mine = client.request({ ...GRPC, ":path": "/mine" });
  await once(mine, "data");
  mine.close(NGHTTP2_CANCEL);
  await expect.poll(() => codes.length).toBe(1);
  expect(await codes[0]).toBe(NGHTTP2_CANCEL);
  expect(await codeOf(client.request({ ...GRPC, ":path": "/theirs" }))).toBe(NGHTTP2_ENHANCE_YOUR_CALM);
});

it("keeps headers together that are too long for one frame, while another build sends", async () => {
  serve((stream, headers) => {
    stream.respond({ ":status": 200, "x-long": headers["x-long"] }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-long": headers["x-long"] }));
    stream.pipe(stream);
  });
  const [one, other] = [await build(), await build()];
  const long = (letter: string) => ({ "x-long": letter.repeat(60_000) });
  const done = await Promise.all(
    Array.from({ length: 10 }, (_, at) => [
      call(one.client, "/one", noise(50_000, at), long("a")),
      call(other.client, "/other", noise(50_000, at), long("b")),
    ]).flat(),
  );
  for (const [at, { response, trailers }] of done.entries()) {
    const expected = long(at % 2 === 0 ? "a" : "b");
    expect(response).toMatchObject(expected);
    expect(trailers).toMatchObject(expected);
  }
});

it("ends the calls of a build that is cut off, and lets the others go on", async () => {
  const streams = new Map<string, ServerHttp2Stream>();
  serve((stream, headers) => {
    streams.set(String(headers[":path"]), stream);
    echo(stream);
  });
  const [one, other] = [await build(), await build()];
  const [going, staying] = [one, other].map(({ client }, at) => {
    const stream = client.request({ ...GRPC, ":path": `/${at}` });
    stream.on("error", () => {});
    stream.write("x");
    return stream;
  }) as [http2.ClientHttp2Stream, http2.ClientHttp2Stream];
  await Promise.all([once(going, "data"), once(staying, "data")]);
  const ended = once(streams.get("/0") as ServerHttp2Stream, "close");
  one.bridge.cut();
  await ended;
  expect(streams.get("/0")?.rstCode).toBe(NGHTTP2_CANCEL);
  staying.end("y");
  expect(String(await buffer(staying))).toBe("y");
  expect(idle).not.toHaveBeenCalled();
  other.client.close();
  await expect.poll(() => vi.mocked(idle).mock.calls.length).toBe(1);
});

it("a cut ends all builds, which say why and refuse to be dialled again", async () => {
  serve(echo);
  const both = [await build(), await build()];
  for (const { client } of both) {
    const stream = client.request({ ...GRPC, ":path": "/" });
    stream.on("error", () => {});
    stream.write("x");
    await once(stream, "data");
  }
  exec.lose("the connection to the pod was lost: WebSocket code 1006");
  for (const [at, { bridge }] of both.entries()) {
    expect(await bridge.broken).toBe("the connection to the pod was lost: WebSocket code 1006");
    const again = net.connect(path.join(directory, `${at}.sock`));
    await expect(once(again, "connect")).rejects.toMatchObject({ code: expect.stringMatching(/ECONNREFUSED|ENOENT/) });
  }
  expect(shared.usable).toBe(false);
});

it("a daemon that is about to end says so to every build: what runs ends well, and nobody joins any more", async () => {
  serve(echo);
  const both = [await build(), await build()];
  const running = await Promise.all(
    both.map(async ({ client }) => {
      const stream = client.request({ ...GRPC, ":path": "/" });
      stream.write("x");
      await once(stream, "data");
      return { stream, told: once(client, "goaway") };
    }),
  );
  session.goaway(NGHTTP2_NO_ERROR);
  for (const { stream, told } of running) {
    expect((await told)[0]).toBe(NGHTTP2_NO_ERROR);
    stream.end("y");
    expect(String(await buffer(stream))).toBe("y");
  }
  expect(shared.usable).toBe(false);
});

it("counts nothing that it answers itself as a sign of the daemon's life", async () => {
  const { bridge, client } = await build();
  await new Promise<void>((resolve) => client.ping(() => resolve()));
  expect(bridge.sent).toBeGreaterThan(0);
  expect(bridge.received).toBe(0);
});
