/** Carries out a BuildKit plan: buildctl here, buildkitd in the pod, a connection between them that other builds may share. */
import { writeFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import path from "node:path";
import { cacheDirectory } from "../../cacheDirectory.ts";
import { buildkitLookup, heldInBuildkitStep } from "../../plan/lookup.ts";
import type { BuildkitPlan } from "../../plan/plan.ts";
import type { BuildEvent } from "../../report/events.ts";
import type { Outcome } from "../../report/result.ts";
import { interrupted } from "../kube/errors.ts";
import type { Kube } from "../kube/kube.ts";
import { type Loader, startLoader } from "../load/loader.ts";
import type { Limits } from "../pods/limits.ts";
import { makePrivateDirectory, writeFiles } from "../privateDirectory.ts";
import { isLayerRace } from "../registryErrors.ts";
import { isTagTaken, keptDigest } from "../takenTag.ts";
import { type Bridge, openBridge } from "./bridge.ts";
import { type Buildctl, findBuildctl, startBuildctl } from "./buildctl.ts";
import { buildctlFromPod, refuseForeignSystem } from "./buildctlFromPod.ts";
import { type Builder, ensureBuilder } from "./builder.ts";
import { clientPlace, podPlace } from "./credentialPlaces.ts";
import { type CredentialServer, serveCredentials } from "./credentials.ts";
import { failure } from "./failure.ts";
import { readDigests } from "./metadata.ts";
import { BuildkitProgress } from "./progress.ts";
import type { ReadyConnections } from "./readyConnections.ts";
import { LAYER_RACE_HINT } from "./verdict.ts";
import type { WarmBuilders } from "./warmBuilders.ts";
import { builderLost, watchBuilder } from "./watchdog.ts";

export interface ExecutorIo {
  readonly kube: Kube;
  emit(event: BuildEvent): void;
  readonly signal: AbortSignal;
  readonly limits: Limits;
}

/** Not an empty config: with one, buildctl asks the keychain of whoever builds, where it finds one (seen with 0.33.1). */
const NO_CREDENTIALS = { auths: { "none.invalid": {} } };

/** What buildctl says when it is the connection that failed and not the build. */
const LOST =
  /rpc error: code = Unavailable|error reading from server|no active session for|error reading server preface/;

/** A push that a registry of distribution 2.x refused is tried once more: everything else is in the builder's cache. */
const LAYER_RACE = `A push was refused and is tried once more. ${LAYER_RACE_HINT}`;

/** Builds and pushes. @throws PergolaError */
export async function runBuildkit(
  plan: BuildkitPlan,
  io: ExecutorIo & { readonly warm: WarmBuilders; readonly ready: ReadyConnections },
): Promise<Outcome> {
  const [name = "", ...args] = plan.argv;
  const found = await findBuildctl(name, process.env);
  if ("lacking" in found) refuseForeignSystem(found.lacking);
  const builder = (await io.warm.find(plan)) ?? (await ensureBuilder(plan, io));
  const directory = makePrivateDirectory();
  let credentials: CredentialServer | null = null;
  let bridge: Bridge | null = null;
  let loader: Loader | null = null;
  try {
    const target = { namespace: plan.namespace, pod: builder.pod.metadata.name, container: plan.builder.container };
    const file =
      "file" in found
        ? found.file
        : await buildctlFromPod(
            found.lacking,
            { name, target, pod: builder.pod, cache: cacheDirectory(process.env) },
            io,
          );
    const dial = () => openBridge(path.join(directory.path, "buildkitd.sock"), () => io.ready.take(io.kube, target));
    bridge = await dial();
    credentials = await prepare(plan, builder, directory.path, io);
    const attempt = { plan, builder, command: { file, args, directory: directory.path }, credentials, io };
    let done = await runBuildctl({ ...attempt, bridge });
    loader = done.loader;
    const repeated = isLayerRace(done.progress.errorText) ? done.progress : null;
    if (repeated !== null) {
      io.emit({ type: "warning", text: LAYER_RACE });
      await loader?.drop();
      await bridge.close();
      bridge = await dial();
      done = await runBuildctl({ ...attempt, bridge });
      loader = done.loader;
    }
    const { progress } = done;
    const made = {
      steps: progress.steps,
      cachedSteps: progress.cachedSteps,
      firstUncachedStep: progress.firstUncachedStep,
      bytesSent: progress.bytesSent + (repeated?.bytesSent ?? 0),
      loaded: plan.load?.target ?? null,
      warnings: progress.warnings,
    };
    if (!progress.succeeded) {
      const text = progress.errorText;
      if (!isTagTaken(text)) throw failure({ plan, builder, progress, credentials });
      await bridge.close();
      const open = await dial();
      bridge = open;
      const lookUp = (reference: string) => heldByRegistry(reference, { ...attempt, bridge: open });
      const incomplete = plan.oci !== null || plan.load !== null;
      return {
        digest: await keptDigest({ plan, text, built: progress.exported, lookUp, incomplete, emit: io.emit }),
        ...made,
      };
    }
    const { digest, config } = await readDigests(path.join(directory.path, plan.metadataFile), "buildctl");
    if (plan.oci !== null) await rename(plan.oci.written, plan.oci.file);
    for (const reference of plan.references) io.emit({ type: "pushed", reference, digest });
    const ids = config === null ? [digest] : [digest, config];
    await loader?.finish({ state: `${plan.references[0]}@${digest} is pushed`, ids }, io.signal);
    return { digest, ...made };
  } finally {
    await loader?.drop();
    await Promise.all([bridge?.close(), credentials?.close(), builder.release()]);
    directory.remove();
    if (plan.oci !== null) await rm(plan.oci.written, { force: true });
  }
}

interface Attempt {
  readonly plan: BuildkitPlan;
  readonly builder: Builder;
  readonly bridge: Bridge;
  readonly command: { readonly file: string; readonly args: readonly string[]; readonly directory: string };
  readonly credentials: CredentialServer | null;
  readonly io: ExecutorIo;
}

/** Runs buildctl to its end, whatever that is. @throws PergolaError builder-gone, load-failed, interrupted and the like */
async function runBuildctl({
  plan,
  builder,
  bridge,
  command,
  credentials,
  io,
}: Attempt): Promise<{ progress: BuildkitProgress; loader: Loader | null }> {
  const progress = new BuildkitProgress(io.emit);
  const buildctl = startBuildctl(
    {
      ...{ ...command, output: plan.load !== null },
      environment: environment(plan, command.directory, bridge, credentials),
    },
    (line) => progress.line(credentials?.mask(line) ?? line),
  );
  // The pod is reached while buildctl starts.
  bridge.dial();
  const loader =
    plan.load !== null && buildctl.stdout !== null
      ? startLoader(plan.load, buildctl.stdout, { environment: process.env, emit: io.emit })
      : null;
  try {
    await untilEnded({ plan, builder, bridge, buildctl, loader }, io);
    const { code } = await buildctl.ended;
    progress.end(code === 0);
    if (code !== 0 && LOST.test(progress.errorText)) {
      throw await builderLost({ builder, container: plan.builder.container, why: progress.errorText });
    }
    return { progress, loader };
  } catch (error) {
    await loader?.drop();
    throw error;
  }
}

/** The digest that the registry holds under a tag, by the builder's word; null when it says nothing. */
async function heldByRegistry(
  reference: string,
  attempt: Attempt & { readonly bridge: Bridge },
): Promise<string | null> {
  const { files, argv } = buildkitLookup(attempt.plan, reference);
  const { directory } = attempt.command;
  writeFiles(directory, files);
  let held: string | null = null;
  const emit = (event: BuildEvent): void => {
    if (event.type === "step") held = heldInBuildkitStep(event.name) ?? held;
  };
  const { plan, command, io } = attempt;
  await runBuildctl({
    ...attempt,
    plan: { ...plan, load: null },
    command: { ...command, args: argv.slice(1) },
    io: { ...io, emit },
  });
  return held;
}

/** Fills the private directory. */
async function prepare(
  plan: BuildkitPlan,
  builder: Builder,
  directory: string,
  io: ExecutorIo,
): Promise<CredentialServer | null> {
  writeFiles(directory, plan.files);
  const { auth } = plan;
  if (auth.from === "client") return serveCredentials(directory, clientPlace(auth.dockerConfig, process.env));
  const { dockerConfig, container } = plan.builder;
  if (dockerConfig === null) {
    writeFileSync(path.join(directory, "config.json"), JSON.stringify(NO_CREDENTIALS), { mode: 0o600 });
    return null;
  }
  const target = { namespace: plan.namespace, pod: builder.pod.metadata.name, container };
  return serveCredentials(directory, podPlace(io.kube, target, dockerConfig, io.signal));
}

/** The caller's environment, so that secrets by `env=` arrive, pointed to the pod. */
function environment(
  plan: BuildkitPlan,
  directory: string,
  bridge: Bridge,
  credentials: CredentialServer | null,
): NodeJS.ProcessEnv {
  const { DOCKER_AUTH_CONFIG: _, ...own } = process.env;
  return {
    ...own,
    BUILDKIT_HOST: bridge.address,
    DOCKER_CONFIG: directory,
    // Registry tokens are fetched by the daemon, which reaches the registry; this machine may not. With the client's own
    // login this machine does reach it, and a password that is traded for a token here never gets to the daemon.
    ...(plan.auth.from === "builder" ? { BUILDKIT_NO_CLIENT_TOKEN: "1" } : {}),
    ...(credentials ? { PATH: `${credentials.binDirectory}${path.delimiter}${own.PATH ?? ""}` } : {}),
  };
}

/** Waits for the end of buildctl, and brings it about when the builder is lost or the caller gives up. */
async function untilEnded(
  running: { plan: BuildkitPlan; builder: Builder; bridge: Bridge; buildctl: Buildctl; loader: Loader | null },
  io: ExecutorIo,
): Promise<void> {
  const { plan, builder, bridge, buildctl, loader } = running;
  const { container } = plan.builder;
  const over = new AbortController();
  const aborted = new Promise<"aborted">((resolve) => {
    if (io.signal.aborted) resolve("aborted");
    io.signal.addEventListener("abort", () => resolve("aborted"), { once: true, signal: over.signal });
  });
  const lost = watchBuilder({ builder, container, bridge, limits: io.limits, signal: over.signal });
  try {
    const ended = buildctl.ended.then(() => "ended" as const);
    const first = await Promise.race([ended, aborted, lost, ...(loader === null ? [] : [loader.failed])]).catch(
      async (error: unknown) => {
        await buildctl.stop(false);
        throw error;
      },
    );
    if (first === "ended") {
      // A cut connection ends buildctl within milliseconds, with words that name neither pod nor reason.
      const why = await Promise.race([bridge.broken, Promise.resolve(null)]);
      if (why !== null && (await buildctl.ended).code !== 0) throw await builderLost({ builder, container, why });
      return;
    }
    await buildctl.stop(first !== "aborted");
    if (first === "aborted") throw interrupted();
    bridge.cut();
    throw await builderLost({ builder, container, why: first });
  } finally {
    over.abort();
  }
}
