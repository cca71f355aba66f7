/** What a terminal would show: rows of text, of which the lowest `rows` can be reached by the cursor. */
export class Screen {
  columns: number;
  readonly rows: number;
  /** all rows, those that scrolled away too */
  readonly lines: string[] = [""];
  cursorVisible = true;
  wraps = true;
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** Rows with text on them. */
  get text(): string[] {
    return this.lines.map((line) => line.trimEnd()).filter((line) => line !== "");
  }

  /** Changes the width; rows that are too long are broken, as terminals do that keep what was there. */
  resize(columns: number): void {
    const above = this.lines.slice(0, this.#row);
    const rewrapped = above.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, "gu")) ?? [""]);
    this.lines.splice(0, above.length, ...rewrapped);
    this.#row = rewrapped.length;
    this.columns = columns;
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the language of terminals
    for (const [token] of text.matchAll(/\u001b\[([?\d;]*)([A-Za-z])|\r|\n|[^\u001b\r\n]/gu)) this.#take(token);
  }

  #take(token: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the language of terminals
    const [, argument = "", command] = /^\u001b\[([?\d;]*)([A-Za-z])$/.exec(token) ?? [];
    if (command === undefined) {
      if (token === "\r") this.#column = 0;
      else if (token === "\n") this.#down();
      else this.#put(token);
    } else if (command === "A") {
      this.#row = Math.max(this.#row - Number(argument || 1), this.lines.length - this.rows, 0);
    } else if (command === "K" && argument === "2") this.lines[this.#row] = "";
    else if (command === "J") {
      this.lines[this.#row] = (this.lines[this.#row] ?? "").slice(0, this.#column);
      this.lines.length = this.#row + 1;
    } else if (argument === "?25") this.cursorVisible = command === "h";
    else if (argument === "?7") this.wraps = command === "h";
    else if (command !== "m") throw new Error(`unknown sequence ${JSON.stringify(token)}`);
  }

  #down(): void {
    this.#row++;
    this.#column = 0;
    if (this.#row === this.lines.length) this.lines.push("");
  }

  #put(character: string): void {
    if (this.#column >= this.columns) {
      if (this.wraps) this.#down();
      else this.#column = this.columns - 1;
    }
    const line = this.lines[this.#row] ?? "";
    this.lines[this.#row] = line.slice(0, this.#column).padEnd(this.#column) + character + line.slice(this.#column + 1);
    this.#column++;
  }
}
