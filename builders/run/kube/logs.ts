/** The log of a container, followed to its end over lost connections. */
import { setTimeout as delay } from "node:timers/promises";
import { PergolaError } from "../../errors.ts";
import { interrupted, isNotFound, KubeStatusError } from "./errors.ts";
import { lines } from "./lines.ts";
import { apiPath, type Pod } from "./objects.ts";
import { type KubeTransport, SILENCE_MILLISECONDS } from "./transport.ts";

/** Pause before a broken stream is opened again. */
const RETRY_MILLISECONDS = 300;

export interface LogTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/**
 * Leaves out what was seen before. The API repeats whole seconds (`sinceTime` is cut to them), each line with its time
 * in nanoseconds: lines before the last time are dropped, and as many lines of just that time as were already seen.
 */
export class LogPosition {
  #last = "";
  #seen = 0;
  #skip = 0;

  /** RFC 3339, undefined before the first line */
  get since(): string | undefined {
    return this.#last === "" ? undefined : this.#last;
  }

  /** Call when the server starts again from {@link since}. */
  restart(): void {
    this.#skip = this.#seen;
  }

  /** The text of a line `TIME TEXT`; null when it was seen before, and for the kubelet's own words, which have no time. */
  accept(line: string): string | null {
    const space = line.indexOf(" ");
    const time = space < 0 ? line : line.slice(0, space);
    if (!TIME.test(time)) return null;
    const order = compareTimes(time, this.#last);
    if (order < 0) return null;
    if (order > 0) {
      this.#last = time;
      this.#seen = 0;
      this.#skip = 0;
    } else if (this.#skip > 0) {
      this.#skip--;
      return null;
    }
    this.#seen++;
    return space < 0 ? "" : line.slice(space + 1);
  }
}

/** "unable to retrieve container logs for containerd://..." comes instead of lines when a container is removed meanwhile. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** Compares RFC 3339 times of one zone; their fractions have no zeros at the end, so text order alone would be wrong. */
function compareTimes(a: string, b: string): number {
  const pad = (time: string) => {
    const [, whole = time, fraction = ""] = /^(.*?:\d\d)(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
    return `${whole}.${fraction.padEnd(9, "0")}`;
  };
  const [left, right] = [b === "" ? 1 : pad(a), b === "" ? 0 : pad(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Yields each line of the container's log as it comes; ends when the container has ended or its pod is gone.
 * @param ended aborted by who knows that the container has ended: the kubelet says so up to a second after the log's end
 */
export async function* followLogs(
  transport: KubeTransport,
  target: LogTarget,
  signal?: AbortSignal,
  ended?: AbortSignal,
): AsyncGenerator<string, void, void> {
  const position = new LogPosition();
  const read = async function* (follow: boolean) {
    position.restart();
    const response = await transport.stream({
      method: "GET",
      path: apiPath("Pod", target.namespace, target.pod, "log"),
      query: {
        container: target.container,
        timestamps: "true",
        follow: follow ? "true" : undefined,
        sinceTime: position.since,
      },
      subject: { verb: "get", resource: "pods/log", namespace: target.namespace, name: target.pod },
      signal,
      silence: SILENCE_MILLISECONDS,
    });
    try {
      // A stream that is cut may end within a line; the next one, or the last look, brings all of it.
      for await (const line of lines(response, !follow)) {
        const text = position.accept(line);
        if (text !== null) yield text;
      }
    } finally {
      response.destroy();
    }
  };
  for (;;) {
    let follow = true;
    try {
      // A stream that ended says nothing: the kubelet may have been restarted. What the pod's status says counts, and
      // once the container has ended there is one last look at what the broken stream did not bring.
      yield* read(true);
      follow = !(await hasEnded(transport, target, signal));
      if (!follow) yield* read(false);
    } catch (error) {
      if (signal?.aborted) throw interrupted();
      if (!isNotFound(error) && !mayPass(error)) throw error;
      // Of a pod that is new the kubelet knows nothing for a moment; whether there is one the API server knows.
      if (!follow || (isNotFound(error) && (await isGone(transport, target, signal)))) return;
    }
    if (!follow) return;
    await delay(RETRY_MILLISECONDS, undefined, { signal: ended }).catch(() => {});
  }
}

/** Whether another try can help: the connection broke, the server is busy, or (400) the container only starts. */
function mayPass(error: unknown): boolean {
  if (error instanceof KubeStatusError) return error.status === 400 || error.status === 429 || error.status >= 500;
  return !(error instanceof PergolaError) || error.data.code === "cluster-unreachable";
}

async function hasEnded(transport: KubeTransport, target: LogTarget, signal?: AbortSignal): Promise<boolean> {
  const { status } = await readPod(transport, target, signal);
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return statuses.find(({ name }) => name === target.container)?.state?.terminated !== undefined;
}

async function isGone(transport: KubeTransport, target: LogTarget, signal?: AbortSignal): Promise<boolean> {
  try {
    await readPod(transport, target, signal);
    return false;
  } catch (error) {
    return isNotFound(error);
  }
}

function readPod(transport: KubeTransport, { namespace, pod }: LogTarget, signal?: AbortSignal): Promise<Pod> {
  return transport.json<Pod>({
    method: "GET",
    path: apiPath("Pod", namespace, pod),
    subject: { verb: "get", resource: "pods", namespace, name: pod },
    signal,
  });
}
