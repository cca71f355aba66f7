/** Runs buildctl, in a process group of its own so that helpers it starts end with it. */
import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { accessSync, closeSync, constants, openSync, readSync, realpathSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { cacheDirectory } from "../../cacheDirectory.ts";
import { PergolaError } from "../../errors.ts";
import { remember, stampOf } from "../../memory.ts";
import { lines } from "../kube/lines.ts";

/** The oldest buildctl whose `--progress=rawjson` is read here (BuildKit 0.13); newer and older daemons understand each other. */
const OLDEST = [0, 13] as const;

/** A SIGTERM cancels the build in the daemon, which a healthy buildctl does within milliseconds. */
const TERM_MILLISECONDS = 3000;
/** A credential helper that hangs keeps stderr open after buildctl itself has ended. */
const DRAIN_MILLISECONDS = 500;

/**
 * Finds a program on the PATH of `environment`, in a version that fits.
 * @returns why there is none, as a sentence without its end, when there is none
 */
export async function findBuildctl(
  name: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly file: string } | { readonly lacking: string }> {
  const cache = cacheDirectory(environment);
  const problems: string[] = [];
  for (const directory of (environment.PATH ?? "").split(path.delimiter)) {
    const file = path.join(directory, name);
    if (directory === "" || !isExecutable(file)) continue;
    const check = async () => {
      const found = await versionProblem(file);
      if (found !== null) throw new Error(found);
      return null;
    };
    // Remembered of those that fit: starting it only to ask takes as long as it takes to reach the builder. Not of what
    // starts another program: a version manager's stays as it is when that becomes another one.
    const asked = isLauncher(file) ? check() : remember(cache, "buildctl", [stampOf(file), OLDEST], check);
    const problem = await asked.catch((error: Error) => error.message);
    if (problem === null) return { file };
    problems.push(problem);
  }
  return { lacking: problems[0] ?? `${name} is not on the PATH` };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether it is a script, or a link to a program of another name; what cannot be read counts as one. */
function isLauncher(file: string): boolean {
  let opened: number | null = null;
  try {
    if (path.basename(realpathSync(file)) !== path.basename(file)) return true;
    opened = openSync(file, "r");
    const start = Buffer.alloc(2);
    readSync(opened, start, 0, 2, 0);
    return start.toString("latin1") === "#!";
  } catch {
    return true;
  } finally {
    if (opened !== null) closeSync(opened);
  }
}

/** Why a buildctl cannot be used, as a sentence without its end; null when it can. */
export async function versionProblem(file: string): Promise<string | null> {
  let said: string;
  try {
    said = (await promisify(execFile)(file, ["--version"], { timeout: 10_000 })).stdout;
  } catch (error) {
    return `${file} does not run (${(error as Error).message.trim()})`;
  }
  const version = /\bv?(\d+)\.(\d+)\.\d+/.exec(said);
  // A build without a version stamp says "0.0.0+unknown": nothing to compare.
  if (!version || /0\.0\.0/.test(version[0])) return null;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major > OLDEST[0] || minor >= OLDEST[1]) return null;
  return `${file} is ${said.trim()}, older than v${OLDEST.join(".")}`;
}

export interface Buildctl {
  /** resolves once it has ended and everything it wrote was read; null code when a signal ended it */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** ends it: politely first, so that the daemon stops the build too; at once when `now` (nobody listens any more) */
  stop(now: boolean): Promise<void>;
  /** null unless an output goes there */
  readonly stdout: Readable | null;
}

/** Starts buildctl. `onLine` gets each line of its stderr. */
export function startBuildctl(
  command: {
    file: string;
    args: readonly string[];
    directory: string;
    environment: NodeJS.ProcessEnv;
    /** whether an output of the build goes to stdout, which then has to be read */
    output: boolean;
    /** whether the program starts others of its own, which are told to end with it, as docker starts its plugins */
    group?: boolean;
  },
  onLine: (line: string) => void,
): Buildctl {
  const child = spawn(command.file, command.args, {
    cwd: command.directory,
    env: command.environment,
    detached: true,
    stdio: ["ignore", command.output ? "pipe" : "ignore", "pipe"],
  }) as ChildProcessByStdio<null, Readable | null, Readable>;
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once("error", (error) =>
      reject(
        new PergolaError({
          code: "builder-tool-missing",
          message: `${command.file} cannot be started: ${error.message}`,
        }),
      ),
    );
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const read = (async () => {
    for await (const line of lines(child.stderr)) onLine(line);
  })().catch(() => {});
  const ended = exited.then(async (result) => {
    const timer = setTimeout(() => {
      killGroup(child);
      child.stderr.destroy();
    }, DRAIN_MILLISECONDS);
    await read;
    clearTimeout(timer);
    killGroup(child);
    return result;
  });
  ended.catch(() => {});
  return {
    ended,
    stdout: child.stdout,
    async stop(now) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (now) killGroup(child);
      else if (command.group) signalGroup(child, "SIGTERM");
      else child.kill("SIGTERM");
      const timer = setTimeout(() => killGroup(child), TERM_MILLISECONDS);
      await exited.catch(() => {});
      clearTimeout(timer);
    },
  };
}

/** Kills what is left of the group that the child leads. */
function killGroup(child: ChildProcess): void {
  signalGroup(child, "SIGKILL");
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // nothing left
  }
}
