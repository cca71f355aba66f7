import { execFile } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";

/** Pulumi's own CLI: its bin folder and the programs in it, language host included. */
export interface OfficialBin {
  readonly folder: string;
  readonly programs: readonly string[];
}

/**
 * Looks for Pulumi's own CLI of exactly this version, with its Node language host beside it: in the user's
 * `~/.pulumi/versions`, then on PATH.
 *
 * @param version without a leading `v`
 * @param ownHome our own Pulumi home, which is never taken for the user's
 */
export async function findOfficialBin(
  version: string,
  ownHome: string,
  environment: NodeJS.ProcessEnv,
): Promise<OfficialBin | undefined> {
  const kept = join(userHome(ownHome, environment), "versions", version, "bin");
  if (hasCli(kept)) return describe(kept);
  for (const folder of (environment.PATH ?? "").split(delimiter)) {
    if (folder === "" || resolve(folder).startsWith(ownHome) || !hasCli(folder)) continue;
    if ((await versionOf(join(folder, "pulumi"))) === version) return describe(folder);
  }
  return undefined;
}

/** Looks for the official Kubernetes plugin of exactly this version among the user's plugins. */
export function findOfficialKubernetes(
  version: string,
  ownHome: string,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const folder = join(userHome(ownHome, environment), "plugins", `resource-kubernetes-v${version}`);
  return isProgram(join(folder, "pulumi-resource-kubernetes")) ? folder : undefined;
}

/** PULUMI_HOME as the user set it; inside our own environment (`npm run pulumi`) it names ours, so that does not count. */
function userHome(ownHome: string, environment: NodeJS.ProcessEnv): string {
  const named = environment.PULUMI_HOME;
  return named !== undefined && named !== "" && resolve(named) !== ownHome
    ? resolve(named)
    : join(homedir(), ".pulumi");
}

function hasCli(folder: string): boolean {
  return isProgram(join(folder, "pulumi")) && isProgram(join(folder, "pulumi-language-nodejs"));
}

function describe(folder: string): OfficialBin {
  return {
    folder,
    programs: readdirSync(folder)
      .filter((name) => name === "pulumi" || name.startsWith("pulumi-"))
      .sort(),
  };
}

/** Whether a file is a compiled program (ELF or Mach-O): npm's launcher and our own parts are scripts, and do not count. */
function isProgram(file: string): boolean {
  if (!existsSync(file)) return false;
  const magic = Buffer.alloc(4);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, magic, 0, 4, 0);
  } finally {
    closeSync(descriptor);
  }
  return ["7f454c46", "cffaedfe"].includes(magic.toString("hex"));
}

async function versionOf(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ["version"], {
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
      timeout: 10_000,
    });
    return stdout.trim().replace(/^v/, "");
  } catch {
    // A program that cannot say its version is not the one that we look for.
    return undefined;
  }
}
