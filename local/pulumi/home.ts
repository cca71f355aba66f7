import { randomBytes } from "node:crypto";
import {
  copyFile,
  link,
  lstat,
  mkdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { HomeEntry, PulumiParts } from "./homePlan.ts";
import { planHome } from "./homePlan.ts";
import { findOfficialBin, findOfficialKubernetes } from "./officialParts.ts";

export type { PulumiParts } from "./homePlan.ts";

/** What a caller needs to run `pulumi` in the prepared home. */
export interface PreparedPulumi {
  /** To be laid over the caller's environment. Contains no secret: the passphrase is named by its file. */
  readonly environment: Record<string, string>;
  /** Absolute path of the CLI. */
  readonly command: string;
  /** Which parts are Pulumi's own, and which are ours. */
  readonly parts: PulumiParts;
}

/** Where the home gets what it cannot find. */
export interface PrepareOptions {
  /** The toolchain; only its `pulumi` is asked for, and only when there is no official CLI. */
  readonly toolchain: { path(name: "pulumi"): string };
  /** The state folder of the embedded environment (absolute). */
  readonly state: string;
}

/**
 * Prepares a Pulumi home under the state folder: CLI, Node language host, Kubernetes provider, file backend, passphrase.
 * Pulumi's own parts are used where they are installed in exactly the pinned versions, ours otherwise.
 *
 * Repeatable, and safe for two processes at once: every file appears by a rename, and the passphrase is made once.
 */
export async function preparePulumi({ toolchain, state }: PrepareOptions): Promise<PreparedPulumi> {
  const ownHome = join(state, "pulumi", "home");
  const pulumiVersion = await installedVersion("@pulumi/pulumi");
  const kubernetesVersion = await installedVersion("@pulumi/kubernetes");
  const officialBin = await findOfficialBin(pulumiVersion, ownHome, process.env);
  const officialKubernetes = findOfficialKubernetes(kubernetesVersion, ownHome, process.env);
  const plan = planHome({
    state,
    pulumiVersion,
    kubernetesVersion,
    engine: officialBin ? "" : toolchain.path("pulumi"),
    ...(officialBin ? { officialBin } : {}),
    ...(officialKubernetes ? { officialKubernetes } : {}),
    node: process.execPath,
    parts: import.meta.dirname,
    path: process.env.PATH ?? "",
  });
  for (const folder of plan.folders) await makeFolder(folder);
  await Promise.all(plan.entries.map(place));
  await makePassphrase(plan.passphrase);
  return { environment: { ...plan.environment }, command: plan.command, parts: plan.parts };
}

async function installedVersion(name: string): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return (JSON.parse(await readFile(manifest, "utf8")) as { version: string }).version.replace(/^v/, "");
}

/** Makes a folder for the owner alone. A link of an earlier home in its place (other parts were used then) is removed. */
async function makeFolder(folder: string): Promise<void> {
  if ((await lstat(folder).catch(() => undefined))?.isSymbolicLink()) await rm(folder, { force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

async function place(entry: HomeEntry): Promise<void> {
  if (await isPlaced(entry)) return;
  const temporary = `${entry.path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    if (entry.kind === "script") await writeFile(temporary, entry.text, { mode: 0o755 });
    else if (entry.kind === "link") await symlink(entry.to, temporary);
    else await link(entry.from, temporary).catch(() => copyFile(entry.from, temporary));
    if (entry.kind === "link" && (await lstat(entry.path).catch(() => undefined))?.isDirectory()) {
      await rm(entry.path, { recursive: true, force: true });
    }
    await rename(temporary, entry.path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Whether the entry is there already, so that a second run writes nothing. */
async function isPlaced(entry: HomeEntry): Promise<boolean> {
  try {
    if (entry.kind === "script") return (await readFile(entry.path, "utf8")) === entry.text;
    if (entry.kind === "link") return (await readlink(entry.path)) === entry.to;
    const [there, wanted] = [await lstat(entry.path), await stat(entry.from)];
    // A hard link is the same file; a copy across file systems has the same size and is not older.
    return (
      there.isFile() && (there.ino === wanted.ino || (there.size === wanted.size && there.mtimeMs >= wanted.mtimeMs))
    );
  } catch {
    return false;
  }
}

/** Makes the passphrase unless it is there: `link` fails when another process was faster, and then that one counts. */
async function makePassphrase(file: string): Promise<void> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(temporary, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
