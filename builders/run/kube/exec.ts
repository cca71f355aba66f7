/**
 * Commands in a pod, over a WebSocket to the API server. Not `Exec` of `@kubernetes/client-node`: that one keeps
 * everything in memory that the other side cannot take yet, and swallows errors after the opening.
 */
import { PassThrough, type Readable, Writable } from "node:stream";
import WebSocket from "ws";
import type { PergolaError } from "../../errors.ts";
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
  /** bytes of stdin that the API server has taken, as its answers to pings say; grows while a slow link still carries them */
  taken(): number;
  /** never rejects; a lost connection is `exitCode: null` */
  readonly result: Promise<ExecResult>;
  /** drops the connection at once; the container runtime then ends the command's streams */
  close(): void;
}

/** A ping goes out this often; when nothing came for {@link SILENT_PINGS} of them the connection is dead. */
const PING_MILLISECONDS = 1000;
const SILENT_PINGS = 7;
/**
 * And one after so many bytes of stdin. Answers then come as long as the link carries this much in the time above, however
 * much of what was sent still waits in the buffers of the operating system: a slow link is not a dead one.
 */
const PING_BYTES = 32 * 1024;
const HANDSHAKE_MILLISECONDS = 10_000;
/** Memory that each direction may hold back. */
const WATER_MARK = 256 * 1024;
/** Largest piece of stdin in one message. */
const PIECE = PING_BYTES;
const STDERR_TAIL = 4096;
/** Characters of a refusing answer that are read: more than any Status has. */
const REFUSAL_LENGTH = 64 * 1024;

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
  exec.result.then(({ hung }) => hung && transport.dropIdle());
  await new Promise<void>((resolve, reject) => {
    let refusal: (() => PergolaError) | null = null;
    socket.once("open", resolve);
    socket.once("error", (error) => {
      if (signal?.aborted) return reject(interrupted());
      // The answer's body did not come in time.
      if (refusal !== null) return reject(refusal());
      // A handshake that was answered with something else than a WebSocket, in the words of ws.
      if (/^(?:Invalid|Server sent) /.test(error.message)) {
        return reject(new UpgradeRefused(`wrongly (${error.message})`, server, context));
      }
      reject(connectionError(error, server, context));
    });
    socket.once("unexpected-response", (_request, response) => {
      let body = "";
      const answered = () => {
        const status = response.statusCode ?? 0;
        const subject = { verb: "create", resource: "pods/exec", namespace, name: pod };
        const answer = `HTTP ${status} ${response.statusMessage ?? ""}`.trim();
        return refusesUpgrade(status, body)
          ? new UpgradeRefused(answer, server, context)
          : statusError(status, body, subject, context);
      };
      const refuse = () => {
        reject(signal?.aborted ? interrupted() : answered());
        // ws leaves it open for whoever listens to this; what waits for its end would wait for ever.
        socket.terminate();
      };
      refusal = answered;
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body = (body + text).slice(0, REFUSAL_LENGTH);
        if (body.length === REFUSAL_LENGTH) refuse();
      });
      response.on("end", refuse);
      // A connection that breaks within the body has no `end`: the status alone tells enough.
      response.on("error", refuse);
      response.on("close", refuse);
    });
  });
  return exec;
}

/** Connects the messages of `socket` (open or opening) with streams. `pingEvery` is in milliseconds. */
export function wire(socket: WebSocket, signal?: AbortSignal, pingEvery = PING_MILLISECONDS): Exec {
  const stdout = new PassThrough({ highWaterMark: WATER_MARK });
  let stderr = "";
  let status: string | undefined;
  let failure: string | undefined;
  let paused = false;
  let silent = 0;
  let sent = 0;
  let pinged = 0;
  let taken = 0;
  let hung = false;

  const abort = () => socket.terminate();
  /** Asks the API server to answer once it has taken what was sent before: it reads in order. */
  const ping = () => {
    pinged = sent;
    socket.ping(String(sent));
  };
  const pings = setInterval(() => {
    // A paused socket reads no pongs either.
    if (socket.readyState !== WebSocket.OPEN || paused) return;
    if (silent >= SILENT_PINGS) {
      hung = true;
      failure ??= `not a byte came over it for ${(SILENT_PINGS * pingEvery) / 1000} s, not even an answer to pings`;
      return socket.terminate();
    }
    silent++;
    ping();
  }, pingEvery);

  socket.on("pong", (data: Buffer) => {
    silent = 0;
    taken = Math.max(taken, Number(data.toString()) || 0);
  });
  socket.on("message", (data: Buffer) => {
    silent = 0;
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
          if (error) return done(error);
          sent += to - from;
          if (sent - pinged >= PING_BYTES) ping();
          if (to < data.length) send(to);
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
      const message = `the connection to the pod was lost: ${why}`;
      resolve({ exitCode: null, message, ...(hung ? { hung } : {}) });
    });
  });
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });

  return { stdin, stdout, stderr: () => stderr, taken: () => taken, result, close: abort };
}
