import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";

/** What to start: always the Node that runs this host, so that the program gets the pinned one. */
export interface NodeCommand {
  readonly arguments: readonly string[];
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** How a child ended: its exit code, or the signal that ended it. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The programs and plugins that this host started: all of them end with it. */
export class Children {
  readonly #running = new Set<ChildProcess>();

  /** Starts Node and hands on what it prints; resolves when it has ended and its output is closed. */
  run(command: NodeCommand, onStdout: (chunk: Buffer) => void, onStderr: (chunk: Buffer) => void): Promise<Ending> {
    const child = spawn(process.execPath, command.arguments, {
      cwd: command.directory,
      env: command.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#running.add(child);
    child.stdout.on("data", onStdout);
    child.stderr.on("data", onStderr);
    return new Promise((resolve, reject) => {
      child.once("error", (error) => {
        this.#running.delete(child);
        reject(new Error(`could not start ${process.execPath}: ${error.message}`));
      });
      child.once("close", (code, signal) => {
        this.#running.delete(child);
        resolve({ code, signal });
      });
    });
  }

  /** Whether no child runs. */
  get idle(): boolean {
    return this.#running.size === 0;
  }

  /** Ends every child: SIGTERM now, SIGKILL to those that are still there after the grace period. */
  stop(graceMilliseconds = 2000): void {
    for (const child of this.#running) {
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), graceMilliseconds).unref();
    }
  }

  /** Ends every child at once; for the moment when this host itself ends. */
  kill(): void {
    for (const child of this.#running) child.kill("SIGKILL");
  }
}
