/** `pergola build`: finds images, plans and builds them, prints what came of it. */
import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import path from "node:path";
import type { BuildSetup, ModeName } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import { contentHash, contentTag } from "../images/contentHash.ts";
import type { ImageGraph } from "../images/graph.ts";
import type { Image } from "../images/image.ts";
import type { CacheRequest } from "../plan/cache.ts";
import type { Tags } from "../plan/destination.ts";
import { loadPlanner, type PlanBuild, planBuilder } from "../plan/index.ts";
import { placeOf } from "../plan/load.ts";
import { modeOf } from "../plan/placement.ts";
import type { Auth, BuildPlan, DockerFacts, LoadRequest, LoadTarget, Sibling } from "../plan/plan.ts";
import { makeProgress } from "../report/progress.ts";
import { buildResult, exitCodeOf, resultTable } from "../report/result.ts";
import type { ExecTransport, Executors } from "../run/index.ts";
import { thisRunner } from "../run/runner.ts";
import { connect, type Session } from "./connect.ts";
import { type ReadContext, readContexts, type Times } from "./contexts.ts";
import { type ImageFlags, requestImages } from "./imageOptions.ts";
import { watchInterruption } from "./interruption.ts";
import { parseLoad } from "./loadOption.ts";
import { ociFiles } from "./ociOption.ts";
import { colorsOn, type GlobalOptions, note, outputClosed, printResult, progressOn } from "./output.ts";
import { buildGraph } from "./schedule.ts";
import { type CacheFlags, parseCacheRequest } from "./settingsOptions.ts";

export interface BuildOptions extends GlobalOptions, ImageFlags, CacheFlags {
  readonly mode?: ModeName;
  readonly tag: readonly string[];
  readonly cache: boolean;
  readonly concurrency: number;
  /** leave out what the registry holds under its content tag */
  readonly skipPresent: boolean;
  /** file or directory for OCI layouts of the images */
  readonly outputOci?: string;
  /** image store that images are loaded into: "" for the one that is there */
  readonly load?: string;
  readonly dryRun: boolean;
  readonly mtime: Times;
  /** whose registry credentials */
  readonly auth: Auth["from"];
  /** how commands in pods are run */
  readonly transport: ExecTransport;
}

/** Runs the command; resolves to the exit code. @throws PergolaError for what stops it before anything is built */
export async function runBuild(words: readonly string[], options: BuildOptions): Promise<number> {
  if (options.skipPresent && options.tag.length > 0) {
    throw new PergolaError({
      code: "usage",
      message: "--skip-present goes by the tag that follows from the content, so it cannot be used with --tag.",
      hint: "Leave out one of them.",
    });
  }
  if (options.skipPresent && options.load !== undefined) {
    throw new PergolaError({
      code: "usage",
      message:
        "--skip-present leaves out what the registry holds, which is then not loaded, so it cannot be used with --load.",
      hint: "Leave out one of them: what did not change comes out of the builder's cache.",
    });
  }
  const loadRequest = parseLoad(options.load, process.env);
  const shown = progressOn(options, process.stderr, process.env);
  const say = shown.kind === "plain" ? note : () => {};
  const load = loadRequest === null ? null : await chooseLoad(loadRequest, say);
  const request = await requestImages(words, options, process.cwd(), process.env);
  for (const line of request.notices) say(line);
  // A dry run talks to no cluster unless the BuildSetup is there, and Docker of this machine needs none at all.
  const modeIn = ({ builders }: BuildSetup): ModeName => options.mode ?? builders.default;
  const checkCluster = (setup: BuildSetup): boolean => !options.dryRun && modeIn(setup) !== "local-docker";
  const session = await connect(options, { checkCluster, transport: options.transport });
  const { graph, notices } = request.enabledIn(session.setup.environment);
  for (const line of notices) say(line);
  const mode = modeIn(session.setup);
  if (mode === "kaniko" && options.mtime === "keep") {
    throw new PergolaError({
      code: "mode-unsupported",
      message: "--mtime keep has no effect in mode kaniko: what kaniko copies gets the time of the build.",
      hint: "Leave it out, or build in cluster-buildkit.",
    });
  }
  const sourceDateEpoch = parseEpoch(process.env.SOURCE_DATE_EPOCH);
  const docker = mode === "local-docker" ? await dockerOf(session.setup) : undefined;
  const { mtime: times, dryRun } = options;
  const cache = parseCacheRequest(options);
  const files = ociFiles(graph, options.outputOci, process.cwd());
  await using executors = dryRun ? null : await openExecutors(session, mode, options.namespace);
  const contexts = await readContexts(graph, { times, dryRun, environment: process.env, note: say });
  try {
    await session.verified;
    const tags = tagsOf(graph, contexts.of, options.tag, mode);
    const planBuild = await loadPlanner(mode);
    const plan = planner({
      planBuild,
      session,
      tags,
      contexts: contexts.of,
      sourceDateEpoch,
      cache,
      files,
      load,
      docker,
      options,
    });
    // All plans are made once before the first build: what is wrong with the last image is said now, not an hour later.
    const plans = planAll(graph, plan);
    if (executors !== null) return await build({ graph, plans, plan, session, executors, shown, options });
    const { plansAsText } = await import("./dryRun.ts");
    printResult(options, { version: 1, plans }, () => plansAsText(plans));
    return 0;
  } finally {
    contexts.release();
  }
}

/** Says what it chose where the command line did not. */
async function chooseLoad(request: LoadRequest, say: (line: string) => void): Promise<LoadTarget> {
  const { chooseStore } = await import("../run/load/choose.ts");
  const { target, because } = await chooseStore(request, process.env, new AbortController().signal);
  if (because !== null) say(`--load: into ${placeOf(target)} (${because})`);
  return target;
}

/** Docker of this machine, if the environment lets people build by it. */
async function dockerOf(setup: BuildSetup): Promise<DockerFacts> {
  modeOf(setup, "local-docker");
  return (await import("../run/localDocker/probe.ts")).probeDocker(process.env);
}

/** Whole seconds since 1970; null when the variable is not set or empty. @throws PergolaError usage */
function parseEpoch(text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw new PergolaError({
    code: "usage",
    message: `SOURCE_DATE_EPOCH is "${text}", which is not a number of seconds since 1970.`,
    hint: "Set it to whole seconds, for instance SOURCE_DATE_EPOCH=$(git log -1 --format=%ct), or unset it.",
  });
}

type Plan = (image: Image, siblings: readonly Sibling[]) => BuildPlan;

/** What will carry the builds out. Their builder is looked for while contexts are read. */
async function openExecutors(session: Session, mode: ModeName, namespace: string | null): Promise<Executors> {
  const { setup, contextNamespace, verified } = session;
  const { Executors } = await import("../run/index.ts");
  if (mode === "local-docker") return new Executors(null);
  const executors = new Executors(await session.kube());
  const builder = planBuilder(setup, mode, { namespace, contextNamespace });
  // Not in another cluster, which is told to whoever waits for that.
  if (builder !== null) verified.then(() => executors.expect(builder)).catch(() => {});
  return executors;
}

interface Builds {
  readonly graph: ImageGraph;
  readonly plans: readonly BuildPlan[];
  readonly plan: Plan;
  readonly session: Session;
  readonly executors: Executors;
  readonly shown: ReturnType<typeof progressOn>;
  readonly options: BuildOptions;
}

async function build({ graph, plans, plan, session, executors, shown, options }: Builds): Promise<number> {
  const progress = makeProgress({
    ...shown,
    color: colorsOn(options.color),
    write: note,
    images: [...graph.images.keys()],
  });
  const planned = new Map(plans.map((one) => [one.name, one]));
  const { kube } = executors;
  kube?.tell((line) => progress.note(line));
  const { checkStore } = await import("../run/index.ts");
  // The registry's client costs a build that does not ask it about 30 ms.
  const findPresent = options.skipPresent ? (await import("../registry/present.ts")).findPresent : null;
  const interruption = watchInterruption((line) => progress.note(line), outputClosed);
  try {
    // One store for all: asked once, before the first build.
    const load = plans.flatMap((one) => (one.mode !== "kaniko" && one.load !== null ? [one.load] : []))[0];
    if (load !== undefined) await checkStore(load, process.env, interruption.signal);
    const images = await buildGraph({
      graph,
      concurrency: options.concurrency,
      signal: interruption.signal,
      plan,
      execute: (one, io) => executors.execute(one, io),
      ...(findPresent === null
        ? {}
        : { present: (one: BuildPlan) => findPresent(one, session.setup.registry, kube?.registryEndpoints ?? {}) }),
      describe: ({ name }) => {
        const { references, mode } = planned.get(name) as BuildPlan;
        return { mode, reference: references[0] as string };
      },
      record: (event) => progress.record(event),
    });
    progress.end();
    const result = buildResult(images);
    printResult(options, result, () => resultTable(result));
    return interruption.exitCode() ?? exitCodeOf(result);
  } finally {
    progress.end();
    interruption.release();
  }
}

interface PlannerOptions {
  readonly planBuild: PlanBuild;
  readonly session: Session;
  readonly tags: ReadonlyMap<string, Tags>;
  readonly contexts: ReadonlyMap<string, ReadContext>;
  readonly sourceDateEpoch: number | null;
  readonly cache: CacheRequest;
  /** image name -> file of its OCI layout */
  readonly files: ReadonlyMap<string, string>;
  readonly load: LoadTarget | null;
  readonly docker: DockerFacts | undefined;
  readonly options: BuildOptions;
}

function planner({
  planBuild,
  session,
  tags,
  contexts,
  sourceDateEpoch,
  cache,
  files,
  load,
  docker,
  options,
}: PlannerOptions): Plan {
  const { setup, contextNamespace } = session;
  // A dry run is the same text each time.
  const buildId = options.dryRun ? "0000000000" : randomBytes(5).toString("hex");
  const runner = options.dryRun ? null : thisRunner();
  return (image, siblings) =>
    planBuild(setup, image, {
      namespace: options.namespace,
      contextNamespace,
      tags: tags.get(image.name) as Tags,
      tagOfContent: options.tag.length === 0,
      siblings,
      noCache: !options.cache,
      cache,
      ociFile: files.get(image.name) ?? null,
      load,
      contextSent: contexts.get(image.name)?.sent ?? image.context,
      contextEntries: contexts.get(image.name)?.entries ?? [],
      sourceDateEpoch,
      auth: authOf(options.auth, process.env),
      ...(docker === undefined ? {} : { docker }),
      buildId,
      runner,
    });
}

/** The docker config of whoever builds is where docker's own clients have it. */
function authOf(from: Auth["from"], environment: NodeJS.ProcessEnv): Auth {
  if (from === "builder") return { from };
  return { from, dockerConfig: path.resolve(environment.DOCKER_CONFIG || path.join(homedir(), ".docker")) };
}

/** Plans in build order; siblings stand by tag, as their digests are not known yet. */
function planAll(graph: ImageGraph, plan: Plan): BuildPlan[] {
  const references = new Map<string, string>();
  return graph.waves.flat().map((name) => {
    const siblings = (graph.siblings.get(name) ?? []).map((sibling) => ({
      name: sibling,
      reference: references.get(sibling) as string,
      digest: null,
    }));
    const planned = plan(graph.images.get(name) as Image, siblings);
    references.set(name, planned.references[0] as string);
    return planned;
  });
}

/** The tags of each image: those given, else one that follows from its content and that of the images it is built on. */
function tagsOf(
  graph: ImageGraph,
  contexts: ReadonlyMap<string, ReadContext>,
  given: readonly string[],
  mode: ModeName,
): Map<string, Tags> {
  const [first, ...others] = given;
  if (first !== undefined) return new Map([...graph.images.keys()].map((name) => [name, [first, ...others]]));
  const hashes = new Map<string, string>();
  for (const name of graph.waves.flat()) {
    const siblings = new Map(
      (graph.siblings.get(name) ?? []).map((sibling) => [sibling, hashes.get(sibling) as string]),
    );
    const entries = contexts.get(name)?.entries ?? [];
    hashes.set(name, contentHash(graph.images.get(name) as Image, entries, siblings));
  }
  return new Map([...hashes].map(([name, hash]) => [name, [contentTag(hash, mode)]]));
}
