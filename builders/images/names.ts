/**
 * Names of files as text, whatever bytes they are. Linux takes any bytes; Node reads those that are not UTF-8 as U+FFFD, by
 * which the file cannot be found again. A name that is not UTF-8 has each byte from 0x80 on as U+DC80 to U+DCFF here: lone
 * surrogates, which no UTF-8 gives.
 */
import { readdirSync, readlinkSync } from "node:fs";

const LOW = 0xdc00;

/** The names in a directory. */
export function readNames(directory: string): string[] {
  const names = readdirSync(onDisk(directory));
  if (!names.some((name) => name.includes("\uFFFD"))) return names;
  return readdirSync(onDisk(directory), { encoding: "buffer" }).map(toText);
}

/** Where a link points, as it is written. */
export function readTarget(link: string): string {
  return toText(readlinkSync(onDisk(link), { encoding: "buffer" }));
}

function toText(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!text.includes("\uFFFD") || Buffer.from(text).equals(bytes)) return text;
  return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : LOW + byte)).join("");
}

/** The bytes of a name or path. */
export function toBytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  return Buffer.concat(
    [...text].map((character) => {
      const code = character.codePointAt(0) as number;
      return code >= LOW + 0x80 && code <= LOW + 0xff ? Buffer.of(code - LOW) : Buffer.from(character);
    }),
  );
}

/** A path as Node's functions for files take it. */
export function onDisk(path: string): string | Buffer {
  return path.isWellFormed() ? path : toBytes(path);
}

/** A name for people: what is not UTF-8 as U+FFFD. */
export function shown(path: string): string {
  return path.toWellFormed();
}
