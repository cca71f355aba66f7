/**
 * The daemon's side of a context transfer as a model: what it has of a context, what it asks for, and how many bytes it says
 * it was sent. Written after receive.go, diff_containerd.go and wire.proto of github.com/tonistiigi/fsutil.
 */
import { type Described, describe } from "./walk.ts";

export interface Received {
  /** paths whose content was asked for */
  readonly asked: readonly string[];
  /** bytes of all packets from the client */
  readonly bytes: number;
}

/** Bytes that the client reads, and sends, in one piece. */
const PIECE = 32 * 1024;

export class Receiver {
  #has = new Map<string, { readonly is: Described; readonly content: Buffer }>();

  /** Brings the daemon's copy up to date with a directory. */
  receive(directory: string): Received {
    const before = this.#has;
    this.#has = new Map();
    const asked: string[] = [];
    let bytes = FIN;
    for (const [id, is] of describe(directory).entries()) {
      bytes += packet({ stat: statSize(is) });
      const had = before.get(is.path);
      if (had !== undefined && isSame(had.is, is)) {
        this.#has.set(is.path, had);
        continue;
      }
      const content = is.content();
      this.#has.set(is.path, { is, content });
      if (is.kind !== "file" || is.link !== "") continue;
      asked.push(is.path);
      for (let from = 0; from < content.length; from += PIECE) {
        bytes += packet({ data: Math.min(PIECE, content.length - from), id });
      }
      bytes += packet({ data: 0, id });
    }
    return { asked, bytes };
  }

  /** What a COPY finds. */
  get files(): Described[] {
    return [...this.#has.values()].map(({ is, content }) => ({ ...is, content: () => content }));
  }
}

function isSame(a: Described, b: Described): boolean {
  if (a.kind !== b.kind || a.mode !== b.mode || a.link !== b.link || a.device !== b.device) return false;
  return a.kind === "directory" || (a.size === b.size && a.modified === b.modified);
}

/** Bits of Go's file modes: https://pkg.go.dev/io/fs#FileMode */
const KIND = { file: 0, directory: 2 ** 31, symlink: 2 ** 27, device: 2 ** 26, pipe: 2 ** 25 } as const;

function statSize({ path, kind, mode, size, modified, link }: Described): number {
  const permissions = mode % 0o1000;
  const special = (mode & 0o4000 ? 2 ** 23 : 0) + (mode & 0o2000 ? 2 ** 22 : 0) + (mode & 0o1000 ? 2 ** 20 : 0);
  return (
    text(path) +
    number(BigInt(permissions + special + KIND[kind])) +
    number(BigInt(size)) +
    number(modified) +
    text(link)
  );
}

/** A packet of type STAT (0), with a stat, or DATA (2). */
function packet(content: { stat: number } | { data: number; id: number }): number {
  if ("stat" in content) return 1 + varint(BigInt(content.stat)) + content.stat;
  const { data, id } = content;
  return 2 + number(BigInt(id)) + (data === 0 ? 0 : 1 + varint(BigInt(data)) + data);
}

/** The packet that ends it all. */
const FIN = 2;

/** Fields of protocol buffers: nothing for zero and empty, else a byte for the key. */
const number = (value: bigint): number => (value === 0n ? 0 : 1 + varint(value));
const text = (latin1: string): number => (latin1 === "" ? 0 : 1 + varint(BigInt(latin1.length)) + latin1.length);

function varint(value: bigint): number {
  return Math.max(1, Math.ceil(value.toString(2).length / 7));
}
