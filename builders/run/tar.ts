/**
 * Writes tar archives for busybox, which unpacks them in the pod: it reads GNU's long names but skips PAX headers, so
 * `tar-stream`, which writes PAX, does not fit. Owner root, nothing that depends on this machine; whole seconds, but for an
 * entry that asks for more, which gets a PAX header (`tar-stream` cannot say the mode 0000).
 * Formats: https://www.gnu.org/software/tar/manual/html_node/Standard.html and
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
import { toBytes } from "../images/names.ts";

export interface TarEntry {
  /** path in the archive, with forward slashes, relative */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "pipe" | "device";
  /** permission bits */
  readonly mode: number;
  /** bytes of content; 0 for directories and links */
  readonly size: number;
  /** whole seconds since 1970 */
  readonly modified: number;
  /** of `modified`, where the second is not enough */
  readonly nanoseconds?: number;
  readonly linkTarget?: string;
  /** file: path of an entry of the archive, or of what is there already, that this is another name of; it has no content then */
  readonly sameAs?: string;
  readonly device?: { readonly kind: "character" | "block"; readonly major: number; readonly minor: number };
}

const BLOCK = 512;
const NAME = 100;
const TYPE = { file: "0", symlink: "2", directory: "5", pipe: "6" } as const;

/** Two empty blocks end an archive. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK);

/** Zeros that fill the last block of a content of `size` bytes. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

/** The header of an entry, with extra entries in front for a long name or link target. */
export function tarHeader(entry: TarEntry): Buffer {
  const name = toBytes(entry.type === "directory" ? `${entry.path}/` : entry.path);
  const target = toBytes(entry.linkTarget ?? entry.sameAs ?? "");
  const parts: Buffer[] = [];
  if (target.length > NAME) parts.push(...longEntry("K", target));
  if (name.length > NAME) parts.push(...longEntry("L", name));
  if (entry.nanoseconds !== undefined) parts.push(...timeEntry(entry.modified, entry.nanoseconds));
  const size = entry.sameAs === undefined ? entry.size : 0;
  const header = block(name, target, typeOf(entry), entry.mode, size, entry.modified);
  if (entry.device !== undefined) {
    number(header, 329, 8, entry.device.major);
    number(header, 337, 8, entry.device.minor);
    sign(header);
  }
  parts.push(header);
  return Buffer.concat(parts);
}

function typeOf({ type, sameAs, device }: TarEntry): string {
  if (sameAs !== undefined) return "1";
  if (type === "device") return device?.kind === "block" ? "4" : "3";
  return TYPE[type];
}

/** GNU's way to say a long name (L) or link target (K) of the entry that follows. */
function longEntry(type: "K" | "L", text: Buffer): Buffer[] {
  const content = Buffer.concat([text, Buffer.of(0)]);
  const header = block(Buffer.from("././@LongLink"), Buffer.alloc(0), type, 0o644, content.length, 0);
  return [header, content, tarPadding(content.length)];
}

/** The time of the entry that follows, as PAX has it: a line that begins with its own length. */
function timeEntry(seconds: number, nanoseconds: number): Buffer[] {
  const text = ` mtime=${seconds}.${String(nanoseconds).padStart(9, "0")}\n`;
  const content = Buffer.from(`${text.length + 2}${text}`);
  return [
    block(Buffer.from("time"), Buffer.alloc(0), "x", 0o644, content.length, 0),
    content,
    tarPadding(content.length),
  ];
}

function block(name: Buffer, target: Buffer, type: string, mode: number, size: number, modified: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  name.copy(header, 0, 0, Math.min(name.length, NAME));
  number(header, 100, 8, mode & 0o7777);
  number(header, 108, 8, 0);
  number(header, 116, 8, 0);
  number(header, 124, 12, size);
  number(header, 136, 12, Math.max(0, Math.floor(modified)));
  header.write(type, 156, "latin1");
  target.copy(header, 157, 0, Math.min(target.length, NAME));
  header.write("ustar  \0", 257, "latin1");
  sign(header);
  return header;
}

function sign(header: Buffer): void {
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

/** Octal with a zero at the end; base 256 with the top bit set where that does not fit (files of 8 GiB and more). */
function number(header: Buffer, offset: number, length: number, value: number): void {
  const octal = value.toString(8);
  if (octal.length < length) {
    header.write(`${octal.padStart(length - 1, "0")}\0`, offset, "latin1");
    return;
  }
  header.writeBigUInt64BE(BigInt(value), offset + length - 8);
  header[offset] = 0x80;
}

/** Bytes that are put together at least. */
const PIECE = 1024 * 1024;

/** Small buffers put together: a write for each header would cost more than all the rest. */
export async function* inPieces(buffers: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const buffer of buffers) {
    held.push(buffer);
    size += buffer.length;
    if (size < PIECE) continue;
    yield Buffer.concat(held);
    held = [];
    size = 0;
  }
  yield Buffer.concat(held);
}
