/** A command in a pod that shows all the time that it lives, so that a connection that died without a word is noticed. */
import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { PergolaError } from "../../errors.ts";
import { interrupted } from "../kube/errors.ts";
import type { Exec } from "../kube/exec.ts";
import type { Kube } from "../kube/kube.ts";

/** sh: an empty line at once and every second until the script after it ends. What sleeps holds no stream that would keep the command from its end. */
const BEATS = 'echo; (while sleep 1 < /dev/null > /dev/null 2>&1; do echo; done) & trap "kill $!" EXIT; ';

/** A pod that says nothing for so long is not reached any more, in seconds. */
const SILENT_SECONDS = 8;
/** One that says something but takes nothing for so long is given up too. */
const STALLED_SECONDS = 60;

export interface LivingCommand {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** settles when it is known whether the container runs; it does already when left out */
  readonly running?: Promise<unknown>;
  /** for sh */
  readonly script: string;
  /** `$1` and so on in the script */
  readonly args: readonly string[];
  /** writes and ends the command's input; it has none when left out */
  send?(stdin: Writable): Promise<void>;
  /** what has been sent so far; it has to grow while `send` runs */
  sent?(): number;
}

/** How long a container is tried before it is known to run. */
export const EARLY_MILLISECONDS = 5000;
/** The pause after the first try, in milliseconds. */
const PAUSE = 80;
/** Each pause is longer than the one before. */
const GROWTH = 1.3;

/**
 * Runs it to its end and gives what it printed.
 * @throws Error with what went wrong, a phrase; PergolaError for what has nothing to do with the pod
 */
export async function runLiving(kube: Kube, command: LivingCommand, signal: AbortSignal): Promise<string> {
  const { running, script, args, send, sent = () => 0, ...target } = command;
  const open = () => kube.exec({ ...target, command: ["sh", "-c", BEATS + script, "sh", ...args] }, signal);
  const exec = running === undefined ? await open() : await openEarly(open, running);
  let answer = "";
  let silent = 0;
  let [before, still] = [0, 0];
  let sending = true;
  let dead: Error | null = null;
  exec.stdout.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
    silent = 0;
  });
  exec.stdout.resume();
  const watching = setInterval(() => {
    still = sending && sent() === before ? still + 1 : 0;
    before = sent();
    if (++silent > SILENT_SECONDS) dead = new Error(`not a word came from it for ${SILENT_SECONDS} s`);
    else if (still >= STALLED_SECONDS) dead = new Error(`it takes nothing since ${STALLED_SECONDS} s`);
    if (dead === null) return;
    exec.stdin.destroy(dead);
    exec.close();
  }, 1000);
  try {
    if (send) await send(exec.stdin);
    else exec.stdin.end();
    sending = false;
    const { exitCode, message } = await exec.result;
    if (signal.aborted) throw interrupted();
    if (exitCode !== 0) throw new Error(message);
    return answer;
  } catch (error) {
    exec.close();
    if (signal.aborted) throw interrupted();
    if (error instanceof PergolaError) throw error;
    throw dead ?? new Error(exec.stderr().trim() || (error as Error).message, { cause: error });
  } finally {
    clearInterval(watching);
  }
}

/**
 * Opens a command as soon as its container lets it: the kubelet tells up to a second later that one runs, so it is found out by
 * trying. What fails before is no failure yet; the state of the pod says what keeps it from starting.
 * @throws what `running` does, and at last what `open` does
 */
export async function openEarly(open: () => Promise<Exec>, running: Promise<unknown>): Promise<Exec> {
  let known = false;
  const told = running.then(
    () => {
      known = true;
    },
    () => {
      known = true;
    },
  );
  const until = Date.now() + EARLY_MILLISECONDS;
  for (let pause = PAUSE; !known && Date.now() < until; pause *= GROWTH) {
    const exec = await open().catch(() => null);
    if (exec && (await hasBegun(exec))) return exec;
    exec?.close();
    await Promise.race([told, delay(pause)]);
  }
  await running;
  return await open();
}

/**
 * Whether the command says something: a container that is not there yet takes the connection, and ends it at once. By kubectl
 * one that hangs has no end of its own.
 */
function hasBegun({ stdout, result }: Exec): Promise<boolean> {
  let silent: NodeJS.Timeout | undefined;
  return new Promise<boolean>((resolve) => {
    stdout.once("readable", () => resolve(stdout.readableLength > 0));
    result.then(() => resolve(false));
    silent = setTimeout(() => resolve(false), SILENT_SECONDS * 1000);
  }).finally(() => clearTimeout(silent));
}
