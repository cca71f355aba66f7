/** Programs that are Python packages: pinned by checksum, installed by pip into a virtual environment in the cache. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { LocalError } from "../errors.ts";
import { cacheFolder, repositoryRoot } from "../paths.ts";
import type { Progress } from "../progress.ts";
import { Cache, explainFullDisk, keyOf } from "./cache.ts";
import { takeLock } from "./lock.ts";

/** A program that only tests need. Nothing of it is in the environment. */
export const MOTO = {
  name: "moto",
  version: "5.2.5",
  why: "judges what the AWS stand-in of the tests takes, through AWS's own protocol",
  licence: "Apache-2.0",
  /** pip's list, with a checksum for each file that may be taken */
  requirements: join(import.meta.dirname, "python", "moto", "requirements.txt"),
  /** Python's module that is run */
  module: "moto.server",
} as const;

/** Oldest Python that the list is for. */
const PYTHON = [3, 11] as const;

/**
 * The command that runs moto's server, to which its own flags are added; installed first where it is not there. Throws
 * LocalError: no fitting Python with `venv`, or packages that cannot be had.
 */
export async function ensureMoto(progress: Progress): Promise<readonly [string, ...string[]]> {
  const python = await pythonVersion();
  const inputs = keyOf({ requirements: readFileSync(MOTO.requirements, "utf8") });
  const key = keyOf({ inputs, python });
  const cache = new Cache(cacheFolder("toolchain"));
  const find = () => cache.find(MOTO.name, MOTO.version, key);
  let entry = find();
  if (entry === undefined) {
    await using _lock = await takeLock(
      join(cacheFolder("locks"), "python.lock"),
      `installs ${MOTO.name} for ${repositoryRoot}`,
      (owner) => progress.say(`waiting for another installation of ${MOTO.name} (${owner})`),
    );
    entry =
      find() ??
      (await progress.phase(`${MOTO.name} ${MOTO.version}`, async () => {
        const record = { name: MOTO.name, version: MOTO.version, key, inputs, madeWith: python };
        return await cache.add(record, async (folder) => {
          await install(folder);
          return ["pyvenv.cfg"];
        });
      }));
  }
  // Not by its script, which names the folder in which it was installed, before that was renamed.
  return [join(entry, "bin", "python"), "-m", MOTO.module];
}

async function pythonVersion(): Promise<string> {
  const hint = `install Python ${PYTHON.join(".")} or newer with venv: apt-get install python3 python3-venv`;
  const { stdout, exitCode } = await execa("python3", ["-c", "import platform; print(platform.python_version())"], {
    reject: false,
  });
  if (exitCode !== 0) throw new LocalError(`${MOTO.name} needs python3, which is not on PATH`, { hint });
  const [major = 0, minor = 0] = (stdout ?? "").split(".").map(Number);
  if (major !== PYTHON[0] || minor < PYTHON[1]) {
    throw new LocalError(`${MOTO.name} needs Python ${PYTHON.join(".")} or newer, python3 is ${stdout}`, { hint });
  }
  return (stdout ?? "").trim();
}

async function install(folder: string): Promise<void> {
  const run = async (program: string, args: readonly string[]): Promise<void> => {
    const { exitCode, all } = await execa(program, args, { reject: false, all: true, stdin: "ignore" });
    if (exitCode === 0) return;
    const message = `${MOTO.name} ${MOTO.version}: ${program} ${args[1]} failed: ${(all ?? "").trim().split("\n").at(-1)}`;
    if (/No space left on device/.test(all ?? "")) {
      throw explainFullDisk(Object.assign(new Error(message), { code: "ENOSPC" }), MOTO.name, folder);
    }
    throw new LocalError(message, { hint: "apt-get install python3-venv, or look at the packages' index of pip" });
  };
  await run("python3", ["-m", "venv", folder]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
  const pinned = ["--only-binary", ":all:", "--require-hashes", "--no-deps", "--requirement", MOTO.requirements];
  await run(join(folder, "bin", "python"), [...pip, ...pinned]);
}
