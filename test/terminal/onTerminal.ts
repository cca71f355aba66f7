/** Runs a command on a terminal, and tells what is to be seen on it. Takes python3. */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { Screen } from "./screen.ts";

export const hasPython: boolean = spawnSync("python3", ["-c", "import pty, termios"]).status === 0;

export interface OnTerminal {
  readonly screen: Screen;
  readonly stdin: Writable;
  /** all that the terminal got */
  readonly written: () => string;
  /** resolves once the screen is as wanted; rejects when the command ends before */
  until(what: string, wanted: (screen: Screen) => boolean): Promise<void>;
  resize(columns: number): void;
  /** resolves when the command has ended */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string }>;
}

/** Starts a command with a terminal of this size as stderr. */
export function onTerminal(
  command: readonly string[],
  { columns, rows, env }: { columns: number; rows: number; env: NodeJS.ProcessEnv },
): OnTerminal {
  const script = join(import.meta.dirname, "withTerminal.py");
  const child = spawn("python3", [script, String(columns), String(rows), ...command], {
    env: { ...process.env, NO_COLOR: undefined, TERM: "xterm-256color", ...env },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const [stdin, terminal, stdout, sizes] = child.stdio as unknown as [Writable, Readable, Readable, Writable];
  const screen = new Screen(columns, rows);
  const waiting = new Set<() => void>();
  let written = "";
  let result = "";
  terminal.setEncoding("utf8").on("data", (text: string) => {
    written += text;
    screen.write(text);
    for (const look of [...waiting]) look();
  });
  stdout.setEncoding("utf8").on("data", (text: string) => {
    result += text;
  });
  const ended = new Promise<{ code: number | null; stdout: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout: result }));
  });
  return {
    screen,
    stdin,
    written: () => written,
    ended,
    until: (what, wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!wanted(screen)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        void ended.then(() => reject(new Error([`ended before ${what}:`, ...screen.text, result].join("\n"))));
        look();
      }),
    resize: (width) => {
      screen.resize(width);
      sizes.write(`${width} ${rows}\n`);
    },
  };
}
