/** Builds a graph: everything whose dependencies are there, so many at a time, until all is built or nothing more can be. */
import type { ModeName } from "../../infra/setup.ts";
import { type ErrorData, PergolaError } from "../errors.ts";
import type { ImageGraph } from "../images/graph.ts";
import type { Image } from "../images/image.ts";
import type { BuildPlan, Sibling } from "../plan/plan.ts";
import type { BuildEvent, ImageEvent } from "../report/events.ts";
import type { ImageResult, Outcome } from "../report/result.ts";

export interface ScheduleOptions {
  readonly graph: ImageGraph;
  /** builds at a time, at least 1 */
  readonly concurrency: number;
  /** aborting ends the running builds and starts no other; the promise resolves once they are cleaned up */
  readonly signal: AbortSignal;
  /** called when all dependencies are built, with what the image's siblings became */
  plan(image: Image, siblings: readonly Sibling[]): BuildPlan;
  execute(plan: BuildPlan, io: { emit(event: BuildEvent): void; signal: AbortSignal }): Promise<Outcome>;
  /** digest of an image that need not be built because it is there, else null; without this everything is built */
  present?(plan: BuildPlan): Promise<string | null>;
  /** reference and mode of an image that may never be planned */
  describe(image: Image): { readonly mode: ModeName; readonly reference: string };
  record(event: ImageEvent): void;
}

/**
 * Builds all images of a graph. What fails is in the results, with the images that needed it skipped; this rejects only when
 * something other than a build goes wrong.
 */
export async function buildGraph(options: ScheduleOptions): Promise<ImageResult[]> {
  const { graph, signal } = options;
  const results = new Map<string, ImageResult>();
  const waiting = new Set(graph.images.keys());
  const running = new Map<string, Promise<void>>();

  const settle = (result: ImageResult): void => {
    results.set(result.name, result);
    options.record({ image: result.name, event: { type: "finished", result } });
  };
  const next = (): string | undefined =>
    [...waiting].find((name) => (graph.dependencies.get(name) ?? []).every((needed) => results.has(needed)));

  while (waiting.size > 0 || running.size > 0) {
    const name = running.size < options.concurrency ? next() : undefined;
    if (name === undefined) {
      // The graph has no cycles: when nothing can start, something runs.
      await Promise.race(running.values());
      continue;
    }
    waiting.delete(name);
    const image = graph.images.get(name) as Image;
    const obstacle = signal.aborted ? INTERRUPTED : obstacleOf(image, graph, results);
    if (obstacle) settle({ ...blank(image, options), status: "skipped", error: obstacle });
    else {
      const build = buildOne(image, siblingsOf(image, graph, results), options).then(settle);
      running.set(
        name,
        build.finally(() => running.delete(name)),
      );
    }
  }
  return [...graph.images.keys()].map((name) => results.get(name) as ImageResult);
}

const INTERRUPTED: ErrorData = { code: "interrupted", message: "Not started: the build was interrupted." };

async function buildOne(image: Image, siblings: readonly Sibling[], options: ScheduleOptions): Promise<ImageResult> {
  const started = performance.now();
  const seconds = (): number => Math.round(performance.now() - started) / 1000;
  const emit = (event: BuildEvent): void => options.record({ image: image.name, event });
  const warnings: string[] = [];
  const limit = AbortSignal.timeout(image.timeoutSeconds * 1000);
  let result: ImageResult = blank(image, options);
  try {
    const plan = options.plan(image, siblings);
    result = { ...result, platforms: plan.platforms };
    const present = options.present && (await options.present(plan));
    if (present) return { ...result, digest: present, seconds: seconds(), status: "present" };
    const { mode, references } = plan;
    const namespace = plan.mode === "local-docker" ? null : plan.namespace;
    options.record({
      image: image.name,
      event: { type: "started", reference: references[0] ?? result.reference, mode, namespace },
    });
    const outcome = await options.execute(plan, {
      emit: (event) => {
        if (event.type === "warning") warnings.push(event.text);
        emit(event);
      },
      signal: AbortSignal.any([options.signal, limit]),
    });
    // Some are only told on the way, as those of what comes before and after the build itself.
    const all = [...new Set([...warnings, ...outcome.warnings])];
    return { ...result, ...outcome, warnings: all, seconds: seconds(), status: "built", error: null };
  } catch (error) {
    const timedOut = limit.aborted && !options.signal.aborted;
    return { ...result, warnings, seconds: seconds(), error: timedOut ? timeout(image) : asData(error) };
  }
}

function blank(image: Image, options: ScheduleOptions): ImageResult {
  return {
    name: image.name,
    ...options.describe(image),
    digest: null,
    platforms: image.platforms,
    seconds: 0,
    steps: null,
    cachedSteps: null,
    firstUncachedStep: null,
    bytesSent: null,
    loaded: null,
    status: "failed",
    warnings: [],
    error: null,
  };
}

/** Why an image cannot be built although its turn has come. */
function obstacleOf(image: Image, graph: ImageGraph, results: ReadonlyMap<string, ImageResult>): ErrorData | null {
  for (const name of graph.dependencies.get(image.name) ?? []) {
    const result = results.get(name);
    if (result?.status === "built" || result?.status === "present") continue;
    if (result?.error?.code === "interrupted") return INTERRUPTED;
    return {
      code: "dependency-failed",
      message: `Image ${image.name} was not built, as ${name}, which it needs, ${result?.status === "skipped" ? "was not built" : "failed"}.`,
    };
  }
  return null;
}

function siblingsOf(image: Image, graph: ImageGraph, results: ReadonlyMap<string, ImageResult>): Sibling[] {
  return (graph.siblings.get(image.name) ?? []).map((name) => {
    const { reference, digest } = results.get(name) as ImageResult;
    return { name, reference: `${reference}@${digest}`, digest };
  });
}

function timeout(image: Image): ErrorData {
  return {
    code: "timeout",
    message: `Image ${image.name} was not built within ${image.timeoutSeconds} s; the build was cancelled.`,
    hint: "A Garden Build action sets this with `timeout`, in seconds; else --timeout does.",
  };
}

function asData(error: unknown): ErrorData {
  if (error instanceof PergolaError) return error.data;
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}
