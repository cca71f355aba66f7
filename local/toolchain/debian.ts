/**
 * Unpacks sets of Debian packages into the cache. Nothing is installed, no maintainer script runs, and the system's own
 * package lists stay as they are: when they are missing or too old to download from, lists of our own are fetched into
 * the cache, from the system's sources and with its keys.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { LocalError } from "../errors.ts";
import { cacheDirectory, cacheFolder, repositoryRoot } from "../paths.ts";
import type { Note, Progress } from "../progress.ts";
import { explainAptFailure, isDiskFull, parsePrintedUris, type ResolvedPackage, unresolved } from "./apt.ts";
import { Cache, type EntryRecord, keyOf } from "./cache.ts";
import type { DebianSet } from "./debianPackages.ts";
import { takeLock } from "./lock.ts";

/** Name and version under which a set's entries are in the cache. */
const VERSION = "debian";

/** Changes when what this file does with unpacked packages changes. */
const LAYOUT = "1";

/** Key over what a set is, without the versions that apt resolves. */
export function setInputs(set: DebianSet): string {
  return keyOf({
    packages: set.packages.map((one) => one.name),
    links: Object.entries(set.links).flat(),
    architecture: "amd64",
    layout: LAYOUT,
  });
}

/** Key of a set with resolved packages; their order does not matter. */
export function setKey(inputs: string, resolved: readonly ResolvedPackage[]): string {
  return keyOf({ inputs, packages: resolved.map((one) => `${one.file} ${one.sha256}`).sort() });
}

export interface DebianState {
  /** folder of the cache entry; undefined when the packages have to be downloaded */
  readonly entry: string | undefined;
  /** empty when apt cannot resolve them without new lists */
  readonly resolved: readonly ResolvedPackage[];
}

/** Folder of the set that was unpacked last, whatever versions the system's lists name now; undefined when there is none. */
export function unpackedDebianSet(set: DebianSet): string | undefined {
  return debianCache().findByInputs(set.name, VERSION, setInputs(set));
}

/**
 * Finds a set in the cache as a start takes it: the one with the versions that the system's lists name now; when they
 * cannot name all, the one that was unpacked last.
 */
export async function findDebianSet(set: DebianSet): Promise<DebianState> {
  const resolved = await resolvePackages(set, []).catch(() => []);
  if (unresolved(set, resolved).length > 0) return { entry: unpackedDebianSet(set), resolved: [] };
  return { entry: debianCache().find(set.name, VERSION, setKey(setInputs(set), resolved)), resolved };
}

/**
 * Root folders of the unpacked sets, in their order; what is missing is made, by one process at a time. When newer
 * packages cannot be had, those that were unpacked before are taken.
 */
export async function ensureDebianSets(sets: readonly DebianSet[], progress: Progress): Promise<string[]> {
  let states = await Promise.all(sets.map(findDebianSet));
  if (states.some((state) => state.entry === undefined)) {
    await using _lock = await takeLock(
      join(cacheFolder("locks"), "debian.lock"),
      `unpacks Debian packages for ${repositoryRoot}`,
      (owner) => progress.say(`waiting for Debian packages that another start unpacks (${owner})`),
    );
    debianCache().removeUnfinished();
    states = await Promise.all(sets.map(findDebianSet));
    const entries: string[] = [];
    try {
      for (const [index, set] of sets.entries()) {
        const title = `Debian packages: ${set.name} (${set.packages.length})`;
        entries.push(states[index]?.entry ?? (await progress.phase(title, (note) => renewSet(set, progress, note))));
      }
    } finally {
      rmSync(aptFolder(), { recursive: true, force: true });
    }
    return entries.map((entry) => join(entry, "root"));
  }
  return states.map((state) => join(state.entry as string, "root"));
}

function debianCache(): Cache {
  return new Cache(join(cacheDirectory(), "debian"));
}

/** Where packages, and package lists of our own, are while they are needed. */
function aptFolder(): string {
  return join(cacheFolder("build"), "apt");
}

/** Makes the set, or goes on with the one that was unpacked last: a mirror that is away must not stop a start. */
async function renewSet(set: DebianSet, progress: Progress, note: Note): Promise<string> {
  try {
    return await addSet(set, note);
  } catch (error) {
    const before = unpackedDebianSet(set);
    // On a full disk nothing that follows would work either.
    if (before === undefined || !(error instanceof LocalError) || isDiskFull(error.message)) throw error;
    progress.say(`${error.message}; going on with the packages that were unpacked before`);
    return before;
  }
}

async function addSet(set: DebianSet, note: Note): Promise<string> {
  const { resolved, options } = await resolveWithLists(set, note);
  const packages = join(aptFolder(), "packages");
  rmSync(packages, { recursive: true, force: true });
  mkdirSync(packages, { recursive: true });
  const downloaded = await downloadPackages(set, resolved, packages, options, note);
  const inputs = setInputs(set);
  const entry: Omit<EntryRecord, "seconds" | "files"> = {
    name: set.name,
    version: VERSION,
    // Over what the system's lists name, also when the archive had newer packages: the next start looks for that.
    key: setKey(inputs, resolved),
    inputs,
    madeWith: downloaded
      .map((one) => `${one.name} ${one.version}`)
      .sort()
      .join(", "),
  };
  return await debianCache().add(entry, async (folder) => {
    const root = join(folder, "root");
    mkdirSync(root);
    for (const one of downloaded) {
      note(`unpacking ${one.name} ${one.version}`);
      const result = await execa("dpkg-deb", ["--extract", join(packages, one.file), root], { reject: false });
      if (result.exitCode !== 0) throw aptError(set, `E: ${one.file}: ${result.stderr.trim()}`);
    }
    rmSync(packages, { recursive: true });
    finishRoot(set, root);
    await probeRoot(set, root);
    return set.probes.map(([path]) => join("root", path)).filter((path) => existsSync(join(folder, path)));
  });
}

/** Resolves the set by the system's lists, else by fresh ones in the cache; returns the apt options that name them. */
async function resolveWithLists(
  set: DebianSet,
  note: Note,
): Promise<{ resolved: ResolvedPackage[]; options: readonly string[] }> {
  note("resolving versions");
  const resolved = await resolvePackages(set, []).catch(() => []);
  if (unresolved(set, resolved).length === 0) return { resolved, options: [] };
  const options = await freshLists(set, note);
  return { resolved: await resolvePackages(set, options), options };
}

/** Downloads the packages and returns them; where they are gone from the archive, the ones that replaced them. */
async function downloadPackages(
  set: DebianSet,
  resolved: readonly ResolvedPackage[],
  folder: string,
  options: readonly string[],
  note: Note,
): Promise<readonly ResolvedPackage[]> {
  note(`downloading ${(resolved.reduce((sum, one) => sum + one.size, 0) / 1e6).toFixed(0)} MB`);
  const argv = (packages: readonly ResolvedPackage[]) => packages.map((one) => `${one.name}=${one.version}`);
  let downloaded = resolved;
  try {
    await apt(set, [...options, "download", ...argv(resolved)], folder);
  } catch (error) {
    if (isDiskFull((error as Error).message)) throw error;
    // Lists that are older than the archive name files that are no longer there, and a mirror fails now and then.
    const fresh = await freshLists(set, note);
    downloaded = await resolvePackages(set, fresh);
    await apt(set, [...fresh, "download", ...argv(downloaded)], folder);
  }
  for (const one of downloaded) {
    const sum = createHash("sha256")
      .update(readFileSync(join(folder, one.file)))
      .digest("hex");
    if (sum !== one.sha256) {
      throw new LocalError(`${one.file} has the checksum ${sum}, not ${one.sha256} as the package list says`, {
        hint: "start again; if it stays so, the mirror in /etc/apt/sources.list is broken",
      });
    }
  }
  return downloaded;
}

/** Package lists of our own below the cache, fetched anew. */
async function freshLists(set: DebianSet, note: Note): Promise<readonly string[]> {
  note("fetching package lists");
  const folder = aptFolder();
  for (const name of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(folder, name), { recursive: true });
  const options = ["-o", `Dir::State::Lists=${folder}/lists`, "-o", `Dir::Cache=${folder}/cache`];
  await apt(set, [...options, "-qq", "update"], folder);
  return options;
}

async function resolvePackages(set: DebianSet, options: readonly string[]): Promise<ResolvedPackage[]> {
  const names = set.packages.map((one) => one.name);
  return parsePrintedUris(await apt(set, [...options, "download", "--print-uris", ...names], "/"));
}

async function apt(set: DebianSet, argv: readonly string[], cwd: string): Promise<string> {
  // Sandbox user root: the user _apt may not write into a private cache folder. No translated messages: they are read.
  const result = await execa("apt-get", ["-o", "APT::Sandbox::User=root", "-q", ...argv], {
    cwd,
    reject: false,
    env: { LC_ALL: "C", LANGUAGE: "" },
    stdin: "ignore",
  });
  if (result.exitCode === 0) return result.stdout;
  if (result.exitCode === undefined) {
    throw new LocalError("the program apt-get is not on PATH", {
      hint: "the embedded environment is made from Debian 12's packages",
    });
  }
  throw aptError(set, `${result.stdout}\n${result.stderr}`);
}

function aptError(set: DebianSet, output: string): LocalError {
  const { message, hint } = explainAptFailure(set, output, systemName());
  return new LocalError(message, { hint });
}

/** PRETTY_NAME of os-release(5). */
function systemName(): string {
  const file = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(file)?.[1] ?? "an unknown system";
}

/** What maintainer scripts would have done, as far as it is needed. */
function finishRoot(set: DebianSet, root: string): void {
  for (const [path, target] of Object.entries(set.links)) {
    rmSync(join(root, path), { force: true });
    symlinkSync(target, join(root, path));
  }
  const authorities = join(root, "usr/share/ca-certificates/mozilla");
  if (existsSync(authorities)) {
    const bundle = readdirSync(authorities)
      .sort()
      .map((name) => readFileSync(join(authorities, name), "utf8"));
    mkdirSync(join(root, "etc/ssl/certs"), { recursive: true });
    writeFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), bundle.join(""));
  }
  for (const name of ["passwd", "group"]) {
    const master = join(root, "usr/share/base-passwd", `${name}.master`);
    if (existsSync(master)) copyFileSync(master, join(root, "etc", name));
  }
}

async function probeRoot(set: DebianSet, root: string): Promise<void> {
  for (const [path, ...argv] of set.probes) {
    const result = await execa(join(root, path), argv, {
      reject: false,
      all: true,
      env: debianEnvironment(root),
      timeout: 30_000,
    });
    if (result.exitCode !== 0) {
      throw new LocalError(
        `${path} was unpacked but does not run: ${(result.all || result.message || "").slice(0, 300)}`,
        {
          hint: `the programs are Debian 12's and use this system's C library; this is ${systemName()}`,
        },
      );
    }
  }
}

/** Variables under which programs below `root` find each other, their libraries and iptables' extensions. */
export function debianEnvironment(root: string): Record<string, string> {
  const below = (...paths: string[]): string => paths.map((path) => join(root, path)).join(":");
  return {
    PATH: `${below("usr/sbin", "usr/bin", "sbin", "bin")}:/usr/sbin:/usr/bin:/sbin:/bin`,
    LD_LIBRARY_PATH: below("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"),
    XTABLES_LIBDIR: below("usr/lib/x86_64-linux-gnu/xtables"),
  };
}
