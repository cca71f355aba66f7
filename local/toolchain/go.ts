/** Builds the Go tools into the cache. What is decided stands in tools.ts and goSettings.ts; this runs it. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { execa } from "execa";
import { LocalError } from "../errors.ts";
import { cacheDirectory, cacheFolder, repositoryRoot } from "../paths.ts";
import type { Note, Progress } from "../progress.ts";
import { Cache, type EntryRecord, folderContent, keyOf } from "./cache.ts";
import {
  checkGoSettings,
  checkGoVersion,
  compareGoReleases,
  explainGoFailure,
  GO_FLAGS,
  GO_SETTINGS,
  type GoSettings,
  goCaches,
  goEnvironment,
  requiredGo,
} from "./goSettings.ts";
import type { GoTool } from "./goTool.ts";
import { takeLock } from "./lock.ts";

/** Folder of a tool's wrapper module. */
export function wrapperFolder(tool: GoTool): string {
  return join(repositoryRoot, "local", "toolchain", "go", tool.folder);
}

/** Key over everything that decides what a tool's binaries are, except the Go release. */
export function inputsKey(tool: GoTool, sources: Readonly<Record<string, string>>): string {
  return keyOf({
    sources: Object.entries(sources).flat(),
    flags: GO_FLAGS,
    tags: tool.tags,
    ldflags: tool.ldflags,
    binaries: tool.binaries.flatMap((binary) => [binary.name, binary.package]),
    links: Object.entries(tool.links).flat(),
    platform: "linux/amd64/v1 CGO_ENABLED=0",
  });
}

/** Key of a tool as that Go release builds it. */
export function toolKey(inputs: string, goVersion: string): string {
  return keyOf({ inputs, goVersion });
}

/** What the go on PATH says about itself; undefined when there is none. */
export async function readGoSettings(): Promise<GoSettings | undefined> {
  // GOTOOLCHAIN=local: asking must not download another Go.
  const result = await execa("go", ["env", "-json", ...GO_SETTINGS], {
    reject: false,
    cwd: "/",
    env: { GOTOOLCHAIN: "local" },
  });
  return result.exitCode === 0 ? (JSON.parse(result.stdout) as GoSettings) : undefined;
}

export interface GoToolState {
  readonly tool: GoTool;
  readonly inputs: string;
  /** folder of the cache entry; undefined when it has to be built */
  readonly entry: string | undefined;
}

/** Which of the tools are in the cache. Without a Go, an entry that another Go release made is as good. */
export function findGoTools(tools: readonly GoTool[], settings: GoSettings | undefined): GoToolState[] {
  const cache = new Cache(join(cacheDirectory(), "toolchain"));
  return tools.map((tool) => {
    const inputs = inputsKey(tool, folderContent(wrapperFolder(tool)));
    const entry =
      settings?.GOVERSION === undefined
        ? cache.findByInputs(tool.name, tool.version, inputs)
        : cache.find(tool.name, tool.version, toolKey(inputs, settings.GOVERSION));
    return { tool, inputs, entry };
  });
}

/** The oldest Go that builds all of these tools. */
export function neededGo(tools: readonly GoTool[]): string {
  return tools
    .map((tool) => requiredGo(readFileSync(join(wrapperFolder(tool), "go.mod"), "utf8")))
    .reduce((a, b) => (compareGoReleases(a, b) < 0 ? b : a));
}

/** Throws when the tools cannot be built with this Go, or as it is set up. */
export function checkGo(tools: readonly GoTool[], settings: GoSettings | undefined): void {
  checkGoVersion(settings?.GOVERSION, neededGo(tools));
  checkGoSettings(settings ?? {}, process.env);
}

/**
 * Builds what is missing, one tool after another, and drops Go's own caches at the end. Returns the entries by tool
 * name. One process at a time does this; a second one waits and finds everything there.
 */
export async function ensureGoTools(tools: readonly GoTool[], progress: Progress): Promise<Map<string, string>> {
  const settings = await readGoSettings();
  let states = findGoTools(tools, settings);
  if (states.some((state) => state.entry === undefined)) {
    const missing = states.filter((state) => state.entry === undefined).map((state) => state.tool);
    checkGo(missing, settings);
    await using _lock = await takeLock(
      join(cacheFolder("locks"), "go.lock"),
      `builds ${missing.map((tool) => tool.name).join(", ")} for ${repositoryRoot}`,
      (owner) => progress.say(`waiting for another build of the toolchain (${owner})`),
    );
    states = findGoTools(tools, settings);
    await buildMissing(
      states.filter((state) => state.entry === undefined),
      settings ?? {},
      progress,
    );
    states = findGoTools(tools, settings);
  }
  return new Map(states.map((state) => [state.tool.name, state.entry as string]));
}

async function buildMissing(states: readonly GoToolState[], settings: GoSettings, progress: Progress): Promise<void> {
  if (states.length === 0) return;
  const cache = new Cache(cacheFolder("toolchain"));
  cache.removeUnfinished();
  const folder = cacheFolder("build");
  const caches = goCaches(folder, process.env);
  const temporary = join(folder, "tmp");
  rmSync(temporary, { recursive: true, force: true });
  for (const path of [temporary, caches.buildCache, caches.moduleCache]) mkdirSync(path, { recursive: true });
  const environment = goEnvironment(settings, caches, temporary, process.env);
  for (const { tool, inputs } of states) {
    await progress.phase(`${tool.name} ${tool.version}`, async (note) => {
      const goVersion = settings.GOVERSION ?? "";
      const entry = {
        name: tool.name,
        version: tool.version,
        key: toolKey(inputs, goVersion),
        inputs,
        madeWith: goVersion,
      };
      await addTool(cache, entry, tool, environment, [folder, caches.buildCache, caches.moduleCache], note);
    });
  }
  // Several gigabytes that nothing needs again. They stay when a build failed, so that the next try goes on from there.
  rmSync(temporary, { recursive: true, force: true });
  if (caches.ownBuildCache) rmSync(caches.buildCache, { recursive: true, force: true });
  if (caches.ownModuleCache) rmSync(caches.moduleCache, { recursive: true, force: true });
}

async function addTool(
  cache: Cache,
  entry: Omit<EntryRecord, "seconds" | "files">,
  tool: GoTool,
  environment: Record<string, string>,
  folders: readonly string[],
  note: Note,
): Promise<void> {
  const log = join(cacheFolder("logs"), `${tool.name}-${tool.version}.log`);
  rmSync(log, { force: true });
  const run = (what: string, argv: readonly string[]) => runGo(what, argv, { tool, environment, folders, log, note });
  await cache.add(entry, async (folder) => {
    // `go build` downloads what the packages import; `go mod download` would want every module that go.mod names, and
    // the public proxy does not serve them all.
    for (const binary of tool.binaries) {
      const file = join(folder, "bin", binary.name);
      note(`compiling ${binary.name}`);
      await run("build", [
        "build",
        "-v",
        ...GO_FLAGS,
        "-tags",
        tool.tags.join(","),
        "-ldflags",
        tool.ldflags.join(" "),
        "-o",
        file,
        binary.package,
      ]);
      const probe = await execa(file, binary.probe, { reject: false, all: true, timeout: 30_000 });
      if (!(probe.all ?? "").includes(binary.says)) {
        throw new LocalError(
          `${binary.name} was built but does not run: ${binary.probe.join(" ")} printed ${JSON.stringify((probe.all ?? "").slice(0, 200))}`,
          { log },
        );
      }
    }
    for (const [link, binary] of Object.entries(tool.links)) {
      const path = join(folder, link);
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(relative(dirname(path), join(folder, "bin", binary)), path);
    }
    return tool.binaries.map((binary) => join("bin", binary.name));
  });
}

interface GoRun {
  readonly tool: GoTool;
  readonly environment: Record<string, string>;
  readonly folders: readonly string[];
  readonly log: string;
  readonly note: Note;
}

async function runGo(
  what: string,
  argv: readonly string[],
  { tool, environment, folders, log, note }: GoRun,
): Promise<void> {
  const child = execa("go", argv, {
    cwd: wrapperFolder(tool),
    env: environment,
    extendEnv: false,
    all: true,
    reject: false,
    stdin: "ignore",
  });
  let downloads = 0;
  let packages = 0;
  try {
    const file = openSync(log, "a");
    try {
      writeSync(file, `go ${argv.join(" ")}\n`);
      for await (const line of child.iterable({ from: "all" })) {
        writeSync(file, `${line}\n`);
        const module = /^go: downloading (\S+ \S+)$/.exec(line)?.[1];
        if (module !== undefined) note(`module ${++downloads}: ${module}`);
        // `-v` names each package as it is compiled.
        else if (/^[\w.~-]+(\/[\w.~-]+)+$/.test(line)) note(`package ${++packages}: ${line}`);
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    // The log could not be written: go must be gone before the folder that it writes to is removed.
    child.kill();
    await child;
    throw error;
  }
  const result = await child;
  if (result.exitCode === 0) return;
  const output = result.all ?? "";
  if (result.isTerminated && result.exitCode === undefined && output === "") {
    throw new LocalError(`${tool.name} ${tool.version}: go ${what} was stopped by ${result.signal}`, { log });
  }
  const { message, hint } = explainGoFailure(`${tool.name} ${tool.version}: ${what}`, output, folders);
  throw new LocalError(message, { hint, log });
}
