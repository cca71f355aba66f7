/**
 * buildctl for a machine that has none: the builder's own, copied out of its pod into the cache, so that client and daemon
 * are of one version. `buildctl/KEY/buildctl` in the cache; KEY stands for the builder's image.
 */
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, utimesSync } from "node:fs";
import { machine } from "node:os";
import path from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { PergolaError } from "../../errors.ts";
import type { BuildEvent } from "../../report/events.ts";
import { interrupted } from "../kube/errors.ts";
import type { Exec, ExecTarget } from "../kube/exec.ts";
import type { Kube } from "../kube/kube.ts";
import type { Pod } from "../kube/objects.ts";
import { containerStatus } from "../pods/state.ts";
import { pruneStages } from "../staging/prune.ts";
import { versionProblem } from "./buildctl.ts";

/** A release that fits, for those who get it themselves: what is pinned in the embedded environment. */
const RELEASE = "v0.33.1";

/** A connection that brings nothing for so long is given up, in milliseconds. */
const STALL_MILLISECONDS = 30_000;

/** sh: name of the program. Prints machine, length and SHA-256. */
const DESCRIBE = 'f=$(command -v "$1") && uname -m && wc -c < "$f" && sha256sum < "$f"';
/** sh: name of the program. */
const PRINT = 'exec cat "$(command -v "$1")"';

/** A kind of machine: `process.platform`, and what `uname -m` says. */
export interface System {
  readonly platform: string;
  readonly machine: string;
}
const HERE: System = { platform: process.platform, machine: machine() };

export interface Source {
  /** what the program is called in the pod, and here */
  readonly name: string;
  readonly target: Omit<ExecTarget, "command">;
  readonly pod: Pod;
  /** absolute path of the cache */
  readonly cache: string;
  readonly here?: System;
}

export interface CopyIo {
  readonly kube: Pick<Kube, "run" | "exec">;
  emit(event: BuildEvent): void;
  readonly signal: AbortSignal;
}

/** Copies under way in this process, by where they go: builds that start together need one. */
const underWay = new Map<string, Promise<void>>();

/**
 * Says how to get buildctl where the builder's own, a Linux program, cannot run. Asked before a builder is started.
 * @param lacking what was looked for in vain
 * @throws PergolaError builder-tool-missing
 */
export function refuseForeignSystem(lacking: string, here: System = HERE): void {
  if (here.platform !== "linux") throw missing(lacking, null, here);
}

/**
 * The builder's buildctl, out of the cache or the pod.
 * @param lacking what was looked for in vain, for errors
 * @throws PergolaError: builder-tool-missing (another architecture, or it does not run here), transfer-failed, interrupted
 */
export async function buildctlFromPod(lacking: string, source: Source, io: CopyIo): Promise<string> {
  const { name, target, cache, here = HERE } = source;
  const folder = path.join(cache, "buildctl");
  const place = path.join(folder, keyOf(source, here));
  const file = path.join(place, name);
  for (let other = underWay.get(place); other !== undefined; other = underWay.get(place)) await other;
  if (io.signal.aborted) throw interrupted();
  if (existsSync(file)) {
    // What is used stays: see pruneStages.
    utimesSync(place, new Date(), new Date());
    return file;
  }
  pruneStages(folder);
  io.emit({ type: "status", text: `${lacking}; copying that of pod ${target.pod} into ${folder}` });
  const copy = copyOut(lacking, source, here, place, io);
  underWay.set(
    place,
    copy.catch(() => {}),
  );
  try {
    await copy;
  } finally {
    underWay.delete(place);
  }
  return file;
}

/** The same for all pods of an image, so that most builds need not ask. A cache may be shared by machines of several kinds. */
function keyOf({ pod, target, name }: Source, here: System): string {
  const image = containerStatus(pod, target.container)?.imageID || pod.metadata.uid;
  return createHash("sha256")
    .update(JSON.stringify([image, name, here.machine]))
    .digest("hex")
    .slice(0, 20);
}

/** Fills a folder of its own, and moves it to `place` when it is known to be good. */
async function copyOut(lacking: string, source: Source, here: System, place: string, io: CopyIo): Promise<void> {
  const { name, target } = source;
  const failed = (why: string, cause?: unknown) =>
    new PergolaError(
      {
        code: "transfer-failed",
        message: `${lacking}, and ${name} of pod ${target.pod} cannot be copied: ${why}`,
        hint: `Build again, or ${howToGet(here)}.`,
      },
      { cause },
    );
  const told = await io.kube.run({ ...target, command: ["sh", "-c", DESCRIBE, "sh", name] }, "", io.signal);
  if (io.signal.aborted) throw interrupted();
  const [kind = "", size = "", digest = ""] = told.stdout.trim().split(/\s+/);
  if (told.exitCode !== 0 || !/^\d+$/.test(size) || !/^[0-9a-f]{64}$/.test(digest)) {
    throw failed(told.stderr.trim() || told.message || `the pod described it as ${JSON.stringify(told.stdout)}`);
  }
  if (kind !== here.machine) throw missing(lacking, `pod ${target.pod} has one for ${kind}`, here);

  const own = `${place}.${process.pid}-${randomBytes(4).toString("hex")}`;
  const file = path.join(own, name);
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    const exec = await io.kube.exec({ ...target, command: ["sh", "-c", PRINT, "sh", name] }, io.signal);
    const received = await receive(exec, file).catch((error: Error) => {
      exec.close();
      if (io.signal.aborted) throw interrupted();
      throw failed(error.message, error);
    });
    if (io.signal.aborted) throw interrupted();
    if (received.bytes !== Number(size)) {
      throw failed(`${received.bytes} of ${size} bytes arrived (${received.said || "the connection said nothing"})`);
    }
    if (received.digest !== digest) throw failed("the bytes that arrived are not those of the pod");
    chmodSync(file, 0o755);
    const problem = await versionProblem(file);
    if (problem !== null) throw missing(lacking, `that of pod ${target.pod} is of no use: ${problem}`, here);
    try {
      renameSync(own, place);
    } catch (error) {
      // Another process was faster; what it put there was verified in the same way.
      if (!existsSync(path.join(place, name))) throw failed((error as Error).message, error);
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Writes what the command prints into a file. */
async function receive(exec: Exec, file: string): Promise<{ bytes: number; digest: string; said: string }> {
  exec.stdin.end();
  const hash = createHash("sha256");
  let bytes = 0;
  const stalled = (): void => {
    exec.stdout.destroy(new Error(`nothing came from the pod for ${STALL_MILLISECONDS / 1000} s`));
  };
  let stall = setTimeout(stalled, STALL_MILLISECONDS);
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      clearTimeout(stall);
      stall = setTimeout(stalled, STALL_MILLISECONDS);
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  try {
    await pipeline(exec.stdout, count, createWriteStream(file, { mode: 0o600 }));
  } finally {
    clearTimeout(stall);
  }
  const { exitCode, message } = await exec.result;
  return { bytes, digest: hash.digest("hex"), said: exec.stderr().trim() || (exitCode === 0 ? "" : message) };
}

function missing(lacking: string, why: string | null, here: System): PergolaError {
  const own =
    why ?? `the builder's own is a Linux program, while this machine is ${here.platform} (${goArchitecture(here)})`;
  const hint = `${howToGet(here).replace(/^./, (first) => first.toUpperCase())}, or build in mode kaniko.`;
  return new PergolaError({
    code: "builder-tool-missing",
    message: `${lacking}, and ${own}; mode cluster-buildkit needs it here.`,
    hint: here.platform === "linux" ? `${hint} In Pergola's own clone, npm start builds it.` : hint,
  });
}

function howToGet(here: System): string {
  const system = here.platform === "win32" ? "windows" : here.platform;
  const archive = `buildkit-${RELEASE}.${system}-${goArchitecture(here)}.tar.gz`;
  const brew = here.platform === "darwin" ? "install it with Homebrew (brew install buildkit), or " : "";
  return `${brew}put bin/buildctl of https://github.com/moby/buildkit/releases/download/${RELEASE}/${archive} on the PATH`;
}

/** What Go, and so BuildKit's releases, call an architecture. */
function goArchitecture({ machine: name }: System): string {
  return { x86_64: "amd64", aarch64: "arm64", armv7l: "arm-v7" }[name] ?? name;
}
