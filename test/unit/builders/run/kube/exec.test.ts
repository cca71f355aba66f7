import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { CHANNEL, closeFrame, frame, parseExecStatus } from "../../../../../builders/run/kube/channels.ts";
import { type Exec, openExec, wire } from "../../../../../builders/run/kube/exec.ts";
import type { KubeTransport } from "../../../../../builders/run/kube/transport.ts";
import { rejectionOf } from "../../samples.ts";

const servers: WebSocketServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

/** Milliseconds between pings where a connection is to be found dead. */
const PING = 100;

/** A stand-in for the API server's end of an exec; `serve` gets the socket of the one connection. */
async function connect(
  serve: (socket: WebSocket) => void,
  protocol = "v5.channel.k8s.io",
  signal?: AbortSignal,
  pingEvery?: number,
): Promise<Exec> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => protocol });
  servers.push(server);
  server.on("connection", serve);
  await once(server, "listening");
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, [protocol]);
  const exec = wire(socket, signal, pingEvery);
  await once(socket, "open");
  return exec;
}

const SUCCESS = Buffer.from('{"kind":"Status","status":"Success"}');
const text = async (exec: Exec) => {
  let all = "";
  for await (const chunk of exec.stdout) all += chunk;
  return all;
};

describe("parseExecStatus", () => {
  it.each([
    ["success", '{"status":"Success"}', { exitCode: 0, message: "" }],
    [
      "an exit code",
      '{"status":"Failure","message":"command terminated with exit code 3","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}',
      { exitCode: 3, message: "command terminated with exit code 3" },
    ],
    [
      "a command that could not be started",
      '{"status":"Failure","message":"Internal error occurred: exec: no such file","reason":"InternalError","details":{"causes":[{"message":"x"}]},"code":500}',
      { exitCode: null, message: "Internal error occurred: exec: no such file" },
    ],
    ["what is no JSON", "boom", { exitCode: null, message: "boom" }],
  ])("reads %s", (_, status, expected) => {
    expect(parseExecStatus(status)).toEqual(expected);
  });
});

describe("exec over a WebSocket", () => {
  it("sends stdin whole, half-closes it, and still reads what the command says after that", async () => {
    const exec = await connect((socket) => {
      let bytes = 0;
      socket.on("message", (data: Buffer) => {
        if (data.equals(closeFrame(CHANNEL.stdin))) {
          socket.send(frame(CHANNEL.stdout, Buffer.from(`got ${bytes}`)));
          socket.send(frame(CHANNEL.stderr, Buffer.from("note")));
          socket.send(frame(CHANNEL.error, SUCCESS));
          socket.close();
        } else if (data[0] === CHANNEL.stdin) bytes += data.length - 1;
      });
    });
    exec.stdin.end(Buffer.alloc(1_000_000));
    expect(await text(exec)).toBe("got 1000000");
    expect(await exec.result).toEqual({ exitCode: 0, message: "" });
    expect(exec.stderr()).toBe("note");
  });

  it("reports a connection that breaks as lost, and never as success", async () => {
    const exec = await connect((socket) => {
      socket.send(frame(CHANNEL.stdout, Buffer.from("half")));
      socket.once("message", () => socket.terminate());
    });
    exec.stdin.write("x");
    expect(await text(exec)).toBe("half");
    expect(await exec.result).toMatchObject({
      exitCode: null,
      message: expect.stringContaining("connection to the pod was lost"),
    });
  });

  it("says that an old API server cannot end a command's input instead of cutting it", async () => {
    const exec = await connect(() => {}, "v4.channel.k8s.io");
    const failed = once(exec.stdin, "error");
    exec.stdin.end("x");
    expect((await failed)[0].message).toContain("too old");
    exec.close();
  });

  it("drops the connection when the caller aborts", async () => {
    const abort = new AbortController();
    const exec = await connect(() => {}, undefined, abort.signal);
    abort.abort();
    expect((await exec.result).exitCode).toBeNull();
  });

  it("holds back a sender while nobody reads stdout", async () => {
    let sent = 0;
    const exec = await connect((socket) => {
      const more = () => {
        if (sent >= 64 * 1024 * 1024) return socket.close();
        sent += 1024 * 1024;
        socket.send(frame(CHANNEL.stdout, Buffer.alloc(1024 * 1024)), more);
      };
      more();
    });
    const quiet = async () => {
      for (let before = -1; before !== sent; ) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    };
    await quiet();
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    let received = 0;
    for await (const chunk of exec.stdout) received += (chunk as Buffer).length;
    expect(received).toBe(64 * 1024 * 1024);
  });

  it("is found to hang when the other side answers nothing any more, and not before", async () => {
    let server: WebSocket | undefined;
    const exec = await connect(
      (socket) => {
        server = socket;
      },
      undefined,
      undefined,
      PING,
    );
    await vi.waitFor(() => expect(server).toBeDefined());
    let ended = false;
    exec.result.then(() => {
      ended = true;
    });
    // Pings alone keep it, for longer than the silence that ends it.
    let answers = 0;
    server?.on("ping", () => answers++);
    await vi.waitFor(() => expect(answers).toBeGreaterThan(12), 5000);
    expect(ended).toBe(false);
    server?.pause();
    expect(await exec.result).toMatchObject({ exitCode: null, hung: true, message: expect.stringContaining("pings") });
  });

  it("is not found to hang while a slow link still carries what was sent", async () => {
    let received = 0;
    const exec = await connect(
      (socket) => {
        // A link that takes a message now and then, each for half of the silence that would end the connection.
        socket.on("message", (data: Buffer) => {
          received += data.length - 1;
          socket.pause();
          setTimeout(() => socket.resume(), 3 * PING);
        });
      },
      undefined,
      undefined,
      PING,
    );
    const bytes = 10 * 32 * 1024;
    exec.stdin.write(Buffer.alloc(bytes));
    await vi.waitFor(() => expect(exec.taken()).toBe(bytes), 10_000);
    expect(received).toBe(bytes);
    exec.close();
    expect((await exec.result).hung).toBeUndefined();
  });
});

describe("an exec that is refused", () => {
  /** What openExec rejects with when a server answers the request for a WebSocket by `answer`. */
  async function refusal(answer: (socket: Socket) => void) {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => answer(socket));
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, "127.0.0.1"), "listening");
    const transport = {
      target: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, context: "dev" },
      credentials: async () => ({ headers: {}, tls: {} }),
    } as unknown as KubeTransport;
    return rejectionOf(openExec(transport, { namespace: "n", pod: "p", container: "c", command: ["true"] }));
  }
  const head = (status: string, length: number) => `HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\n\r\n`;
  const denied = JSON.stringify({ kind: "Status", message: "no exec for you" });

  it("is told by what the server says", async () => {
    expect(await refusal((socket) => socket.end(head("403 Forbidden", denied.length) + denied))).toMatchObject({
      code: "forbidden",
      message: "Not allowed to create pods/exec p in namespace n: no exec for you",
    });
  });

  it.each([
    ["at its end", (socket: Socket) => socket.end(`${head("403 Forbidden", 100)}half`)],
    [
      "by a reset",
      (socket: Socket) => socket.write(`${head("403 Forbidden", 100)}half`, () => socket.resetAndDestroy()),
    ],
  ])("is told by its status when the answer breaks off %s", async (_, answer) => {
    expect((await refusal(answer)).code).toBe("forbidden");
  });

  it("is told after as much of an endless answer as any Status has", async () => {
    const endless = (socket: Socket) => {
      socket.write(`${head("403 Forbidden", 1e12)}${"x".repeat(1_000_000)}`);
    };
    expect((await refusal(endless)).code).toBe("forbidden");
  });

  it("is that of an API server that is away for a while", async () => {
    expect(await refusal((socket) => socket.end(head("503 Service Unavailable", 0)))).toMatchObject({
      code: "cluster-unreachable",
      message: "The API server of context dev failed to create pods/exec p in namespace n (HTTP 503): HTTP 503",
    });
  });
});
