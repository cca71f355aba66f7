/** stdout is the result, stderr is for people: how commands print, and how they fail. */
import { styleText } from "node:util";
import { type ErrorData, EXIT, PergolaError } from "../errors.ts";
import type { ProgressKind } from "../report/events.ts";
import { errorLines } from "../report/plain.ts";
import type { ProgressOptions } from "../report/progress.ts";
import type { Terminal } from "../report/terminal.ts";

/** Options that every command has; `context` and the rest are null when not given. */
export interface GlobalOptions {
  readonly output: "text" | "json";
  readonly progress: ProgressKind;
  readonly color: boolean;
  readonly context: string | null;
  readonly namespace: string | null;
  readonly stack: string | null;
  readonly setup: string | null;
  readonly debug: boolean;
}

/** What a stream says when its reader is gone: a pipe whose other end was closed, a terminal that was. */
const READER_GONE: readonly (string | undefined)[] = ["EPIPE", "EIO"];

const closed = new Set<NodeJS.WriteStream>();
const gone = new AbortController();

/** Aborted when the reader of stdout or stderr is gone, or nothing more can be written there. */
export const outputClosed: AbortSignal = gone.signal;

/**
 * Makes a closed pipe or terminal, and a full disk, an event ({@link outputClosed}) instead of a crash: what is written from then
 * on is dropped.
 */
export function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (closed.has(stream)) return;
      closed.add(stream);
      if (!READER_GONE.includes(error.code)) failWriting(stream, error);
      gone.abort();
    });
  }
}

/** Whatever the command did, whoever reads its output does not have all of it: it exits as something worth a retry. */
function failWriting(stream: NodeJS.WriteStream, error: Error): void {
  const name = stream === process.stdout ? "stdout" : "stderr";
  note(
    `pergola: ${name} cannot be written (${error.message}), so what it holds is not complete: make room, run it again.`,
  );
  // Only at the end, as the command may not have set its own code yet.
  process.on("exit", () => {
    process.exitCode = EXIT.infrastructure;
  });
}

/** Prints a result: JSON when asked for, else the text. */
export function printResult(options: GlobalOptions, value: unknown, text: () => string): void {
  write(process.stdout, options.output === "json" ? JSON.stringify(value, null, 2) : text());
}

/** A line for people. Lines that come in quick succession, or faster than they are read, are written together: each write costs memory. */
export function note(line: string): void {
  if (pending === "") setImmediate(flush);
  pending += `${line}\n`;
}

let pending = "";

/** Writes what is pending, unless its reader is behind: then once it has caught up. */
function flush(): void {
  if (process.stderr.writableNeedDrain && !closed.has(process.stderr)) process.stderr.once("drain", flush);
  else flushNow();
}

function flushNow(): void {
  const text = pending;
  pending = "";
  if (text !== "" && !closed.has(process.stderr)) process.stderr.write(text);
}
process.on("exit", flushNow);

/** Writes a result, after the lines before it. */
function write(stream: NodeJS.WriteStream, text: string): void {
  flushNow();
  if (!closed.has(stream)) stream.write(`${text}\n`);
}

/** Whether stderr takes colours: not with --no-color or NO_COLOR (no-color.org), and not when it is no terminal. */
export function colorsOn(flag: boolean): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (!flag || (NO_COLOR !== undefined && NO_COLOR !== "")) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0") return true;
  return process.stderr.isTTY === true;
}

/**
 * How progress is shown on stderr. A live view takes a terminal that can move its cursor; `auto` also leaves it out when no
 * colours are wanted, as both ask for output that is plain.
 * @throws PergolaError usage: tty was asked for where there is no such terminal
 */
export function progressOn(
  { progress, color }: Pick<GlobalOptions, "progress" | "color">,
  stderr: NodeJS.WriteStream,
  { TERM = "", NO_COLOR = "" }: NodeJS.ProcessEnv,
): Pick<ProgressOptions, "kind" | "terminal"> {
  if (progress !== "auto" && progress !== "tty") return { kind: progress, terminal: null };
  const able = stderr.isTTY === true && TERM !== "" && TERM !== "dumb";
  if (progress === "tty" && !able) {
    throw new PergolaError({
      code: "usage",
      message: `--progress tty needs a terminal on stderr${stderr.isTTY === true ? `, and TERM is "${TERM}"` : ", which is none"}.`,
      hint: "Use --progress plain, or leave it out: then the terminal decides.",
    });
  }
  const live = able && (progress === "tty" || (color && NO_COLOR === ""));
  return { kind: "plain", terminal: live ? terminalOf(stderr) : null };
}

/** Drops what is written once the terminal is gone. */
function terminalOf(stream: NodeJS.WriteStream): Terminal {
  return {
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
    write(text) {
      flushNow();
      if (!closed.has(stream)) stream.write(text);
    },
  };
}

/** What an error is for a user: anything that is not a {@link PergolaError} is a defect of Pergola. */
export function toData(error: unknown): ErrorData {
  if (error instanceof PergolaError) return error.data;
  return {
    code: "internal",
    message: `Pergola failed on its own: ${error instanceof Error ? error.message : String(error)}`,
    hint: "Run it again with --debug and report what it prints.",
  };
}

/** Prints an error: one message with its hint on stderr, and as JSON on stdout when asked for. Returns the exit code. */
export function printError(error: unknown, options: { output: string; color: boolean; debug: boolean }): number {
  const data = toData(error);
  const [first = "", ...more] = errorLines(data, { logTail: true });
  const label = colorsOn(options.color)
    ? styleText(["red", "bold"], "pergola:", { validateStream: false })
    : "pergola:";
  note(`${label} ${first}`);
  for (const line of more) note(line);
  if (options.debug && error instanceof Error) note(debugText(error));
  if (options.output === "json") write(process.stdout, JSON.stringify({ version: 1, error: data }, null, 2));
  return error instanceof PergolaError ? error.exitCode : EXIT.infrastructure;
}

function debugText(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${debugText(error.cause)}` : own;
}
