/** What is sent over one connection of HTTP/2, within the window that the other side gives to the connection as a whole. */
import { FIRST_WINDOW, type Frame, TYPE } from "./http2Frames.ts";

export class Outlet {
  readonly #write: (bytes: Buffer) => void;
  #window = FIRST_WINDOW;
  readonly #held: Frame[] = [];

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  /** Whether something waits for the window. */
  get full(): boolean {
    return this.#held.length > 0;
  }

  /** Sends what need not wait for what its stream has sent, or is of no stream. */
  now(frame: Frame): void {
    this.#write(frame.bytes);
  }

  /** Sends after all that came this way before. */
  inTurn(frame: Frame): void {
    if (this.full || !this.#fits(frame)) this.#held.push(frame);
    else this.#send(frame);
  }

  /** The other side takes so many bytes more. */
  widen(more: number): void {
    this.#window += more;
    for (let next = this.#held[0]; next !== undefined && this.#fits(next); next = this.#held[0]) {
      this.#held.shift();
      this.#send(next);
    }
  }

  /** Only data counts (RFC 9113, 5.2.1), padding included. */
  #fits(frame: Frame): boolean {
    return frame.type !== TYPE.data || frame.payload.length <= this.#window;
  }

  #send(frame: Frame): void {
    if (frame.type === TYPE.data) this.#window -= frame.payload.length;
    this.#write(frame.bytes);
    for (const follower of frame.followers) this.#write(follower.bytes);
  }
}
