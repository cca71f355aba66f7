/** `pergola build`: finds images, plans and builds them, prints what came of it. */
import type { BuildSetup, ModeName } from "../../infra/setup.ts";
import { cacheDirectory } from "../cacheDirectory.ts";
import { PergolaError } from "../errors.ts";
import type { ImageGraph } from "../images/graph.ts";
import { loadPlanner, planBuilder } from "../plan/index.ts";
import { placeOf } from "../plan/load.ts";
import { modeOf } from "../plan/placement.ts";
import type { Auth, BuildPlan, DockerFacts, LoadRequest, LoadTarget } from "../plan/plan.ts";
import { makeProgress } from "../report/progress.ts";
import { buildResult, exitCodeOf, resultTable } from "../report/result.ts";
import { ReadyConnections } from "../run/buildkit/readyConnections.ts";
import type { ExecTransport, Executors } from "../run/index.ts";
import { connect, type Session } from "./connect.ts";
import { readContexts, type Times } from "./contexts.ts";
import { type ImageFlags, requestImages } from "./imageOptions.ts";
import { watchInterruption } from "./interruption.ts";
import { parseLoad } from "./loadOption.ts";
import { ociFiles } from "./ociOption.ts";
import { colorsOn, type GlobalOptions, note, outputClosed, printResult, progressOn } from "./output.ts";
import { makePlan, type Plan, parseEpoch, planAll, tagsOf } from "./plans.ts";
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
  using ready = new ReadyConnections({
    cache: cacheDirectory(process.env),
    asked: [options.mode, options.namespace, options.stack, options.setup],
    builds: request.count,
    concurrency: options.concurrency,
    // What comes from the daemon in bulk is slow over a shared one, see docs/decisions/0018.
    shared: request.count > 1 && load === null && options.outputOci === undefined,
  });
  const session = await connect(options, {
    checkCluster,
    transport: options.transport,
    // It may turn out that nothing is to be built.
    chosen: (kube) => options.dryRun || options.skipPresent || ready.open(kube),
  });
  const { graph, notices } = await request.enabledIn(session.setup.environment);
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
  await using executors = dryRun ? null : await openExecutors(session, mode, options.namespace, ready);
  const contexts = await readContexts(graph, { times, dryRun, environment: process.env, note: say });
  try {
    await session.verified;
    const plan = makePlan({
      planBuild: await loadPlanner(mode),
      mode,
      setup: session.setup,
      contextNamespace: session.contextNamespace,
      tags: tagsOf(graph, contexts.of, options.tag, mode),
      contexts: contexts.of,
      environment: process.env,
      ...{ sourceDateEpoch, cache, files, load, docker, options },
    });
    // All plans are made once before the first build: what is wrong with the last image is said now, not an hour later.
    const plans = planAll(graph, plan);
    if (executors !== null) return await build({ mode, graph, plans, plan, session, executors, shown, options });
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

/** What will carry the builds out. Their builder is looked for while contexts are read. */
async function openExecutors(
  session: Session,
  mode: ModeName,
  namespace: string | null,
  ready: ReadyConnections,
): Promise<Executors> {
  const { setup, contextNamespace } = session;
  const { Executors } = await import("../run/index.ts");
  if (mode === "local-docker") return new Executors(null, ready);
  const executors = new Executors(await session.kube(), ready);
  const builder = planBuilder(setup, mode, { namespace, contextNamespace });
  // Also while it is not known yet that this is the right cluster: looking changes nothing in another one.
  if (builder !== null) executors.expect(builder).catch(() => {});
  return executors;
}

interface Builds {
  readonly mode: ModeName;
  readonly graph: ImageGraph;
  readonly plans: readonly BuildPlan[];
  readonly plan: Plan;
  readonly session: Session;
  readonly executors: Executors;
  readonly shown: ReturnType<typeof progressOn>;
  readonly options: BuildOptions;
}

async function build({ mode, graph, plans, plan, session, executors, shown, options }: Builds): Promise<number> {
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
  const interruption = watchInterruption(mode, (line) => progress.note(line), outputClosed);
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
