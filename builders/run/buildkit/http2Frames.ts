/** Frames of HTTP/2 (RFC 9113, 4 and 6), as far as passing them on needs to know them. */

/** What a client says before its first frame. */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** Bytes before a frame's payload. */
const HEAD = 9;
/** Bytes that a stream, and a connection, may carry before the receiver said anything of it. */
export const FIRST_WINDOW = 65_535;
/** Also the largest number of a stream. */
export const LARGEST_WINDOW = 2 ** 31 - 1;

export const TYPE = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
/** `ack` is one of SETTINGS and PING, the others are of HEADERS, DATA and CONTINUATION. */
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4 } as const;
export const SETTING = { headerTableSize: 1, enablePush: 2, initialWindowSize: 4 } as const;
/** The code of a reset by whom the answer is of no use any more. */
export const CANCEL = 8;

/** A whole frame, in one piece of memory that is its own to change. */
export class Frame {
  /** headers that are too long for one frame: those that follow it at once, with nothing between them */
  readonly followers: Frame[] = [];
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  static of(type: number, flags: number, stream: number, payload: Buffer): Frame {
    const bytes = Buffer.alloc(HEAD + payload.length);
    bytes.writeUIntBE(payload.length, 0, 3);
    bytes.writeUInt8(type, 3);
    bytes.writeUInt8(flags, 4);
    bytes.writeUInt32BE(stream, 5);
    payload.copy(bytes, HEAD);
    return new Frame(bytes);
  }

  get type(): number {
    return this.bytes.readUInt8(3);
  }

  /** 0 when it is of the whole connection */
  get stream(): number {
    return this.bytes.readUInt32BE(5) & LARGEST_WINDOW;
  }

  get payload(): Buffer {
    return this.bytes.subarray(HEAD);
  }

  has(flag: number): boolean {
    return (this.bytes.readUInt8(4) & flag) !== 0;
  }

  /** Makes it one of another stream. */
  movedTo(stream: number): this {
    this.bytes.writeUInt32BE(stream, 5);
    for (const follower of this.followers) follower.movedTo(stream);
    return this;
  }
}

/** The first number of a payload: a stream's, or bytes of a window. */
export const firstNumber = ({ payload }: Frame): number => payload.readUInt32BE() & LARGEST_WINDOW;

function bytesOf(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

export const windowUpdate = (stream: number, more: number): Frame =>
  Frame.of(TYPE.windowUpdate, 0, stream, bytesOf(more));

export const reset = (stream: number, code: number): Frame => Frame.of(TYPE.reset, 0, stream, bytesOf(code));

/** The same farewell, with another last stream. */
export const goAway = (last: number, { payload }: Frame): Frame =>
  Frame.of(TYPE.goAway, 0, 0, Buffer.concat([bytesOf(last), payload.subarray(4)]));

/** The answer to SETTINGS, or to a PING. */
export const acknowledged = ({ type, payload }: Frame): Frame =>
  Frame.of(type, FLAG.ack, 0, type === TYPE.ping ? payload : Buffer.alloc(0));

/** What a SETTINGS frame says, by number. */
export function settingsOf({ payload }: Frame): Map<number, number> {
  const settings = new Map<number, number>();
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    settings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
  }
  return settings;
}

export function settingsFrame(settings: ReadonlyMap<number, number>): Frame {
  const payload = Buffer.alloc(6 * settings.size);
  let at = 0;
  for (const [name, value] of settings) {
    payload.writeUInt16BE(name, at);
    payload.writeUInt32BE(value, at + 2);
    at += 6;
  }
  return Frame.of(TYPE.settings, 0, 0, payload);
}

/** Cuts what comes from a peer into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  /** bytes that come before the first frame */
  #before: number;
  /** headers whose end has not come yet */
  #headers: Frame | null = null;

  /** @param from who sends: a client has a {@link PREFACE} */
  constructor(from: "client" | "server") {
    this.#before = from === "client" ? PREFACE.length : 0;
  }

  /** The frames that are whole now, headers with their followers. They lie in the memory of `data`. */
  *read(data: Buffer): Generator<Frame> {
    let bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    if (bytes.length >= this.#before) {
      bytes = bytes.subarray(this.#before);
      this.#before = 0;
      while (bytes.length >= HEAD && bytes.length >= HEAD + bytes.readUIntBE(0, 3)) {
        const end = HEAD + bytes.readUIntBE(0, 3);
        const whole = this.#whole(new Frame(bytes.subarray(0, end)));
        bytes = bytes.subarray(end);
        if (whole !== null) yield whole;
      }
    }
    this.#rest = bytes;
  }

  /** The frame, or the headers that end with it; null while they do not end. */
  #whole(frame: Frame): Frame | null {
    const { type } = frame;
    if (type !== TYPE.headers && type !== TYPE.continuation) return frame;
    if (type === TYPE.headers) this.#headers = frame;
    else this.#headers?.followers.push(frame);
    const ended = frame.has(FLAG.endHeaders) ? this.#headers : null;
    if (ended !== null) this.#headers = null;
    return ended;
  }
}
