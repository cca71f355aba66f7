/**
 * One connection to buildkitd for several builds. Their clients speak gRPC, and so HTTP/2, with the daemon, which numbers the calls
 * of a connection: each client's frames are passed on under numbers of the shared one, and otherwise as they are.
 *
 * That needs headers that can be read without those before them. So both sides are told to keep no table of them (RFC 7541, 4.2):
 * clients of Go's gRPC send none before they have heard so. The windows of streams stay between client and daemon, so nothing piles up
 * here; those of connections end here.
 */
import type net from "node:net";
import type { Exec } from "../kube/exec.ts";
import {
  acknowledged,
  CANCEL,
  FIRST_WINDOW,
  FLAG,
  type Frame,
  FrameReader,
  firstNumber,
  goAway,
  LARGEST_WINDOW,
  PREFACE,
  reset,
  SETTING,
  settingsFrame,
  settingsOf,
  TYPE,
  windowUpdate,
} from "./http2Frames.ts";
import { Outlet } from "./http2Outlet.ts";
import { CREDIT, Lane, type Stream } from "./lane.ts";

const NO_TABLE = [SETTING.headerTableSize, 0] as const;
/** What the daemon is told. It may send on a stream what its client takes, which it hears when the stream opens. */
const SETTINGS = new Map<number, number>([NO_TABLE, [SETTING.enablePush, 0], [SETTING.initialWindowSize, 0]]);

export class SharedConnection {
  readonly exec: Exec;
  readonly #idle: (connection: SharedConnection) => void;
  readonly #lanes = new Set<Lane>();
  /** the streams that are open, by the daemon's number */
  readonly #streams = new Map<number, Stream>();
  readonly #out = new Outlet((bytes) => this.#write(bytes));
  /** those that have joined and not left */
  #members = 0;
  #next = 1;
  /** what the daemon wants of its clients; null until it said so */
  #settings: Map<number, number> | null = null;
  /** whether it is over, or will be when the calls that there are have ended */
  #leaving = false;
  /** what waits for the end of this round of events, to be sent in one piece */
  #unsent: Buffer[] = [];
  /** bytes given to the exec, and whether it takes no more for now */
  #given = 0;
  #choked = false;
  /** bytes of data since the daemon heard last that they were taken */
  #taken = 0;

  /**
   * @param exec a `dial-stdio` that carried nothing yet
   * @param idle is told whenever the last of its members has left
   */
  constructor(exec: Exec, idle: (connection: SharedConnection) => void) {
    this.exec = exec;
    this.#idle = idle;
    this.#write(PREFACE);
    this.#out.now(settingsFrame(SETTINGS));
    this.#out.now(windowUpdate(0, LARGEST_WINDOW - FIRST_WINDOW));
    exec.result.then(() => {
      this.#leaving = true;
    });
    const reader = new FrameReader("server");
    exec.stdout.on("data", (data: Buffer) => {
      for (const frame of reader.read(data)) this.#fromDaemon(frame);
    });
  }

  /** Whether another client may join. */
  get usable(): boolean {
    return !this.#leaving;
  }

  /** bytes that the API server has not taken yet, of all members */
  get waiting(): number {
    return this.#given - this.exec.taken();
  }

  close(): void {
    this.#leaving = true;
    this.exec.close();
  }

  /** Announces a client; {@link carry} or {@link leave} follows. */
  join(): this {
    this.#members++;
    return this;
  }

  /** Whoever joined needs it no more. */
  leave(): void {
    this.#members--;
    if (this.#members === 0) this.#idle(this);
  }

  /** Carries a client that joined, which leaves when `near` closes. The client's end is its end: it waits for no answer then. */
  carry(near: net.Socket): Lane {
    const lane = new Lane(near, {
      fromClient: (from, frame) => this.#fromClient(from, frame),
      widened: (from, more) => {
        for (const { far } of from.streams.values()) this.#out.inTurn(windowUpdate(far, more));
      },
    });
    this.#lanes.add(lane);
    near.on("end", () => near.destroy());
    near.on("close", () => this.#gone(lane));
    if (this.#settings !== null) lane.settings(this.#settings);
    if (this.#blocked) near.pause();
    else near.resume();
    return lane;
  }

  get #blocked(): boolean {
    return this.#choked || this.#out.full;
  }

  /** HEADERS, DATA, RST_STREAM, or WINDOW_UPDATE of a stream. One of a stream that is over crossed its end, and means nothing. */
  #fromClient(lane: Lane, frame: Frame): void {
    const known = lane.streams.get(frame.stream);
    if (known === undefined && frame.type !== TYPE.headers) return;
    const stream = known ?? this.#open(lane, frame.stream);
    frame.movedTo(stream.far);
    if (frame.type === TYPE.windowUpdate) {
      this.#out.now(frame);
      return;
    }
    this.#out.inTurn(frame);
    if (known === undefined) this.#out.inTurn(windowUpdate(stream.far, lane.window));
    stream.nearEnded ||= frame.type !== TYPE.reset && frame.has(FLAG.endStream);
    if (frame.type === TYPE.reset || (stream.nearEnded && stream.farEnded)) this.#forget(stream);
    if (this.#out.full) this.#flow();
  }

  #fromDaemon(frame: Frame): void {
    switch (frame.type) {
      case TYPE.settings:
        if (frame.has(FLAG.ack)) return;
        this.#out.now(acknowledged(frame));
        this.#settings = new Map([...(this.#settings ?? []), ...settingsOf(frame), NO_TABLE]);
        for (const lane of this.#lanes) lane.settings(this.#settings);
        return;
      case TYPE.ping:
        if (!frame.has(FLAG.ack)) this.#out.now(acknowledged(frame));
        return;
      case TYPE.goAway:
        this.#leaving = true;
        for (const lane of this.#lanes) lane.pass(goAway(this.#last(lane, firstNumber(frame)), frame));
        return;
      case TYPE.windowUpdate:
        if (frame.stream !== 0) break;
        this.#out.widen(firstNumber(frame));
        this.#flow();
        return;
      case TYPE.data:
        this.#taken += frame.payload.length;
        if (this.#taken >= CREDIT) {
          this.#out.now(windowUpdate(0, this.#taken));
          this.#taken = 0;
        }
        break;
      case TYPE.headers:
      case TYPE.reset:
        break;
      default:
        return;
    }
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) return;
    if (frame.type === TYPE.data || frame.type === TYPE.headers) stream.farEnded ||= frame.has(FLAG.endStream);
    stream.lane.pass(frame.movedTo(stream.near));
    if (frame.type === TYPE.reset || (stream.nearEnded && stream.farEnded)) this.#forget(stream);
  }

  /** The client's number of the last of its streams that the daemon still serves. */
  #last(lane: Lane, last: number): number {
    if (last >= this.#next - 2) return LARGEST_WINDOW;
    return Math.max(0, ...[...lane.streams.values()].filter(({ far }) => far <= last).map(({ near }) => near));
  }

  #open(lane: Lane, near: number): Stream {
    const stream: Stream = { lane, near, far: this.#next, nearEnded: false, farEnded: false };
    this.#next += 2;
    this.#streams.set(stream.far, stream);
    lane.streams.set(near, stream);
    return stream;
  }

  #forget({ lane, near, far }: Stream): void {
    this.#streams.delete(far);
    lane.streams.delete(near);
  }

  #gone(lane: Lane): void {
    this.#lanes.delete(lane);
    for (const stream of [...lane.streams.values()]) {
      this.#out.inTurn(reset(stream.far, CANCEL));
      this.#forget(stream);
    }
    this.leave();
  }

  #write(bytes: Buffer): void {
    this.#unsent.push(bytes);
    // A message costs each of the five programs between here and buildkitd more than its bytes do.
    if (this.#unsent.length === 1) setImmediate(() => this.#send());
  }

  #send(): void {
    const bytes = this.#unsent.length === 1 ? (this.#unsent[0] as Buffer) : Buffer.concat(this.#unsent);
    this.#unsent = [];
    this.#given += bytes.length;
    const { stdin } = this.exec;
    if (stdin.destroyed || stdin.write(bytes)) return;
    this.#choked = true;
    this.#flow();
    stdin.once("drain", () => {
      this.#choked = false;
      this.#flow();
    });
  }

  /** Clients are heard as long as what they say can be passed on. */
  #flow(): void {
    for (const { socket } of this.#lanes) {
      if (this.#blocked) socket.pause();
      else socket.resume();
    }
  }
}
