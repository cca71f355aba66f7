/** Carries out a plan of local-docker: docker builds, and pushes with the login of whoever builds. */
import { readFile, rename, rm, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { instructionLines } from "../../images/dockerfile.ts";
import { placeOf } from "../../plan/load.ts";
import type { LocalDockerPlan } from "../../plan/plan.ts";
import type { BuildEvent } from "../../report/events.ts";
import type { Outcome } from "../../report/result.ts";
import { startBuildctl } from "../buildkit/buildctl.ts";
import { readDigests } from "../buildkit/metadata.ts";
import { BuildkitProgress } from "../buildkit/progress.ts";
import { interrupted } from "../kube/errors.ts";
import { lines } from "../kube/lines.ts";
import { loadFromDocker } from "../load/fromDocker.ts";
import { type Loader, startLoader } from "../load/loader.ts";
import { makePrivateDirectory, writeFiles } from "../privateDirectory.ts";
import { dockerFailure, pushFailure } from "./failure.ts";
import { BuildkitText, LegacyText } from "./records.ts";
import { pushedDigest } from "./wording.ts";

interface Io {
  emit(event: BuildEvent): void;
  readonly signal: AbortSignal;
}

/** Builds and pushes. No tag moves in the registry before the build has succeeded. @throws PergolaError */
export async function runLocalDocker(plan: LocalDockerPlan, io: Io): Promise<Outcome> {
  const directory = makePrivateDirectory();
  let loader: Loader | null = null;
  try {
    await prepare(plan, directory.path);
    for (const text of plan.warnings) io.emit({ type: "warning", text });
    const built = await build(plan, directory.path, io);
    loader = built.loader;
    const { digest, config } = await push(plan, directory.path, io);
    if (plan.oci !== null) await rename(plan.oci.written, plan.oci.file);
    for (const reference of plan.references) io.emit({ type: "pushed", reference, digest });
    const ids = config === null ? [digest] : [digest, config];
    const state = `${plan.references[0]}@${digest} is pushed`;
    if (plan.save !== null && plan.load !== null) {
      await loadFromDocker(plan.load, plan.save, state, { ...io, environment: process.env });
    } else await loader?.finish({ state, ids }, io.signal);
    if (plan.kept !== null) {
      for (const reference of plan.references) io.emit({ type: "loaded", reference, place: placeOf(plan.kept) });
    }
    const { progress } = built;
    return {
      digest,
      steps: progress.steps,
      cachedSteps: progress.cachedSteps,
      firstUncachedStep: progress.firstUncachedStep,
      bytesSent: progress.bytesSent,
      loaded: plan.load?.target ?? plan.kept,
      warnings: [...plan.warnings, ...progress.warnings],
    };
  } finally {
    await loader?.drop();
    directory.remove();
    if (plan.oci !== null) await rm(plan.oci.written, { force: true });
  }
}

/** Fills the private directory. */
async function prepare(plan: LocalDockerPlan, directory: string): Promise<void> {
  writeFiles(directory, plan.files);
  await symlink(plan.context.sent, path.join(directory, plan.link));
}

async function build(
  plan: LocalDockerPlan,
  directory: string,
  io: Io,
): Promise<{ progress: BuildkitProgress; loader: Loader | null }> {
  const progress = new BuildkitProgress(io.emit);
  const reader = plan.progress === "plain" ? new BuildkitText() : plan.progress === "steps" ? new LegacyText() : null;
  const take = (text: string): void => progress.line(text);
  const steps = plan.progress === "steps";
  const archive = plan.load !== null && plan.save === null;
  const running = start(plan.argv, { plan, directory, output: steps || archive }, (line) => {
    // Without BuildKit the steps are on stdout, and stderr has the error.
    for (const one of reader === null || steps ? [line] : reader.line(line)) take(one);
  });
  const loader =
    archive && plan.load !== null && running.stdout !== null
      ? startLoader(plan.load, running.stdout, { environment: process.env, emit: io.emit })
      : null;
  const told = steps && reader !== null && running.stdout !== null ? readInto(running.stdout, reader, take) : null;
  try {
    const code = await untilEnded(running, loader === null ? [] : [loader.failed], io.signal);
    await told;
    if (code !== 0 && reader instanceof LegacyText) for (const one of reader.failed(progress.errorText)) take(one);
    progress.end(code === 0);
    if (code !== 0) throw dockerFailure(plan, progress, await failingLine(plan, progress, reader), configFile());
    return { progress, loader };
  } catch (error) {
    await loader?.drop();
    throw error;
  }
}

async function readInto(
  stdout: NodeJS.ReadableStream,
  reader: LegacyText | BuildkitText,
  take: (text: string) => void,
): Promise<void> {
  for await (const line of lines(stdout as import("node:stream").Readable))
    for (const one of reader.line(line)) take(one);
}

/** Line of the instruction that failed: by its number where steps are numbered so, else by its text where only one has it. */
async function failingLine(
  plan: LocalDockerPlan,
  progress: BuildkitProgress,
  reader: BuildkitText | LegacyText | null,
): Promise<number | null> {
  const file = path.resolve(plan.context.directory, plan.context.dockerfile);
  const planned = Object.entries(plan.files).find(([name]) => !name.endsWith(".dockerignore"))?.[1];
  const text = planned ?? (await readFile(file, "utf8").catch(() => ""));
  const all = instructionLines(text);
  if (reader instanceof LegacyText) return all[(reader.instruction ?? 0) - 1]?.line ?? null;
  const name = progress.failedStep?.name ?? "";
  const image = /\] load metadata for (?:docker\.io\/(?:library\/)?)?(\S+?)$/.exec(name)?.[1];
  const wanted = name
    .replace(/^\[[^\]]*\] /, "")
    .replace(/\s+/g, " ")
    .trim();
  const found = all.filter((one) =>
    image === undefined ? one.text === wanted : /^FROM /i.test(one.text) && one.text.split(" ").includes(image),
  );
  return found.length === 1 ? (found[0]?.line ?? null) : null;
}

/** Pushes what is in Docker's store, or reads what the build pushed. @throws PergolaError */
async function push(
  plan: LocalDockerPlan,
  directory: string,
  io: Io,
): Promise<{ readonly digest: string; readonly config: string | null }> {
  if (plan.metadataFile !== null) return readDigests(path.join(directory, plan.metadataFile), "docker buildx");
  const digests: string[] = [];
  for (const [at, argv] of plan.push.entries()) {
    const reference = plan.references[at] as string;
    const id = `push ${reference}`;
    const started = performance.now();
    io.emit({ type: "step", id, name: `pushing ${reference}`, state: "started" });
    const said: string[] = [];
    const errors: string[] = [];
    const running = start(argv, { plan, directory, output: true }, (line) => errors.push(line));
    const told = (async () => {
      if (running.stdout === null) return;
      for await (const line of lines(running.stdout)) said.push(line);
    })();
    const code = await untilEnded(running, [], io.signal);
    await told;
    const digest = pushedDigest(said.join("\n"));
    if (code !== 0 || digest === null) {
      const why = errors.join("\n").trim() || `docker push ended with exit code ${code} and named no digest`;
      io.emit({ type: "step", id, name: `pushing ${reference}`, state: "failed", error: why });
      throw pushFailure(plan, reference, why, configFile());
    }
    digests.push(digest);
    const seconds = (performance.now() - started) / 1000;
    io.emit({ type: "step", id, name: `pushing ${reference}`, state: "done", seconds });
  }
  return { digest: digests[0] as string, config: null };
}

type Running = ReturnType<typeof startBuildctl>;

function start(
  [name = "", ...args]: readonly string[],
  { plan, directory, output }: { plan: LocalDockerPlan; directory: string; output: boolean },
  onLine: (line: string) => void,
): Running {
  const environment = { ...process.env, ...plan.environment };
  return startBuildctl({ file: name, args, directory, environment, output, group: true }, onLine);
}

/** Waits for docker's end, and brings it about when the caller gives up or something else failed. */
async function untilEnded(running: Running, failed: readonly Promise<never>[], signal: AbortSignal): Promise<number> {
  const over = new AbortController();
  const aborted = new Promise<"aborted">((resolve) => {
    if (signal.aborted) resolve("aborted");
    signal.addEventListener("abort", () => resolve("aborted"), { once: true, signal: over.signal });
  });
  try {
    const first = await Promise.race([running.ended, aborted, ...failed]);
    if (first === "aborted") throw interrupted();
    return first.code ?? -1;
  } catch (error) {
    await running.stop(false);
    throw error;
  } finally {
    over.abort();
  }
}

/** The config.json that docker logs in by. */
function configFile(): string {
  return path.join(process.env.DOCKER_CONFIG || path.join(homedir(), ".docker"), "config.json");
}
