/** A program that loads an image, most often from its stdin. */
import { type ChildProcess, spawn } from "node:child_process";

/** Bytes of what the program says that are kept. */
const SAID = 8 * 1024;

/** In a process group of its own: a terminal's Ctrl-C is for the runner, which then ends the program. */
export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #reason: (said: string) => string;
  #said = "";
  readonly #ended: Promise<number | NodeJS.Signals>;
  #over = false;

  /** @param reason finds in what it said on stderr why it failed */
  constructor(argv: readonly string[], environment: NodeJS.ProcessEnv, reason = lastLine) {
    this.#reason = reason;
    const [file = "", ...args] = argv;
    this.#name = argv.slice(0, 2).join(" ");
    this.#child = spawn(file, args, { env: environment, detached: true, stdio: ["pipe", "ignore", "pipe"] });
    this.#child.stdin?.on("error", () => {}); // its reason is in how the program ends
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-SAID);
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => resolve(code ?? signal ?? -1));
    });
    this.#ended.then(
      () => this.#end(),
      () => this.#end(),
    );
  }

  #end(): void {
    this.#over = true;
  }

  /** The end of what it has said on stderr. */
  get said(): string {
    return this.#said;
  }

  /** @throws Error when the program has ended */
  async write(chunk: Buffer): Promise<void> {
    const stdin = this.#child.stdin;
    if (stdin === null || this.#over) return this.#fail();
    const done = new Promise<"written" | "closed">((resolve) => {
      stdin.write(chunk, (error) => resolve(error ? "closed" : "written"));
    });
    const first = await Promise.race([done, this.#ended.then(() => "closed" as const)]);
    if (first === "closed") await this.#fail();
  }

  /** Closes stdin and waits. @throws Error when the program does not succeed */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    if ((await this.#ended) !== 0) await this.#fail();
  }

  async kill(): Promise<void> {
    if (this.#over) return;
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // it has just ended
    }
    await this.#ended.catch(() => {});
  }

  async #fail(): Promise<never> {
    const how = await this.#ended;
    const said = this.#reason(this.#said);
    if (said !== "") throw new Error(said.replace(/\.$/, ""));
    throw new Error(
      how === 0
        ? `${this.#name} ended before it had read the whole image`
        : `${this.#name} ended with ${typeof how === "number" ? `exit code ${how}` : how} and said nothing`,
    );
  }
}

/** Clients say what went wrong last. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
