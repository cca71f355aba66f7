/** A TCP proxy on loopback that mistreats what goes through it: the network between the runner and the API server. */

import type { AddressInfo } from "node:net";
import net from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** bytes from clients to the server so far */
  readonly sent: number;
  /** connections that clients opened so far */
  readonly accepted: number;
  /** waits this long before it passes a piece on, each way; milliseconds */
  delay(milliseconds: number): void;
  /** passes on at most so many bytes a second each way, of each connection */
  throttle(bytesPerSecond: number): void;
  /** ends all connections: by RST, or by FIN to both sides */
  cut(how: "RST" | "FIN"): void;
  /** from now on takes what comes on the connections there are, and passes nothing on; new ones are well */
  freeze(): void;
  /** as {@link freeze}, for new connections too: they are accepted, and nobody answers */
  freezeAll(): void;
  close(): Promise<void>;
}

/** What goes one way of one connection. */
class Way {
  frozen = false;
  readonly #from: net.Socket;
  readonly #to: net.Socket;
  #last: Promise<void> = Promise.resolve();
  #freeAt = 0;

  constructor(
    from: net.Socket,
    to: net.Socket,
    speed: () => { delay: number; rate: number },
    count: (n: number) => void,
  ) {
    this.#from = from;
    this.#to = to;
    from.on("data", (data) => {
      if (this.frozen) return;
      count(data.length);
      const { delay, rate } = speed();
      if (delay === 0 && rate === Infinity) {
        // In order behind what still waits.
        this.#last = this.#last.then(() => this.#pass(data));
        if (!to.writableNeedDrain) return;
        from.pause();
        to.once("drain", () => from.resume());
        return;
      }
      const now = performance.now();
      this.#freeAt = Math.max(now, this.#freeAt);
      // In slices of a twentieth of a second: a slow link does not bring much at once after a long while.
      const slice = rate === Infinity ? data.length : Math.max(1, Math.floor(rate / 20));
      for (let from = 0; from < data.length; from += slice) {
        const part = data.subarray(from, from + slice);
        this.#freeAt += (part.length / rate) * 1000;
        const wait = this.#freeAt + delay - now;
        const passed = new Promise<void>((resolve) => setTimeout(resolve, wait));
        this.#last = this.#last.then(() => passed).then(() => this.#pass(part));
      }
      // A network holds little: who sends more has to wait.
      if (this.#freeAt - now < 200) return;
      from.pause();
      setTimeout(() => from.resume(), this.#freeAt - now);
    });
    from.on("end", () => {
      this.#last = this.#last.then(() => {
        if (!this.frozen) to.end();
      });
    });
    from.on("error", () => {});
    from.on("close", () => {
      this.#last = this.#last.then(() => {
        if (!this.frozen) to.destroy();
      });
    });
  }

  #pass(data: Buffer): void {
    if (!this.frozen && !this.#to.destroyed) this.#to.write(data);
  }

  cut(how: "RST" | "FIN"): void {
    if (how === "RST") this.#from.resetAndDestroy();
    else this.#from.destroySoon();
  }
}

/** Starts one that leads to `server`. */
export async function tcpProxy(server: { host: string; port: number }): Promise<TcpProxy> {
  let sent = 0;
  let accepted = 0;
  let speed = { delay: 0, rate: Infinity };
  let swallowsNew = false;
  const ways = new Set<Way>();
  const sockets = new Set<net.Socket>();
  const listener = net.createServer({ allowHalfOpen: true, highWaterMark: 16 * 1024 }, (near) => {
    accepted++;
    sockets.add(near);
    near.on("close", () => sockets.delete(near));
    if (swallowsNew) {
      near.on("error", () => {}).resume();
      return;
    }
    const far = net.connect({ ...server, allowHalfOpen: true });
    sockets.add(far);
    const there = new Way(
      near,
      far,
      () => speed,
      (bytes) => {
        sent += bytes;
      },
    );
    const back = new Way(
      far,
      near,
      () => speed,
      () => {},
    );
    ways.add(there).add(back);
    near.on("close", () => ways.delete(there));
    far.on("close", () => {
      ways.delete(back);
      sockets.delete(far);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    get sent() {
      return sent;
    },
    get accepted() {
      return accepted;
    },
    delay(milliseconds) {
      speed = { ...speed, delay: milliseconds };
    },
    throttle(bytesPerSecond) {
      speed = { ...speed, rate: bytesPerSecond };
    },
    cut(how) {
      for (const way of ways) way.cut(how);
    },
    freeze() {
      for (const way of ways) way.frozen = true;
    },
    freezeAll() {
      swallowsNew = true;
      for (const way of ways) way.frozen = true;
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
