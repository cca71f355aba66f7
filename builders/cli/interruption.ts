/** Ctrl-C and termination: the first one cancels and cleans up, the second one leaves at once. */
import { EXIT } from "../errors.ts";

export interface Interruption {
  /** aborted by the first SIGINT or SIGTERM */
  readonly signal: AbortSignal;
  /** 130 or 143 once interrupted, else null */
  exitCode(): number | null;
  /** takes the handlers away again */
  release(): void;
}

/** @param say prints a line for people */
export function watchInterruption(say: (line: string) => void): Interruption {
  const controller = new AbortController();
  let code: number | null = null;
  const handle = (exitCode: number) => (): void => {
    if (code !== null) process.exit(code);
    code = exitCode;
    say("Stopping: cancelling the builds and removing their pods. Once more to leave them.");
    controller.abort();
  };
  const handlers = { SIGINT: handle(EXIT.interrupted), SIGTERM: handle(EXIT.terminated) };
  process.on("SIGINT", handlers.SIGINT).on("SIGTERM", handlers.SIGTERM);
  return {
    signal: controller.signal,
    exitCode: () => code,
    release: () => void process.off("SIGINT", handlers.SIGINT).off("SIGTERM", handlers.SIGTERM),
  };
}
