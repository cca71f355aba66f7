/** The programs that the embedded environment is made of: `ensureToolchain` makes them ready, once per machine. */
import { join } from "node:path";
import type { Progress } from "../progress.ts";
import { debianEnvironment, ensureDebianSets, unpackedDebianSet } from "./debian.ts";
import { DEBIAN_SETS } from "./debianPackages.ts";
import { checkGo, ensureGoTools, findGoTools, readGoSettings } from "./go.ts";
import type { GoSettings } from "./goSettings.ts";
import type { BinaryName, GoTool, ToolName } from "./goTool.ts";
import { findOnPath } from "./onPath.ts";
import { DEFAULT_TOOLS, GO_TOOLS, goTool, toolOfBinary } from "./tools.ts";

export type { BinaryName, ToolName } from "./goTool.ts";
export { DEFAULT_TOOLS } from "./tools.ts";

export interface Toolchain {
  /** Absolute path of a binary; throws for one whose tool was not asked for. */
  path(name: BinaryName): string;
  /** Whether the binary is part of this toolchain: optional tools may be absent. */
  has(name: BinaryName): boolean;
  /** Folder that the nodes' Debian packages were unpacked in. */
  readonly debianRoot: string;
  /** Folder with a minimal Debian system, for base images. */
  readonly baseRoot: string;
  /** PATH, LD_LIBRARY_PATH and XTABLES_LIBDIR for programs below {@link debianRoot}. */
  environment(): Record<string, string>;
  /** Folders for a user's PATH: buildctl and kubectl, and nothing else. */
  readonly clientPath: readonly string[];
}

/**
 * Makes the tools ready: takes fitting ones from PATH, finds the others in the cache, builds and unpacks what is
 * missing. Idempotent; processes that do it at the same time wait for each other. Throws LocalError.
 */
export async function ensureToolchain(
  progress: Progress,
  names: readonly ToolName[] = DEFAULT_TOOLS,
): Promise<Toolchain> {
  const { binaries, missing } = await splitByPath(names);
  // A Go that cannot build what is missing is said before anything is downloaded.
  const settings = await readGoSettings();
  const unbuilt = unbuiltTools(missing, settings);
  if (unbuilt.length > 0) checkGo(unbuilt, settings);
  // Debian first: it takes seconds, and what is wrong with the machine shows early.
  const [debianRoot = "", baseRoot = ""] = await ensureDebianSets(DEBIAN_SETS, progress);
  const entries = await ensureGoTools(missing.map(goTool), progress);
  return toolchain(binaries, entries, debianRoot, baseRoot);
}

/**
 * The toolchain as it was made ready last; undefined when a part of it is not there. Newer Debian packages or another Go
 * since then do not matter: who only uses a running environment must not have to start it anew.
 */
export async function findToolchain(names: readonly ToolName[] = DEFAULT_TOOLS): Promise<Toolchain | undefined> {
  const { binaries, missing } = await splitByPath(names);
  const states = findGoTools(missing.map(goTool), undefined);
  const entries = states.flatMap(({ tool, entry }) => (entry === undefined ? [] : [[tool.name, entry] as const]));
  if (entries.length < states.length) return undefined;
  const [debian, base] = DEBIAN_SETS.map(unpackedDebianSet);
  if (debian === undefined || base === undefined) return undefined;
  return toolchain(binaries, new Map(entries), join(debian, "root"), join(base, "root"));
}

/**
 * Why a start would have to make the toolchain first, in a few words; null when it would not. Nothing is built or
 * downloaded to find out.
 */
export async function toolchainObstacle(names: readonly ToolName[] = DEFAULT_TOOLS): Promise<string | null> {
  const { missing } = await splitByPath(names);
  const settings = await readGoSettings();
  const unbuilt = unbuiltTools(missing, settings);
  if (unbuilt.length > 0) {
    try {
      checkGo(unbuilt, settings);
    } catch (error) {
      return (error as Error).message;
    }
    return `not built yet: ${unbuilt.map((tool) => tool.name).join(", ")} (npm start builds them)`;
  }
  if (DEBIAN_SETS.some((set) => unpackedDebianSet(set) === undefined)) {
    return "Debian packages are not unpacked yet (npm start does it)";
  }
  return null;
}

function unbuiltTools(names: readonly ToolName[], settings: GoSettings | undefined): GoTool[] {
  return findGoTools(names.map(goTool), settings).flatMap(({ tool, entry }) => (entry === undefined ? [tool] : []));
}

async function splitByPath(
  names: readonly ToolName[],
): Promise<{ binaries: Map<BinaryName, string>; missing: ToolName[] }> {
  const binaries = new Map<BinaryName, string>();
  const missing: ToolName[] = [];
  for (const { name } of GO_TOOLS.filter((tool) => names.includes(tool.name))) {
    const found = await findOnPath(goTool(name));
    if (found === undefined) missing.push(name);
    for (const [binary, path] of found ?? []) binaries.set(binary, path);
  }
  return { binaries, missing };
}

function toolchain(
  fromPath: ReadonlyMap<BinaryName, string>,
  entries: ReadonlyMap<string, string>,
  debianRoot: string,
  baseRoot: string,
): Toolchain {
  const path = (name: BinaryName): string | undefined => {
    const entry = entries.get(toolOfBinary(name).name);
    return fromPath.get(name) ?? (entry === undefined ? undefined : join(entry, "bin", name));
  };
  return {
    path(name) {
      const found = path(name);
      if (found === undefined) throw new Error(`${name} is not part of the toolchain that was asked for`);
      return found;
    },
    has: (name) => path(name) !== undefined,
    debianRoot,
    baseRoot,
    environment: () => debianEnvironment(debianRoot),
    clientPath: [...entries]
      .filter(([name]) => GO_TOOLS.some((tool) => tool.name === name && Object.keys(tool.links).some(isClientLink)))
      .map(([, entry]) => join(entry, "client")),
  };
}

function isClientLink(link: string): boolean {
  return link.startsWith("client/");
}
