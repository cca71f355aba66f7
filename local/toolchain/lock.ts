/**
 * Locks between processes that survive none of their owners: each is a kernel lock (flock) held by a small child, which
 * ends, and so lets go, when its standard input closes: also when the owner is killed. Node itself has no flock, and a
 * file with a process id in it goes stale. `flock` is part of util-linux, which is essential on Debian.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { LocalError } from "../errors.ts";

/** flock's exit code for "somebody else has it", chosen by us */
const TAKEN = 75;

export interface Lock {
  /** Lets go; waits until the child is gone, so that the next owner can start at once. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Takes the lock `file` (made when missing, never deleted: deleting a lock file makes two owners possible). When another
 * process has it, `onWait` is told once what that process wrote as its `purpose`, and this one waits.
 */
export async function takeLock(
  file: string,
  purpose: string,
  onWait: (owner: string) => void = () => {},
): Promise<Lock> {
  mkdirSync(dirname(file), { recursive: true });
  let child = await hold(file, ["--nonblock", "--conflict-exit-code", String(TAKEN)]);
  if (child === undefined) {
    onWait(readOwner(file));
    child = await hold(file, []);
  }
  if (child === undefined) throw new LocalError(`the lock ${file} could not be taken`);
  writeFileSync(file, `process ${process.pid}: ${purpose}\n`);
  return lockOf(child);
}

/** What the present or last owner wrote about itself. */
export function readOwner(file: string): string {
  try {
    return readFileSync(file, "utf8").trim() || "another process";
  } catch {
    return "another process";
  }
}

function lockOf(child: ChildProcess): Lock {
  const release = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.stdin?.end();
    await gone;
  };
  return { release, [Symbol.asyncDispose]: release };
}

/** Starts the child that holds the lock and resolves once it has it; undefined when it is taken. */
function hold(file: string, options: readonly string[]): Promise<ChildProcess | undefined> {
  return new Promise((resolve, reject) => {
    // Detached: Ctrl-C reaches the whole foreground group, and the lock must outlast the owner's clean-up.
    const child = spawn(
      "flock",
      ["--exclusive", ...options, "--no-fork", file, "sh", "-c", "echo held; exec cat >/dev/null"],
      { stdio: ["pipe", "pipe", "pipe"], detached: true },
    );
    let problem = "";
    child.stderr.on("data", (chunk: Buffer) => {
      problem += chunk.toString();
    });
    child.stdin.on("error", () => {});
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === "ENOENT" ? "the program flock is not on PATH" : `flock cannot run: ${cause.message}`;
      reject(new LocalError(message, { hint: "install util-linux: apt-get install util-linux", cause }));
    });
    child.stdout.once("data", () => {
      // Waiting for a lock keeps this process alive, having it does not.
      child.unref();
      for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
      resolve(child);
    });
    child.once("close", (code) => {
      if (code === TAKEN) resolve(undefined);
      else
        reject(new LocalError(`the lock ${file} could not be taken: ${problem.trim() || `flock left with ${code}`}`));
    });
  });
}
