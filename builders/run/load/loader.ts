/**
 * Hands the archive of an image, as it comes, to the program that loads it. Its last part is held back until the build has
 * succeeded: an image whose push failed is not loaded, and a program that was cut off has nothing whole to keep.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { PergolaError } from "../../errors.ts";
import type { LoadPlan } from "../../plan/plan.ts";
import type { BuildEvent } from "../../report/events.ts";
import { size } from "../../report/table.ts";
import { interrupted } from "../kube/errors.ts";
import { hintOf, lastLine } from "./store.ts";

/** Bytes held back. An archive ends with 1024 bytes of zeros, without which it is not whole (POSIX, pax). */
const HELD = 64 * 1024;

/** Bytes of what the program says that are kept. */
const SAID = 8 * 1024;

/** Between two lines that tell how much has been handed on. */
const TOLD_MILLISECONDS = 3000;

/** The step's id in the stream of records; BuildKit's own are digests. */
const STEP = "load";

export interface Loader {
  /** rejects when the program fails while the archive is still coming: nothing more is to be waited for. Else pending */
  readonly failed: Promise<never>;
  /**
   * Hands on the rest, as the build has succeeded, and waits until the image is loaded.
   * @param pushed what to say of the image when it cannot be loaded: "host/name:tag@sha256:..."
   * @param signal aborting ends the program
   * @throws PergolaError load-failed, interrupted
   */
  finish(pushed: string, signal: AbortSignal): Promise<void>;
  /** Ends the program, if it runs, and keeps it from being started. After {@link finish} this does nothing. */
  drop(): Promise<void>;
}

/** Starts to read the archive; the program is started with its first bytes, so that a failing build starts none. */
export function startLoader(
  plan: LoadPlan,
  archive: Readable,
  io: { readonly environment: NodeJS.ProcessEnv; emit(event: BuildEvent): void },
): Loader {
  const name = `loading into ${plan.place}`;
  const held: Buffer[] = [];
  let heldBytes = 0;
  let handed = 0;
  let told = performance.now();
  let started = 0;
  let program: Program | null = null;
  let dropped = false;

  /** @throws PergolaError interrupted: nothing is to be loaded any more */
  const begin = (): Program => {
    if (dropped) throw interrupted();
    if (program !== null) return program;
    started = performance.now();
    io.emit({ type: "step", id: STEP, name, state: "started" });
    program = new Program(plan.argv, io.environment);
    return program;
  };
  const hand = async (chunk: Buffer): Promise<void> => {
    await begin().write(chunk);
    handed += chunk.length;
    if (performance.now() - told < TOLD_MILLISECONDS) return;
    told = performance.now();
    io.emit({ type: "log", step: STEP, line: `${size(handed)} handed to ${plan.place}` });
  };
  const drop = async (): Promise<void> => {
    dropped = true;
    held.length = 0;
    await program?.kill();
  };
  const reading = (async () => {
    for await (const chunk of archive as AsyncIterable<Buffer>) {
      // Read all the same: whoever writes the archive must not wait for a reader.
      if (dropped) continue;
      held.push(chunk);
      heldBytes += chunk.length;
      while (heldBytes > HELD) {
        const first = held.shift() as Buffer;
        const free = Math.min(first.length, heldBytes - HELD);
        if (free < first.length) held.unshift(first.subarray(free));
        heldBytes -= free;
        await hand(first.subarray(0, free));
      }
    }
  })();
  const failed = reading.then(
    () => new Promise<never>(() => {}),
    (error: unknown) => {
      // Whoever writes the archive must not wait for a reader.
      archive.resume();
      throw asFailure(error, plan, null);
    },
  );
  failed.catch(() => {});

  return {
    failed,
    async finish(pushed, signal) {
      const end = (): void => void drop();
      signal.addEventListener("abort", end);
      try {
        if (signal.aborted) throw interrupted();
        await reading;
        const running = begin();
        for (const chunk of held) await hand(chunk);
        await running.end();
        const seconds = (performance.now() - started) / 1000;
        io.emit({ type: "step", id: STEP, name, state: "done", seconds });
        for (const reference of plan.references) io.emit({ type: "loaded", reference, place: plan.place });
      } catch (error) {
        throw signal.aborted ? interrupted() : asFailure(error, plan, pushed);
      } finally {
        signal.removeEventListener("abort", end);
      }
    },
    drop,
  };
}

function asFailure(error: unknown, plan: LoadPlan, pushed: string | null): PergolaError {
  const said = (error as Error).message;
  const hint = `${hintOf(said, plan.place) ?? "Mend that"}; then build again: what was built is in the builder's cache.`;
  const what = pushed === null ? "The image cannot be" : `${pushed} is pushed, but cannot be`;
  const then = pushed === null ? "; the build was stopped" : "";
  return new PergolaError({
    code: "load-failed",
    message: `${what} loaded into ${plan.place}: ${said}${then}.`,
    hint,
  });
}

/** A program that reads its stdin. In a process group of its own: a terminal's Ctrl-C is for the runner, which then ends it. */
class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  #said = "";
  readonly #ended: Promise<number | NodeJS.Signals>;
  #over = false;

  constructor(argv: readonly string[], environment: NodeJS.ProcessEnv) {
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
    const said = lastLine(this.#said);
    if (said !== "") throw new Error(said.replace(/\.$/, ""));
    throw new Error(
      how === 0
        ? `${this.#name} ended before it had read the whole image`
        : `${this.#name} ended with ${typeof how === "number" ? `exit code ${how}` : how} and said nothing`,
    );
  }
}
