/** One client of BuildKit on its way over a connection that it shares: its side of HTTP/2, as if the daemon itself spoke to it. */
import type net from "node:net";
import {
  acknowledged,
  FIRST_WINDOW,
  FLAG,
  type Frame,
  FrameReader,
  firstNumber,
  LARGEST_WINDOW,
  SETTING,
  settingsFrame,
  settingsOf,
  TYPE,
  windowUpdate,
} from "./http2Frames.ts";
import { Outlet } from "./http2Outlet.ts";

/** Data that may come over a connection before its sender hears that so much more is welcome; of the largest window, a part. */
export const CREDIT = 2 ** 20;

/** A call of gRPC, which is a stream of HTTP/2, with its numbers on both sides. */
export interface Stream {
  readonly lane: Lane;
  readonly near: number;
  readonly far: number;
  nearEnded: boolean;
  farEnded: boolean;
}

/** Who passes the frames of the lane's streams on. */
export interface Relay {
  fromClient(lane: Lane, frame: Frame): void;
  /** the client takes so many bytes more than before on each of its streams */
  widened(lane: Lane, more: number): void;
}

export class Lane {
  readonly socket: net.Socket;
  /** the streams that are open, by the client's number */
  readonly streams = new Map<number, Stream>();
  /** bytes that the client takes on a new stream */
  window = FIRST_WINDOW;
  /** bytes that came from the client */
  sent = 0;
  /** bytes of the daemon's to it; what it is told here is no sign of the daemon's life */
  received = 0;
  readonly #out: Outlet;
  #greeted = false;
  /** bytes of data since the client heard last that they were taken */
  #taken = 0;

  constructor(socket: net.Socket, relay: Relay) {
    this.socket = socket;
    this.#out = new Outlet((bytes) => this.#write(bytes));
    const reader = new FrameReader("client");
    socket.on("data", (data: Buffer) => {
      this.sent += data.length;
      for (const frame of reader.read(data)) this.#take(frame, relay);
    });
  }

  /** What the daemon wants of its clients. */
  settings(settings: ReadonlyMap<number, number>): void {
    this.#out.now(settingsFrame(settings));
    if (this.#greeted) return;
    this.#greeted = true;
    this.#out.now(windowUpdate(0, LARGEST_WINDOW - FIRST_WINDOW));
  }

  /** Something of the daemon's, with the client's number. */
  pass(frame: Frame): void {
    this.received += frame.bytes.length;
    if (frame.type === TYPE.windowUpdate) this.#out.now(frame);
    else this.#out.inTurn(frame);
  }

  #take(frame: Frame, relay: Relay): void {
    switch (frame.type) {
      case TYPE.settings: {
        if (frame.has(FLAG.ack)) return;
        this.#out.now(acknowledged(frame));
        const window = settingsOf(frame).get(SETTING.initialWindowSize) ?? this.window;
        // Clients only widen it (google.golang.org/grpc, internal/transport, updateFlowControl).
        if (window > this.window) relay.widened(this, window - this.window);
        this.window = window;
        return;
      }
      // The daemon would take those of several clients for too many of one, and leave (google.golang.org/grpc,
      // internal/transport, handlePing).
      case TYPE.ping:
        if (!frame.has(FLAG.ack)) this.#out.now(acknowledged(frame));
        return;
      case TYPE.windowUpdate:
        if (frame.stream === 0) this.#out.widen(firstNumber(frame));
        else relay.fromClient(this, frame);
        return;
      case TYPE.data:
        this.#taken += frame.payload.length;
        if (this.#taken >= CREDIT) {
          this.#out.now(windowUpdate(0, this.#taken));
          this.#taken = 0;
        }
        relay.fromClient(this, frame);
        return;
      case TYPE.headers:
      case TYPE.reset:
        relay.fromClient(this, frame);
    }
  }

  /** Frames that come together leave together. */
  #write(bytes: Buffer): void {
    const { socket } = this;
    if (socket.destroyed) return;
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(bytes);
  }
}
