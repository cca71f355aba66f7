/**
 * One start or stop at a time on a machine. The lock is a listening socket with an abstract name (unix(7)): the kernel
 * frees it however its holder ends, and no file stays. Who waits learns from the socket who holds it.
 */
import { connect, createServer, type Socket } from "node:net";
import { LocalError } from "../errors.ts";
import { CLUSTER_NAME } from "./layout.ts";

/** Who holds the lock and what for. */
export interface LockHolder {
  readonly clone: string;
  readonly pid: number;
  /** what it does, as a noun: "start", "stop" */
  readonly action: string;
}

/** How often this process has taken the lock: a start may hold it around other things that take it. */
let held = 0;

/**
 * Runs with the machine's lock. A holder from the same clone is waited for, with a note; one from another clone is an
 * error that names the clone. Within one process the lock can be taken again.
 * @param name differs only in tests
 */
export async function withMachineLock<T>(
  holder: LockHolder,
  note: (text: string) => void,
  run: () => Promise<T>,
  name: string = CLUSTER_NAME,
): Promise<T> {
  const release = held > 0 ? () => {} : await acquire(holder, note, `\0${name}`);
  held++;
  try {
    return await run();
  } finally {
    held--;
    release();
  }
}

async function acquire(holder: LockHolder, note: (text: string) => void, path: string): Promise<() => void> {
  for (;;) {
    const release = await tryToListen(holder, path);
    if (release !== undefined) return release;
    await waitForHolder(path, (other) => {
      if (other.clone !== holder.clone)
        throw new LocalError(
          `a ${other.action} of the embedded environment from another clone is under way: ${other.clone} (process ${other.pid})`,
          { hint: "there is one embedded environment per machine: wait for that clone to end, then stop it there" },
        );
      note(`a ${other.action} of this clone is under way (process ${other.pid}): waiting for it`);
    });
  }
}

function tryToListen(holder: LockHolder, path: string): Promise<(() => void) | undefined> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => waiting.delete(socket));
    socket.write(`${JSON.stringify(holder)}\n`);
  });
  server.unref();
  return new Promise((resolve, reject) => {
    server.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen({ path }, () =>
      resolve(() => {
        server.close();
        for (const socket of waiting) socket.destroy();
      }),
    );
  });
}

/** Tells who the holder is, then settles when the holder has let go. */
function waitForHolder(path: string, tell: (holder: LockHolder) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    let text = "";
    socket.on("data", (chunk) => {
      if (text.endsWith("\n")) return;
      text += chunk;
      if (!text.endsWith("\n")) return;
      try {
        tell(JSON.parse(text));
      } catch (error) {
        reject(error);
        socket.destroy();
      }
    });
    socket.on("error", () => {}); // the holder went away in between: "close" follows
    socket.on("close", () => resolve());
  });
}
