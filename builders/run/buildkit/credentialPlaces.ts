/** Where registry credentials come from: the docker config of the builder's pod, or the one of whoever builds. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { ExecTarget } from "../kube/exec.ts";
import type { Kube } from "../kube/kube.ts";

/** How a helper program ended. */
export interface HelperRun {
  /** null when it could not be started, or did not end by itself */
  readonly exitCode: number | null;
  /** why, where the program itself said nothing */
  readonly message: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A docker config, and the place in which the helpers that it names run. */
export interface CredentialPlace {
  /** for messages: "in pod NAME" */
  readonly where: string;
  /** absolute path of the config there */
  readonly config: string;
  /** whether it is so new at times that its machine does not know yet who it is */
  readonly isPod: boolean;
  /** text of the config; null when there is none, which is no failure @throws Error */
  read(signal: AbortSignal): Promise<string | null>;
  /** runs a program with `input` on its stdin; aborting ends it or gives it up */
  run(command: readonly string[], input: string, signal: AbortSignal): Promise<HelperRun>;
}

/** What {@link HelperRun.message} says of a program that is not there: the words of Go's and of Rust's container runtimes. */
export const NO_PROGRAM = /executable file .*not found|no such file or directory/i;

/** The config that the builder's container mounts. */
export function podPlace(
  kube: Pick<Kube, "run">,
  target: Omit<ExecTarget, "command">,
  config: string,
  interruption: AbortSignal,
): CredentialPlace {
  const run = (command: readonly string[], input: string, signal: AbortSignal): Promise<HelperRun> =>
    kube.run({ ...target, command }, input, AbortSignal.any([interruption, signal]));
  return {
    where: `in pod ${target.pod}`,
    config,
    isPod: true,
    async read(signal) {
      const { exitCode, stdout, stderr, message } = await run(["cat", config], "", signal);
      if (exitCode !== 0) throw new Error((stderr || message).trim());
      return stdout;
    },
    run,
  };
}

/**
 * The config of whoever runs this program. It is read, and nothing else: only its helpers are told where it is. buildctl is
 * not, as it writes a token seed and a lock file next to a config (seen with 0.33.1).
 */
export function clientPlace(directory: string, environment: NodeJS.ProcessEnv): CredentialPlace {
  const config = path.join(directory, "config.json");
  return {
    where: "on this machine",
    config,
    isPod: false,
    async read(signal) {
      try {
        return await readFile(config, { encoding: "utf8", signal });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
    run: ([file = "", ...args], input, signal) =>
      runHere(file, args, input, { ...environment, DOCKER_CONFIG: directory }, signal),
  };
}

/** Runs a program in a group of its own, so that what it starts ends with it. Never rejects. */
function runHere(
  file: string,
  args: readonly string[],
  input: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<HelperRun> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    const killGroup = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // nothing left
      }
    };
    const end = (exitCode: number | null, message: string): void => {
      signal.removeEventListener("abort", killGroup);
      resolve({ exitCode, message, stdout, stderr });
    };
    signal.addEventListener("abort", killGroup, { once: true });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    // A helper that answers without reading the question closes the pipe: its answer counts.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.once("error", (error: NodeJS.ErrnoException) =>
      end(null, error.code === "ENOENT" ? `executable file ${file} not found on the PATH` : error.message),
    );
    child.once("close", (code, killed) =>
      end(code, killed === null ? `exit code ${code}` : `it was ended by ${killed}`),
    );
  });
}
