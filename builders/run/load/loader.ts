/**
 * Hands the archive of an image, as it comes, to what loads it. Its last part is held back until the build has succeeded: an
 * image whose push failed is not loaded, and a program that was cut off has nothing whole to keep.
 */
import type { Readable } from "node:stream";
import { PergolaError } from "../../errors.ts";
import type { LoadPlan } from "../../plan/plan.ts";
import type { BuildEvent } from "../../report/events.ts";
import { size } from "../../report/table.ts";
import { interrupted } from "../kube/errors.ts";
import { type Delivery, startDelivery } from "./deliveries.ts";
import { findNodes } from "./nodes.ts";
import { hintOf } from "./store.ts";
import { verifyLoaded } from "./verify.ts";

/** Bytes held back. An archive ends with 1024 bytes of zeros, without which it is not whole (POSIX, pax). */
const HELD = 64 * 1024;

/** Between two lines that tell how much has been handed on. */
const TOLD_MILLISECONDS = 3000;

/** The step's id in the stream of records; BuildKit's own are digests. */
const STEP = "load";

/** What is known of an image once it is built. */
export interface LoadedImage {
  /** what to say of it when it cannot be loaded: "host/name:tag@sha256:... is pushed" */
  readonly state: string;
  /** `sha256:...` of its manifest or index, and of its configuration where that is known */
  readonly ids: readonly string[];
}

export interface Loader {
  /** rejects when the program fails while the archive is still coming: nothing more is to be waited for. Else pending */
  readonly failed: Promise<never>;
  /**
   * Hands on the rest, as the build has succeeded, waits until the image is loaded, and asks the store for it.
   * @param signal aborting ends the program
   * @throws PergolaError load-failed, interrupted
   */
  finish(image: LoadedImage, signal: AbortSignal): Promise<void>;
  /** Ends the program, if it runs, and keeps it from being started. After {@link finish} this does nothing. */
  drop(): Promise<void>;
}

/** Starts to read the archive; the program is started with its first bytes, so that a failing build starts none. */
export function startLoader(
  plan: LoadPlan,
  archive: Readable,
  io: { readonly environment: NodeJS.ProcessEnv; emit(event: BuildEvent): void },
): Loader {
  const name = `loading into ${plan.place}`;
  const held: Buffer[] = [];
  let heldBytes = 0;
  let handed = 0;
  let told = performance.now();
  let started = 0;
  let nodes: string[] | null = null;
  let delivery: Delivery | null = null;
  const dropping = new AbortController();

  /** @throws PergolaError interrupted: nothing is to be loaded any more */
  const begin = async (): Promise<Delivery> => {
    if (dropping.signal.aborted) throw interrupted();
    if (delivery !== null) return delivery;
    started = performance.now();
    io.emit({ type: "step", id: STEP, name, state: "started" });
    const { target, nodes: query } = plan;
    if (query !== null) {
      nodes = await findNodes(target.into as "kind" | "k3d", query, io.environment, dropping.signal);
      if (dropping.signal.aborted) throw interrupted();
    }
    delivery = startDelivery(plan, nodes, io.environment);
    return delivery;
  };
  const hand = async (chunk: Buffer): Promise<void> => {
    await (await begin()).write(chunk);
    handed += chunk.length;
    if (performance.now() - told < TOLD_MILLISECONDS) return;
    told = performance.now();
    io.emit({ type: "log", step: STEP, line: `${size(handed)} handed to ${plan.place}` });
  };
  const drop = async (): Promise<void> => {
    dropping.abort();
    held.length = 0;
    await delivery?.kill();
  };
  const reading = (async () => {
    for await (const chunk of archive as AsyncIterable<Buffer>) {
      // Read all the same: whoever writes the archive must not wait for a reader.
      if (dropping.signal.aborted) continue;
      held.push(chunk);
      heldBytes += chunk.length;
      while (heldBytes > HELD) {
        const first = held.shift() as Buffer;
        const free = Math.min(first.length, heldBytes - HELD);
        if (free < first.length) held.unshift(first.subarray(free));
        heldBytes -= free;
        await hand(first.subarray(0, free));
      }
    }
  })();
  const failed = reading.then(
    () => new Promise<never>(() => {}),
    (error: unknown) => {
      // Whoever writes the archive must not wait for a reader.
      archive.resume();
      throw asFailure(error, plan, null);
    },
  );
  failed.catch(() => {});

  return {
    failed,
    async finish({ state, ids }, signal) {
      const end = (): void => void drop();
      signal.addEventListener("abort", end);
      try {
        if (signal.aborted) throw interrupted();
        await reading;
        const running = await begin();
        for (const chunk of held) await hand(chunk);
        await running.end();
        await verifyLoaded(plan, nodes, ids, io.environment, signal);
        const seconds = (performance.now() - started) / 1000;
        io.emit({ type: "step", id: STEP, name, state: "done", seconds });
        for (const reference of plan.references) io.emit({ type: "loaded", reference, place: plan.place });
      } catch (error) {
        throw signal.aborted ? interrupted() : asFailure(error, plan, state);
      } finally {
        signal.removeEventListener("abort", end);
      }
    },
    drop,
  };
}

function asFailure(error: unknown, plan: LoadPlan, state: string | null): PergolaError {
  const said = (error as Error).message;
  const hint = `${hintOf(error as Error, plan.target.into) ?? "Mend that"}; then build again: what was built is in the builder's cache.`;
  const what = state === null ? "The image cannot be" : `${state}, but cannot be`;
  const then = state === null ? "; the build was stopped" : "";
  return new PergolaError({
    code: "load-failed",
    message: `${what} loaded into ${plan.place}: ${said}${then}.`,
    hint,
  });
}
