/** Build records as lines of text: for logs, pipes and terminals that cannot do more. */
import { styleText } from "node:util";
import type { ErrorData } from "../errors.ts";
import type { ImageEvent, Progress } from "./events.ts";
import type { ImageResult } from "./result.ts";
import { duration, size } from "./table.ts";
import { printable } from "./terminal.ts";

export interface PlainOptions {
  readonly color: boolean;
  /** takes one line without its line end */
  write(line: string): void;
  /** names of the images to come: lines are told apart by name when there are several */
  readonly images: readonly string[];
}

export type Style = "red" | "green" | "yellow" | "cyan" | "dim" | "bold";

/** Colours text, or leaves it as it is. */
export function painter(color: boolean): (style: Style, text: string) => string {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

/** Lines for people and logs. Quiet ones are errors and warnings alone. */
export class PlainProgress implements Progress {
  readonly #options: PlainOptions;
  readonly #quiet: boolean;
  readonly #width: number;
  /** bytes of context by image, told once at the end */
  readonly #sent = new Map<string, number>();

  constructor(options: PlainOptions, quiet: boolean) {
    this.#options = options;
    this.#quiet = quiet;
    this.#width = Math.max(0, ...options.images.map((name) => name.length));
  }

  record({ image, event }: ImageEvent): void {
    const name = this.#options.images.length > 1 ? `${this.#paint("bold", image.padEnd(this.#width))}  ` : "";
    for (const line of this.#lines(image, event)) this.#options.write(name + line);
  }

  note(line: string): void {
    this.#options.write(line);
  }

  end(): void {}

  #lines(image: string, event: ImageEvent["event"]): readonly string[] {
    if (event.type === "warning") return [`${this.#paint("yellow", "warning:")} ${event.text}`];
    if (event.type === "finished") return [...this.#contextLine(image), ...this.#finished(event.result)];
    if (this.#quiet) return [];
    switch (event.type) {
      case "started":
        return [
          `building ${event.reference} (${event.mode}${event.namespace === null ? "" : `, namespace ${event.namespace}`})`,
        ];
      case "status":
        return [event.text];
      case "context":
        this.#sent.set(image, event.bytes);
        return [];
      case "log":
        return [`${this.#paint("dim", "|")} ${event.line}`];
      case "step":
        return this.#step(event);
      case "pushed":
        return [`pushed ${event.reference}@${event.digest}`];
      case "loaded":
        return [`loaded ${event.reference} into ${event.place}`];
      case "raw":
        return [];
    }
  }

  #step(event: Extract<ImageEvent["event"], { type: "step" }>): readonly string[] {
    switch (event.state) {
      case "started":
        return [event.name];
      case "cached":
        return [`${event.name} ${this.#paint("cyan", "CACHED")}`];
      case "failed":
        return [`${event.name} ${this.#paint("red", "FAILED")}${event.error ? `: ${event.error}` : ""}`];
      case "done":
        // The end of a quick step says nothing that its start did not.
        return (event.seconds ?? 0) < 0.5 ? [] : [`${event.name} done in ${duration(event.seconds ?? 0)}`];
    }
  }

  #contextLine(image: string): readonly string[] {
    const bytes = this.#sent.get(image);
    this.#sent.delete(image);
    return bytes === undefined ? [] : [`sent ${size(bytes)} of build context`];
  }

  #finished(result: ImageResult): readonly string[] {
    if (result.error !== null) {
      const word = result.status === "skipped" ? this.#paint("yellow", "skipped:") : this.#paint("red", "failed:");
      const [first, ...more] = errorLines(result.error, { logTail: this.#quiet });
      return [`${word} ${first}`, ...more];
    }
    return this.#quiet ? [] : [`${this.#paint("green", result.status)} in ${duration(result.seconds)}`];
  }

  #paint(style: Style, text: string): string {
    return painter(this.#options.color)(style, text);
  }
}

/** An error for people: message, what the step printed (when it was not shown before), what to do next. */
export function errorLines(error: ErrorData, options: { readonly logTail: boolean }): string[] {
  return [
    ...error.message.split("\n"),
    ...(options.logTail && error.logTail ? error.logTail.split("\n").map((line) => `  | ${printable(line)}`) : []),
    ...(error.hint ? error.hint.split("\n").map((line) => `  ${line}`) : []),
  ];
}
