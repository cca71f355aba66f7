/** Turns SIGINT and SIGTERM into an abort, so that what was begun can be taken back before the process ends. */
import { LocalError } from "../errors.ts";

/** Exit codes by the shells' convention, 128 and the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** The reason of an abort: the signal, and the exit code that goes with it. */
export class Interruption extends LocalError {
  readonly signal: keyof typeof EXIT_CODES;

  constructor(signal: keyof typeof EXIT_CODES, outcome = "") {
    super(`interrupted by ${signal}${outcome}`, { exitCode: EXIT_CODES[signal] });
    this.signal = signal;
  }

  /** The same, to be told when everything that was made has been removed. */
  takenBack(): Interruption {
    return new Interruption(this.signal, ": everything that was made is removed again");
  }
}

/**
 * Runs something that observes the signal it is given. While it runs, SIGINT, SIGTERM and SIGHUP abort instead of ending
 * the process; the reason is an {@link Interruption}. More of them change nothing.
 */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (name: NodeJS.Signals) => controller.abort(new Interruption(name as keyof typeof EXIT_CODES));
  const names = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[];
  for (const name of names) process.on(name, abort);
  try {
    return await run(controller.signal);
  } finally {
    for (const name of names) process.off(name, abort);
  }
}
