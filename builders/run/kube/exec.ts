/**
 * Commands in a pod, over a WebSocket to the API server. Not `Exec` of `@kubernetes/client-node`: that one keeps
 * everything in memory that the other side cannot take yet, and swallows errors after the opening.
 */
import { PassThrough, type Readable, Writable } from "node:stream";
import WebSocket from "ws";
import { CHANNEL, closeFrame, EXEC_PROTOCOLS, type ExecResult, frame, parseExecStatus } from "./channels.ts";
import { connectionError, interrupted, refusesUpgrade, statusError, UpgradeRefused } from "./errors.ts";
import { apiPath } from "./objects.ts";
import type { KubeTransport } from "./transport.ts";

export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

/** A running command. */
export interface Exec {
  /** `end()` half-closes: the command sees the end of its input and goes on */
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** the last 4 kB of what the command wrote to stderr; complete once `result` is there */
  stderr(): string;
  /** never rejects; a lost connection is `exitCode: null` */
  readonly result: Promise<ExecResult>;
  /** drops the connection at once; the container runtime then ends the command's streams */
  close(): void;
}

/** A ping goes out this often; with {@link MISSED_PINGS} unanswered in a row the connection is dead. */
const PING_MILLISECONDS = 2000;
const MISSED_PINGS = 5;
const HANDSHAKE_MILLISECONDS = 15_000;
/** Memory that each direction may hold back. */
const WATER_MARK = 256 * 1024;
/** Largest piece of stdin in one message. */
const PIECE = 64 * 1024;
const STDERR_TAIL = 4096;

/**
 * Starts a command.
 * @throws PergolaError: forbidden, cluster-unreachable, builder-not-ready (no such pod or container)
 * @throws UpgradeRefused
 */
export async function openExec(transport: KubeTransport, target: ExecTarget, signal?: AbortSignal): Promise<Exec> {
  const { namespace, pod, container, command } = target;
  const { server, context } = transport.target;
  const credentials = await transport.credentials();
  if (signal?.aborted) throw interrupted();
  const query = new URLSearchParams([
    ["container", container],
    ["stdin", "true"],
    ["stdout", "true"],
    ["stderr", "true"],
    ["tty", "false"],
    ...command.map((word): [string, string] => ["command", word]),
  ]);
  const url = `${server.replace(/^http/, "ws")}${apiPath("Pod", namespace, pod, "exec")}?${query}`;
  const socket = new WebSocket(url, [...EXEC_PROTOCOLS], {
    ...credentials.tls,
    ...(credentials.agent ? { agent: credentials.agent } : {}),
    headers: { ...credentials.headers, "User-Agent": "pergola" },
    perMessageDeflate: false,
    // Masks keep a page's script from forging requests that a proxy can read (RFC 6455, 10.3). Within TLS none can, and ws
    // leaves out the work for a mask of zeros, a third of what the bridge has to do for a large context.
    ...(server.startsWith("https:") ? { generateMask: (mask: Buffer) => mask.fill(0) } : {}),
    handshakeTimeout: HANDSHAKE_MILLISECONDS,
  });
  const exec = wire(socket, signal);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", (error) => {
      if (signal?.aborted) return reject(interrupted());
      // A handshake that was answered with something else than a WebSocket, in the words of ws.
      if (/^(?:Invalid|Server sent) /.test(error.message)) {
        return reject(new UpgradeRefused(`wrongly (${error.message})`, server, context));
      }
      reject(connectionError(error, server, context));
    });
    socket.once("unexpected-response", (_request, response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        const subject = { verb: "create", resource: "pods/exec", namespace, name: pod };
        const answer = `HTTP ${status} ${response.statusMessage ?? ""}`.trim();
        reject(
          refusesUpgrade(status, body)
            ? new UpgradeRefused(answer, server, context)
            : statusError(status, body, subject, context),
        );
        // ws leaves it open for whoever listens to this; what waits for its end would wait for ever.
        socket.terminate();
      });
    });
  });
  return exec;
}

/** Connects the messages of `socket` (open or opening) with streams. */
export function wire(socket: WebSocket, signal?: AbortSignal): Exec {
  const stdout = new PassThrough({ highWaterMark: WATER_MARK });
  let stderr = "";
  let status: string | undefined;
  let failure: string | undefined;
  let paused = false;
  let missed = 0;

  const abort = () => socket.terminate();
  const pings = setInterval(() => {
    // A paused socket reads no pongs either.
    if (socket.readyState !== WebSocket.OPEN || paused) return;
    if (missed >= MISSED_PINGS) {
      failure ??= `no answer to ${MISSED_PINGS} pings over ${(MISSED_PINGS * PING_MILLISECONDS) / 1000} s`;
      return socket.terminate();
    }
    missed++;
    socket.ping();
  }, PING_MILLISECONDS);

  socket.on("pong", () => {
    missed = 0;
  });
  socket.on("message", (data: Buffer) => {
    missed = 0;
    const body = data.subarray(1);
    switch (data[0]) {
      case CHANNEL.stdout:
        if (body.length > 0 && !stdout.write(body)) {
          paused = true;
          socket.pause();
          stdout.once("drain", () => {
            paused = false;
            socket.resume();
          });
        }
        break;
      case CHANNEL.stderr:
        stderr = (stderr + body.toString("utf8")).slice(-STDERR_TAIL);
        break;
      case CHANNEL.error:
        status = (status ?? "") + body.toString("utf8");
        break;
    }
  });
  socket.on("error", (error) => {
    failure ??= error.message;
  });

  const stdin = new Writable({
    highWaterMark: WATER_MARK,
    write(data: Buffer, _encoding, done) {
      const send = (from: number): void => {
        if (socket.readyState !== WebSocket.OPEN) {
          done(new Error("the connection to the pod is closed"));
          return;
        }
        const to = Math.min(from + PIECE, data.length);
        // The callback comes once the piece is with the operating system: this is the back pressure.
        socket.send(frame(CHANNEL.stdin, data.subarray(from, to)), { binary: true }, (error) => {
          if (error) done(error);
          else if (to < data.length) send(to);
          else done();
        });
      };
      send(0);
    },
    final(done) {
      if (socket.readyState !== WebSocket.OPEN) return done();
      if (socket.protocol === EXEC_PROTOCOLS[0]) return socket.send(closeFrame(CHANNEL.stdin), { binary: true }, done);
      done(
        new Error("the API server is too old to end a command's input (it lacks v5.channel.k8s.io, Kubernetes 1.30)"),
      );
    },
    destroy(error, done) {
      done(error);
    },
  });
  // Whoever writes sees the error by its own listener; without one it must not end the process.
  stdin.on("error", () => {});

  const result = new Promise<ExecResult>((resolve) => {
    socket.on("close", (code, reason) => {
      clearInterval(pings);
      signal?.removeEventListener("abort", abort);
      stdout.end();
      if (status !== undefined) return resolve(parseExecStatus(status));
      const why = failure ?? (reason.toString() || `WebSocket code ${code}`);
      stdin.destroy(new Error(`the connection to the pod was lost: ${why}`));
      resolve({ exitCode: null, message: `the connection to the pod was lost: ${why}` });
    });
  });
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });

  return { stdin, stdout, stderr: () => stderr, result, close: abort };
}
