/**
 * A unix socket that leads to buildkitd in a pod: each connection gets a `buildctl dial-stdio` of its own there, or its part in one.
 * After the first connection that breaks the socket is closed for good, as buildctl dials once more after a cut and
 * would then wait on a second, empty session instead of reporting the first one's end.
 */
import { chmodSync } from "node:fs";
import net from "node:net";
import type { Exec } from "../kube/exec.ts";
import type { SharedConnection } from "./sharedConnection.ts";

/** The connection did not break: it is there, and nothing comes. Why, is not to be learned from the cluster. */
export class Hung extends Error {}

export interface Bridge {
  /** `unix:///...`, for BUILDKIT_HOST */
  readonly address: string;
  /** bytes to and from the pod so far */
  readonly sent: number;
  readonly received: number;
  /** bytes that the API server has taken so far, see {@link Exec.taken} */
  readonly taken: number;
  /** bytes that it has not taken yet, of the connections there are; of a shared one also those of other builds, which go first */
  readonly waiting: number;
  /** resolves, at most once, with why the connection broke; an Error when it could not even be opened */
  readonly broken: Promise<Error | string>;
  /** opens the first connection to the pod, so that it is there when buildctl is; left out, that waits for buildctl */
  dial(): void;
  /** drops every connection and refuses new ones */
  cut(): void;
  /** cuts and removes the socket */
  close(): Promise<void>;
}

/** A connection of buildctl's on its way. */
interface Line {
  readonly exec: Exec;
  sent(): number;
  received(): number;
  waiting(): number;
}

/**
 * Listens on `socketPath`, which must lie in a private directory.
 * @param open starts `dial-stdio` in the pod, or joins a connection that several builds share
 */
export async function openBridge(socketPath: string, open: () => Promise<Exec | SharedConnection>): Promise<Bridge> {
  /** bytes of the connections that are over */
  let [sent, received] = [0, 0];
  let over = false;
  let report: (why: Error | string) => void = () => {};
  const broken = new Promise<Error | string>((resolve) => {
    report = resolve;
  });
  const connections = new Map<net.Socket, Line | null>();
  let first: Promise<Exec | SharedConnection> | null = null;
  const next = (): Promise<Exec | SharedConnection> => {
    const opened = first ?? open();
    first = null;
    return opened;
  };

  const server = net.createServer({ allowHalfOpen: true }, async (near) => {
    if (over) return near.destroy();
    connections.set(near, null);
    near.on("error", () => {});
    let far: Exec | SharedConnection;
    try {
      near.pause();
      far = await next();
    } catch (error) {
      fail(error as Error);
      return;
    }
    if (over || near.destroyed) return drop(far);
    const line = "carry" in far ? inCommon(near, far) : alone(near, far);
    connections.set(near, line);
    near.on("close", () => {
      connections.delete(near);
      sent += line.sent();
      received += line.received();
    });
    line.exec.result.then(({ exitCode, message, hung }) => {
      // buildctl closes its side first when it is done; then the end of the far side is no news.
      if (near.destroyed || near.readableEnded) return;
      const said = line.exec.stderr().trim();
      if (hung) return fail(new Hung(message));
      fail(exitCode === 0 ? "buildkitd closed the connection" : [message, said].filter(Boolean).join(": "));
    });
  });

  const cut = () => {
    over = true;
    for (const near of connections.keys()) near.destroy();
    first?.then(drop, () => {});
    first = null;
    server.close();
  };
  const fail = (why: Error | string) => {
    if (over) return;
    report(why);
    cut();
  };

  const sum = (count: (line: Line) => number) =>
    [...connections.values()].reduce((total, line) => total + (line === null ? 0 : count(line)), 0);

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return {
    address: `unix://${socketPath}`,
    get sent() {
      return sent + sum((line) => line.sent());
    },
    get received() {
      return received + sum((line) => line.received());
    },
    get taken() {
      return sum(({ exec }) => exec.taken());
    },
    get waiting() {
      return sum((line) => line.waiting());
    },
    broken,
    dial: () => {
      first = open();
      // Said to whoever connects.
      first.catch(() => {});
    },
    cut,
    close: () =>
      new Promise((resolve) => {
        if (!server.listening) {
          cut();
          return resolve();
        }
        server.once("close", () => resolve());
        cut();
      }),
  };
}

/** Says that it is not needed. */
function drop(far: Exec | SharedConnection): void {
  if ("leave" in far) far.leave();
  else far.close();
}

/** A connection over a `dial-stdio` of its own. */
function alone(near: net.Socket, exec: Exec): Line {
  let [sent, received] = [0, 0];
  near.on("data", (data) => {
    sent += data.length;
    if (!exec.stdin.write(data)) {
      near.pause();
      exec.stdin.once("drain", () => near.resume());
    }
  });
  near.on("end", () => exec.stdin.end());
  near.on("close", () => exec.close());
  exec.stdout.on("data", (data: Buffer) => {
    received += data.length;
    if (!near.write(data)) {
      exec.stdout.pause();
      near.once("drain", () => exec.stdout.resume());
    }
  });
  exec.stdout.on("end", () => near.end());
  near.resume();
  return { exec, sent: () => sent, received: () => received, waiting: () => sent - exec.taken() };
}

function inCommon(near: net.Socket, shared: SharedConnection): Line {
  const lane = shared.carry(near);
  const { exec } = shared;
  return { exec, sent: () => lane.sent, received: () => lane.received, waiting: () => shared.waiting };
}
