/**
 * A unix socket that leads to buildkitd in a pod: each connection gets a `buildctl dial-stdio` of its own there.
 * After the first connection that breaks the socket is closed for good, as buildctl dials once more after a cut and
 * would then wait on a second, empty session instead of reporting the first one's end.
 */
import { chmodSync } from "node:fs";
import net from "node:net";
import type { Exec } from "../kube/exec.ts";

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
  /** bytes that it has not taken yet, of the connections there are */
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

/**
 * Listens on `socketPath`, which must lie in a private directory.
 * @param open starts `dial-stdio` in the pod
 */
export async function openBridge(socketPath: string, open: () => Promise<Exec>): Promise<Bridge> {
  let sent = 0;
  let received = 0;
  let over = false;
  let report: (why: Error | string) => void = () => {};
  const broken = new Promise<Error | string>((resolve) => {
    report = resolve;
  });
  const connections = new Set<{ near: net.Socket; far: Exec | null; sent: number }>();
  let first: Promise<Exec> | null = null;
  const next = (): Promise<Exec> => {
    const opened = first ?? open();
    first = null;
    return opened;
  };

  const server = net.createServer({ allowHalfOpen: true }, async (near) => {
    if (over) return near.destroy();
    const connection: { near: net.Socket; far: Exec | null; sent: number } = { near, far: null, sent: 0 };
    connections.add(connection);
    near.on("error", () => {});
    let far: Exec;
    try {
      near.pause();
      far = connection.far = await next();
    } catch (error) {
      fail(error as Error);
      return;
    }
    if (over || near.destroyed) return far.close();
    near.on("data", (data) => {
      sent += data.length;
      connection.sent += data.length;
      if (!far.stdin.write(data)) {
        near.pause();
        far.stdin.once("drain", () => near.resume());
      }
    });
    near.on("end", () => far.stdin.end());
    near.on("close", () => {
      connections.delete(connection);
      far.close();
    });
    far.stdout.on("data", (data: Buffer) => {
      received += data.length;
      if (!near.write(data)) {
        far.stdout.pause();
        near.once("drain", () => far.stdout.resume());
      }
    });
    far.stdout.on("end", () => near.end());
    far.result.then(({ exitCode, message, hung }) => {
      // buildctl closes its side first when it is done; then the end of the far side is no news.
      if (near.destroyed || near.readableEnded) return;
      const said = far.stderr().trim();
      if (hung) return fail(new Hung(message));
      fail(exitCode === 0 ? "buildkitd closed the connection" : [message, said].filter(Boolean).join(": "));
    });
    near.resume();
  });

  const cut = () => {
    over = true;
    for (const { near, far } of connections) {
      near.destroy();
      far?.close();
    }
    connections.clear();
    first?.then(
      (far) => far.close(),
      () => {},
    );
    first = null;
    server.close();
  };
  const fail = (why: Error | string) => {
    if (over) return;
    report(why);
    cut();
  };

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return {
    address: `unix://${socketPath}`,
    get sent() {
      return sent;
    },
    get received() {
      return received;
    },
    get taken() {
      return [...connections].reduce((sum, { far }) => sum + (far?.taken() ?? 0), 0);
    },
    get waiting() {
      return [...connections].reduce((sum, one) => sum + one.sent - (one.far?.taken() ?? 0), 0);
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
