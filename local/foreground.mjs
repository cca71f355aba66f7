// A child process in this one's place: it has the terminal, gets the signals, and its exit code becomes ours.
// JavaScript without dependencies, because the bootstrap uses it before anything is installed.
import { spawn } from "node:child_process";
import { constants } from "node:os";

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{env?: Record<string, string | undefined>, cwd?: string}} [options]
 * @returns {Promise<number>} exit code; 128 + n when signal n ended it
 */
export function runForeground(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", env: options.env ?? process.env, cwd: options.cwd });
    const forward = (signal) => {
      // The terminal's own Ctrl-C reached the whole process group; a second one would read as "at once, now".
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    const done = () => {
      for (const signal of signals) process.off(signal, forward);
    };
    child.once("error", (error) => {
      done();
      reject(error);
    });
    child.once("exit", (code, signal) => {
      done();
      resolve(exitCodeOf(code, signal));
    });
  });
}

/**
 * The exit code of a process as a shell gives it.
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
export function exitCodeOf(code, signal) {
  return code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0));
}
