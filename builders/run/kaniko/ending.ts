/**
 * The end of a build, as the container itself tells it in its log: up to two seconds before the kubelet does. A step could write
 * the same only by reading the shell's memory, as the word is another one for each build and in no argument, variable or file.
 */
import { randomBytes } from "node:crypto";

/** stdout and stderr are read by two, so that lines of one may come before earlier ones of the other. */
const STREAMS = 2;

export interface Success {
  /** of what was pushed last; "" when the container knows none */
  readonly digest: string;
}

export class EndingReader {
  /** what the container's last lines begin with */
  readonly word: string = randomBytes(16).toString("hex");
  /** settles when both streams have ended and the exit code is 0, else never: no line of the log is missing then */
  readonly succeeded: Promise<Success>;
  #succeed: (end: Success) => void = () => {};
  #streams = 0;

  constructor() {
    this.succeeded = new Promise((resolve) => {
      this.#succeed = resolve;
    });
  }

  /** What of a line is the build's own: all of it, what stands before the container's words, or null for nothing. */
  read(line: string): string | null {
    const at = line.indexOf(this.word);
    const [, code, digest = ""] = /^ (\d+) ?(\S*)$/.exec(line.slice(at + this.word.length)) ?? [];
    if (at === -1 || code === undefined) return line;
    this.#streams++;
    if (this.#streams === STREAMS && code === "0") this.#succeed({ digest });
    return at === 0 ? null : line.slice(0, at);
  }
}
