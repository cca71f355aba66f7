/** What apt says and asks for, as data. Pure. */
import { DISK_FULL_HINT } from "./cache.ts";
import type { DebianSet } from "./debianPackages.ts";

/** One package as apt would download it now. */
export interface ResolvedPackage {
  readonly name: string;
  /** as in the package, epoch included: "2:6.2.1+dfsg1-1.1" */
  readonly version: string;
  /** Debian's name of the architecture, or "all" */
  readonly architecture: string;
  /** name of the file that `apt-get download` makes */
  readonly file: string;
  readonly sha256: string;
  /** bytes */
  readonly size: number;
}

/**
 * Reads the output of `apt-get download --print-uris`: one line per package,
 * `'URI' NAME_VERSION_ARCHITECTURE.deb SIZE SHA256:HEX`, where the file's name has an epoch's colon as %3a (apt-get(8)).
 */
export function parsePrintedUris(output: string): ResolvedPackage[] {
  return output.split("\n").flatMap((line) => {
    const match = /^'[^']*' (\S+?)_(\S+)_([a-z0-9-]+)\.deb (\d+) SHA256:([0-9a-f]{64})$/.exec(line.trim());
    if (match === null) return [];
    const [, name = "", version = "", architecture = "", size = "", sha256 = ""] = match;
    return [
      {
        name,
        version: decodeURIComponent(version),
        architecture,
        file: `${name}_${version}_${architecture}.deb`,
        sha256,
        size: Number(size),
      },
    ];
  });
}

/** Names of the set that apt did not resolve. */
export function unresolved(set: DebianSet, resolved: readonly ResolvedPackage[]): string[] {
  const names = new Set(resolved.map((one) => one.name));
  return set.packages.map((one) => one.name).filter((name) => !names.has(name));
}

/** Whether a command failed for want of space: trying again in another way would only hide it. */
export function isDiskFull(output: string): boolean {
  return /no space left on device|don't have enough free space|disk is full|Wrote only \d+ of \d+ bytes/i.test(output);
}

/** What a failed apt command's output means: a message and a next step. `system` is the name of the distribution. */
export function explainAptFailure(set: DebianSet, output: string, system: string): { message: string; hint: string } {
  const what = `Debian packages (${set.name})`;
  const lines = output.split("\n").filter((line) => /^[EW]: /.test(line));
  const last = lines.find((line) => line.startsWith("E: ")) ?? lines.at(-1) ?? "apt-get printed no error";
  if (isDiskFull(output)) {
    return {
      message: `${what}: the disk is full: ${last}`,
      hint: DISK_FULL_HINT,
    };
  }
  const missing = [
    ...output.matchAll(/Unable to locate package (\S+)/g),
    ...output.matchAll(/Can't find a source to download version .* of '([^':]+)/g),
  ];
  if (missing.length > 0) {
    return {
      message: `${what}: apt knows no package ${missing.map((match) => match[1]).join(", ")}; the names are those of Debian 12, this is ${system}`,
      hint: "use Debian 12, or enable its main archive in /etc/apt/sources.list",
    };
  }
  if (/Hash Sum mismatch|not signed|NO_PUBKEY|couldn't be verified/i.test(output)) {
    return { message: `${what}: the archive cannot be trusted: ${last}`, hint: "run apt-get update and start again" };
  }
  return { message: `${what}: ${last}`, hint: "check the network and /etc/apt/sources.list, then start again" };
}
