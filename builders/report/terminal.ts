/**
 * The lowest lines of a terminal, drawn over and over. Own code, as it is this short: log-update brings nine packages, draws at
 * once what is here drawn a few times a second, and takes signals over that the command handles itself.
 * Escape sequences: ECMA-48, and DECTCEM (?25, cursor) and DECAWM (?7, line wrap) of DEC's VT terminals.
 */
import { stripVTControlCharacters } from "node:util";

/** What is needed of a terminal; a `tty.WriteStream` has it. */
export interface Terminal {
  /** undefined or 0 when the terminal does not tell */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const WRAP_OFF = "\u001b[?7l";
const WRAP_ON = "\u001b[?7h";
const ERASE_LINE = "\u001b[2K";
const ERASE_BELOW = "\u001b[J";
const up = (rows: number): string => (rows > 0 ? `\u001b[${rows}A` : "");

export class LiveArea {
  readonly #terminal: Terminal;
  /** widths of the lines on the screen, the cursor being at the start of the line below them */
  #drawn: readonly number[] = [];
  #last = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#terminal.columns || 80, rows: this.#terminal.rows || 24 };
  }

  /**
   * Puts `above` where it stays, and `lines` below it in place of what was drawn last; with no lines the area is gone. Lines must
   * fit the terminal. All in one write that leaves the cursor visible: however the process ends, nothing has to be restored.
   */
  draw(above: readonly string[], lines: readonly string[]): void {
    const { columns } = this.size;
    const text = lines.map((line) => `${ERASE_LINE}${line}\n`).join("");
    if (above.length === 0 && text === this.#last) return;
    // A terminal that became narrower has broken the lines that are longer than its new width. (What it pushed out at the top
    // by that cannot be taken back.)
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    const kept = above.length === 0 ? "" : `${ERASE_BELOW}${above.map((line) => `${line}\n`).join("")}`;
    this.#terminal.write(`${HIDE_CURSOR}\r${up(rows)}${kept}${WRAP_OFF}${text}${ERASE_BELOW}${WRAP_ON}${SHOW_CURSOR}`);
    this.#drawn = lines.map((line) => stripVTControlCharacters(line).length);
    this.#last = text;
  }
}

/** Text of a builder as it may stand in a line: no control characters, which would move the cursor. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
