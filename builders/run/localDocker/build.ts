/** Carries out a plan of local-docker: docker builds, and pushes with the login of whoever builds. */
import { readFile, rename, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { instructionLines } from "../../images/dockerfile.ts";
import { placeOf } from "../../plan/load.ts";
import type { LocalDockerPlan } from "../../plan/plan.ts";
import type { Outcome } from "../../report/result.ts";
import { BuildkitProgress } from "../buildkit/progress.ts";
import { lines } from "../kube/lines.ts";
import { loadFromDocker } from "../load/fromDocker.ts";
import { type Loader, startLoader } from "../load/loader.ts";
import { makePrivateDirectory, writeFiles } from "../privateDirectory.ts";
import { isTagTaken } from "../takenTag.ts";
import { configFile, type Io, startDocker, untilEnded } from "./docker.ts";
import { dockerFailure } from "./failure.ts";
import { push } from "./push.ts";
import { BuildkitText, LegacyText } from "./records.ts";

/** Builds and pushes. No tag moves in the registry before the build has succeeded. @throws PergolaError */
export async function runLocalDocker(plan: LocalDockerPlan, io: Io): Promise<Outcome> {
  const directory = makePrivateDirectory();
  let loader: Loader | null = null;
  try {
    await prepare(plan, directory.path);
    for (const text of plan.warnings) io.emit({ type: "warning", text });
    const built = await build(plan, directory.path, io);
    loader = built.loader;
    const { digest, config, pushed } = await push(plan, built.progress, directory.path, io);
    if (plan.oci !== null) await rename(plan.oci.written, plan.oci.file);
    for (const one of pushed) io.emit({ type: "pushed", ...one });
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
  const running = startDocker(plan.argv, { plan, directory, output: steps || archive }, (line) => {
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
    // A builder that pushes by itself may have made an image that the registry has already.
    const refused = code !== 0 && plan.metadataFile !== null && isTagTaken(progress.errorText);
    if (code !== 0 && !refused)
      throw dockerFailure(plan, progress, await failingLine(plan, progress, reader), configFile());
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
