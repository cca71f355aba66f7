/** Chooses the consumer of build records: what is shown on stderr while builds run. */
import type { ImageEvent, Progress, ProgressKind } from "./events.ts";
import { LiveProgress } from "./live.ts";
import { errorLines, type PlainOptions, PlainProgress } from "./plain.ts";
import type { Terminal } from "./terminal.ts";

export interface ProgressOptions extends PlainOptions {
  readonly kind: Exclude<ProgressKind, "auto" | "tty">;
  /** for a live view instead of plain lines */
  readonly terminal: Terminal | null;
}

export function makeProgress(options: ProgressOptions): Progress {
  if (options.terminal !== null) return new LiveProgress({ ...options, terminal: options.terminal });
  if (options.kind === "rawjson") return new RawProgress(options.write);
  return new PlainProgress(options, options.kind === "quiet");
}

/** BuildKit's own records, one JSON object a line, untouched; then, as buildctl does, why builds failed. kaniko has none. */
class RawProgress implements Progress {
  readonly #write: (line: string) => void;
  readonly #errors: string[] = [];
  constructor(write: (line: string) => void) {
    this.#write = write;
  }
  record({ image, event }: ImageEvent): void {
    if (event.type === "raw") this.#write(event.line);
    if (event.type !== "finished" || event.result.error === null) return;
    const [first, ...more] = errorLines(event.result.error, { logTail: false });
    this.#errors.push(`error: ${image}: ${first}`, ...more);
  }
  note(line: string): void {
    this.#write(line);
  }
  end(): void {
    for (const line of this.#errors.splice(0)) this.#write(line);
  }
}
