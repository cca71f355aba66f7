/**
 * What a person sees while something takes long: phases with their time, on stderr. On a terminal the running phase is
 * one line that is rewritten; elsewhere (a CI log, a pipe) every line is final and a long phase says now and then that
 * it is still at it. Nothing ever goes to stdout.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export type Note = (text: string) => void;

export interface PhaseRecord {
  readonly title: string;
  /** 0 for a phase that is in no other */
  readonly depth: number;
  readonly seconds: number;
}

/** The part of a stream that is written to. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ProgressOptions {
  stream?: ProgressStream;
  /** default: "tty" when the stream is a terminal and neither CI, NO_COLOR nor TERM=dumb says otherwise */
  mode?: "tty" | "plain";
  /** every note becomes a line of its own in plain mode, and notes stay visible on a terminal */
  verbose?: boolean;
  /** milliseconds between two signs of life of a long phase in plain mode */
  heartbeat?: number;
  /** milliseconds, monotonic */
  now?: () => number;
}

interface RunningPhase {
  readonly title: string;
  readonly depth: number;
  readonly startedAt: number;
  note: string;
}

/** "0.4 s", "12.3 s", "5 min 03 s" */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** Whether a rewritten line suits the stream. */
export function progressMode(stream: ProgressStream, environment: NodeJS.ProcessEnv = process.env): "tty" | "plain" {
  const ci = environment.CI !== undefined && environment.CI !== "" && environment.CI !== "false";
  return stream.isTTY === true && !ci && environment.TERM !== "dumb" && !environment.NO_COLOR ? "tty" : "plain";
}

const CLEAR_LINE = "\r\u001b[2K";
const TICK = 200;

export class Progress {
  /** Every phase that ended well, in the order of their ends. */
  readonly phases: PhaseRecord[] = [];
  readonly #stream: ProgressStream;
  readonly #mode: "tty" | "plain";
  readonly #verbose: boolean;
  readonly #heartbeat: number;
  readonly #now: () => number;
  readonly #running: RunningPhase[] = [];
  readonly #current = new AsyncLocalStorage<RunningPhase>();
  #timer: NodeJS.Timeout | undefined;
  #lastLineAt = 0;

  constructor(options: ProgressOptions = {}) {
    this.#stream = options.stream ?? process.stderr;
    this.#mode = options.mode ?? progressMode(this.#stream);
    this.#verbose = options.verbose ?? false;
    this.#heartbeat = options.heartbeat ?? 15_000;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Runs one phase and prints its start, notes and end. Phases may be nested (a phase that is begun inside another's
   * `run` is indented below it) and may run beside each other. An error passes through after the phase is shown as failed.
   */
  async phase<T>(title: string, run: (note: Note) => Promise<T>): Promise<T> {
    const outer = this.#current.getStore();
    const phase: RunningPhase = { title, depth: (outer?.depth ?? -1) + 1, startedAt: this.#now(), note: "" };
    this.#running.push(phase);
    if (this.#mode === "plain") this.#line(`${indent(phase)}> ${title}`);
    this.#schedule();
    try {
      const result = await this.#current.run(phase, () => run((text) => this.#note(phase, text)));
      const seconds = this.#seconds(phase);
      this.phases.push({ title, depth: phase.depth, seconds });
      this.#end(phase, `${indent(phase)}+ ${title} (${formatSeconds(seconds)})`);
      return result;
    } catch (error) {
      this.#end(phase, `${indent(phase)}x ${title} failed after ${formatSeconds(this.#seconds(phase))}`);
      throw error;
    }
  }

  /** One line that belongs to no phase's time: a warning, a choice that was made. */
  say(text: string): void {
    const phase = this.#current.getStore();
    this.#line(`${phase === undefined ? "" : `${indent(phase)}  `}${text}`);
  }

  #note(phase: RunningPhase, text: string): void {
    const changed = phase.note !== text;
    phase.note = text;
    if (!changed) return;
    if (this.#verbose) this.#line(`${indent(phase)}  ${text}`);
    else if (this.#mode === "tty") this.#draw();
  }

  #end(phase: RunningPhase, line: string): void {
    this.#running.splice(this.#running.indexOf(phase), 1);
    this.#line(line);
    this.#schedule();
  }

  #line(text: string): void {
    this.#lastLineAt = this.#now();
    this.#stream.write(this.#mode === "tty" ? `${CLEAR_LINE}${text}\n` : `${text}\n`);
    if (this.#mode === "tty") this.#draw();
  }

  /** The rewritten line of a terminal: the innermost phase that was begun last. */
  #draw(): void {
    const phase = this.#running.at(-1);
    if (phase === undefined) return;
    const text = `${indent(phase)}> ${this.#life(phase)}`;
    this.#stream.write(`${CLEAR_LINE}${text.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1))}`);
  }

  #life(phase: RunningPhase): string {
    return `${phase.title} ${formatSeconds(this.#seconds(phase))}${phase.note === "" ? "" : `: ${phase.note}`}`;
  }

  #seconds(phase: RunningPhase): number {
    return (this.#now() - phase.startedAt) / 1000;
  }

  #schedule(): void {
    if (this.#running.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    if (this.#timer !== undefined) return;
    const period = this.#mode === "tty" ? TICK : Math.min(1000, this.#heartbeat);
    this.#timer = setInterval(() => this.#tick(), period);
    this.#timer.unref();
  }

  #tick(): void {
    if (this.#mode === "tty") this.#draw();
    else if (this.#now() - this.#lastLineAt >= this.#heartbeat) {
      const phase = this.#running.at(-1);
      if (phase !== undefined) this.#line(`${indent(phase)}  ... ${this.#life(phase)}`);
    }
  }
}

function indent(phase: RunningPhase): string {
  return "  ".repeat(phase.depth);
}
