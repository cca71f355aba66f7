/** The contexts of the images that are built: read once, before anything is planned, so that a run sees one state of them. */

import { cacheDirectory } from "../cacheDirectory.ts";
import { listContext } from "../images/context.ts";
import { fingerprint, type HashedEntry } from "../images/fingerprint.ts";
import type { ImageGraph } from "../images/graph.ts";
import { pruneDaily } from "../run/staging/prune.ts";
import { stageContext, stagedDirectory, stagesFolder } from "../run/staging/stage.ts";

/** How a context's modification times get to the builder. */
export type Times = "content" | "keep";

export interface ReadContext {
  /** absolute path of what is sent: the staged copy, or the context itself */
  readonly sent: string;
  readonly entries: readonly HashedEntry[];
}

export interface Contexts {
  /** by image name */
  readonly of: ReadonlyMap<string, ReadContext>;
  /** gives the staged copies back */
  release(): void;
}

export interface ContextOptions {
  readonly times: Times;
  /** only says where the copies would be */
  readonly dryRun: boolean;
  readonly environment: NodeJS.ProcessEnv;
  note(text: string): void;
}

/**
 * Reads every context once, and stages it unless its own times are to be kept.
 * @throws PergolaError context-missing, context-unreadable, image-definition, usage, internal
 */
export async function readContexts(graph: ImageGraph, options: ContextOptions): Promise<Contexts> {
  const cache = cacheDirectory(options.environment);
  const of = new Map<string, ReadContext>();
  const shared = new Map<string, ReadContext>();
  const releases: (() => void)[] = [];
  const release = (): void => {
    for (const one of releases.splice(0)) one();
  };
  const staged = options.times === "content" && !options.dryRun;
  try {
    if (staged) pruneDaily(stagesFolder(cache));
    for (const { name, context, dockerfile } of graph.images.values()) {
      const place = { cache, context, dockerfile: dockerfile.path };
      const copy = stagedDirectory(place);
      let read = shared.get(copy);
      if (read === undefined && staged) {
        const stage = await stageContext({ ...place, note: options.note });
        releases.push(stage.release);
        read = { sent: stage.directory, entries: stage.entries };
      }
      read ??= {
        sent: copy,
        entries: await fingerprint(context, listContext(context, dockerfile.path), new Map()),
      };
      shared.set(copy, read);
      of.set(name, options.times === "keep" ? { ...read, sent: context } : read);
    }
    return { of, release };
  } catch (error) {
    release();
    throw error;
  }
}
