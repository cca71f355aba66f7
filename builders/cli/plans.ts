/** The plans of a run: what the command line, the environment and the contexts say, brought together for each image. */
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
import type { PlanBuild } from "../plan/index.ts";
import type { Auth, BuildPlan, DockerFacts, LoadTarget, Sibling } from "../plan/plan.ts";
import { thisRunner } from "../run/runner.ts";
import type { ReadContext } from "./contexts.ts";

/** Plans one image, once it is known what its siblings became. */
export type Plan = (image: Image, siblings: readonly Sibling[]) => BuildPlan;

export interface PlanSources {
  readonly planBuild: PlanBuild;
  readonly mode: ModeName;
  readonly setup: BuildSetup;
  /** of the kubeconfig context; null where no cluster was needed */
  readonly contextNamespace: string | null;
  readonly tags: ReadonlyMap<string, Tags>;
  readonly contexts: ReadonlyMap<string, ReadContext>;
  readonly environment: NodeJS.ProcessEnv;
  readonly sourceDateEpoch: number | null;
  readonly cache: CacheRequest;
  /** image name -> file of its OCI layout */
  readonly files: ReadonlyMap<string, string>;
  readonly load: LoadTarget | null;
  /** needed by local-docker alone */
  readonly docker: DockerFacts | undefined;
  readonly options: {
    readonly namespace: string | null;
    readonly tag: readonly string[];
    readonly cache: boolean;
    readonly auth: Auth["from"];
    readonly dryRun: boolean;
  };
}

export function makePlan(sources: PlanSources): Plan {
  const { setup, contextNamespace, contexts, sourceDateEpoch, cache, load, docker, options } = sources;
  // A dry run is the same text each time.
  const buildId = options.dryRun ? "0000000000" : randomBytes(5).toString("hex");
  const runner = options.dryRun || sources.mode !== "kaniko" ? null : thisRunner();
  return (image, siblings) =>
    sources.planBuild(setup, image, {
      namespace: options.namespace,
      contextNamespace,
      tags: sources.tags.get(image.name) as Tags,
      tagOfContent: options.tag.length === 0,
      siblings,
      noCache: !options.cache,
      cache,
      ociFile: sources.files.get(image.name) ?? null,
      load,
      contextSent: contexts.get(image.name)?.sent ?? image.context,
      contextEntries: contexts.get(image.name)?.entries ?? [],
      sourceDateEpoch,
      auth: authOf(options.auth, sources.environment),
      ...(docker === undefined ? {} : { docker }),
      buildId,
      runner,
    });
}

/** Whole seconds since 1970; null when the variable is not set or empty. @throws PergolaError usage */
export function parseEpoch(text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw new PergolaError({
    code: "usage",
    message: `SOURCE_DATE_EPOCH is "${text}", which is not a number of seconds since 1970.`,
    hint: "Set it to whole seconds, for instance SOURCE_DATE_EPOCH=$(git log -1 --format=%ct), or unset it.",
  });
}

/** The docker config of whoever builds is where docker's own clients have it. */
function authOf(from: Auth["from"], environment: NodeJS.ProcessEnv): Auth {
  if (from === "builder") return { from };
  return { from, dockerConfig: path.resolve(environment.DOCKER_CONFIG || path.join(homedir(), ".docker")) };
}

/** Plans in build order; siblings stand by tag, as their digests are not known yet. */
export function planAll(graph: ImageGraph, plan: Plan): BuildPlan[] {
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
export function tagsOf(
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
