/** Ctrl-C, termination and an output that nobody reads: the first one cancels and cleans up, a later one leaves at once. */
import type { ModeName } from "../../infra/setup.ts";
import { EXIT } from "../errors.ts";

export interface Interruption {
  /** aborted by the first SIGINT, SIGTERM or SIGHUP, and when the output is closed */
  readonly signal: AbortSignal;
  /** 129, 130, 141 or 143 once interrupted, else null */
  exitCode(): number | null;
  /** takes the handlers away again */
  release(): void;
}

/**
 * One termination arrives several times: the kernel signals the whole process group (Ctrl-C, `timeout`, systemd), and each
 * process above this one, npm among them, passes on what it got. Nobody presses Ctrl-C deliberately again within this time.
 */
const REPEAT_MILLISECONDS = 2000;

const CODES = { SIGHUP: EXIT.hungUp, SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;
const SIGNALS = Object.keys(CODES) as (keyof typeof CODES)[];

/** What then happens, by what builds: of BuildKit and of Docker nothing is left when they have heard of it. */
const STOPPING: Readonly<Record<ModeName, string>> = {
  "cluster-buildkit": "Stopping: cancelling the builds in their builder. Once more to leave without waiting for it.",
  kaniko: "Stopping: cancelling the builds and removing their pods. Once more to leave them.",
  "local-docker": "Stopping: Docker cancels the builds. Once more to leave without waiting for it.",
};

/**
 * @param mode what builds
 * @param say prints a line for people
 * @param outputClosed aborted when what is printed cannot be read any more
 */
export function watchInterruption(
  mode: ModeName,
  say: (line: string) => void,
  outputClosed: AbortSignal,
): Interruption {
  const controller = new AbortController();
  let code: number | null = null;
  let began = 0;
  const stop = (exitCode: number): void => {
    code = exitCode;
    began = performance.now();
    say(STOPPING[mode]);
    controller.abort();
  };
  const handle = (name: NodeJS.Signals): void => {
    if (code === null) stop(CODES[name as keyof typeof CODES]);
    else if (performance.now() - began > REPEAT_MILLISECONDS) process.exit(code);
  };
  const closed = (): void => {
    if (code === null) stop(EXIT.outputClosed);
  };
  for (const name of SIGNALS) process.on(name, handle);
  outputClosed.addEventListener("abort", closed);
  if (outputClosed.aborted) closed();
  return {
    signal: controller.signal,
    exitCode: () => code,
    release: () => {
      for (const name of SIGNALS) process.off(name, handle);
      outputClosed.removeEventListener("abort", closed);
    },
  };
}
