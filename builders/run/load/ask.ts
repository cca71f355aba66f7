/** Short questions to the clients of stores. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { lastLine } from "./program.ts";

/** Milliseconds that a store may take to answer; a Docker daemon behind ssh takes seconds, and so does minikube. */
const PATIENCE = 20_000;

/** What the command prints. @throws Error that says in one line what went wrong, also when there is no answer; the signal's reason */
export async function ask(
  [program = "", ...args]: readonly string[],
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  const options = {
    env: environment,
    timeout: PATIENCE,
    killSignal: "SIGKILL",
    signal,
    maxBuffer: 64 * 1024 * 1024,
  } as const;
  try {
    return (await promisify(execFile)(program, args, options)).stdout;
  } catch (error) {
    signal.throwIfAborted();
    const { killed, stderr, message } = error as Error & { killed?: boolean; stderr?: string };
    throw new Error(killed ? `no answer within ${PATIENCE / 1000} s` : lastLine(stderr?.trim() || message));
  }
}
