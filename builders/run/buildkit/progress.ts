/**
 * Reads what `buildctl build --progress=rawjson` writes to stderr: one SolveStatus as JSON per line, and plain text
 * for the error at the end. Turns it into build events and keeps what the verdict and the result need.
 * https://github.com/moby/buildkit/blob/master/client/graph.go (SolveStatus, Vertex, VertexStatus, VertexLog)
 */
import { StringDecoder } from "node:string_decoder";
import type { BuildEvent } from "../../report/events.ts";
import { isDockerfileStep } from "../../report/steps.ts";

interface Vertex {
  digest: string;
  name?: string;
  started?: string;
  completed?: string;
  cached?: boolean;
  error?: string;
}
interface VertexStatus {
  id: string;
  vertex: string;
  current?: number;
}
interface VertexLog {
  vertex: string;
  stream?: number;
  data: string;
}
interface VertexWarning {
  short?: string;
  url?: string;
  sourceInfo?: { filename?: string };
  range?: { start?: { line?: number } }[];
}
interface SolveStatus {
  vertexes?: Vertex[];
  statuses?: VertexStatus[];
  logs?: VertexLog[];
  warnings?: VertexWarning[];
}

/** The first build of an image finds no cache to import, which BuildKit reports as a failed vertex. */
const NO_CACHE_YET = /^importing cache manifest from .*: not found$/;

/** A step that failed on its own account, not because another one did. */
export interface FailedStep {
  /** as BuildKit names it: "[build 3/5] RUN make" */
  readonly name: string;
  readonly error: string;
  /** its last lines of output */
  readonly logTail: string;
}

/** Lines of a step's output that an error shows. */
const TAIL_LINES = 40;
/** What a FROM step reports once it fetches layers; one whose image is there already only resolves its name. */
const FETCHES = /^(?:extracting )?sha256:/;

/** What the exporter reports before it sends the manifest, after the layers. */
const PUSHES = /^pushing manifest for \S+@(sha256:[0-9a-f]{64})$/;

interface Step {
  readonly name: string;
  readonly state: string;
  readonly failed: string | null;
  readonly cached: boolean;
  /** when it last started, milliseconds since 1970; null before */
  readonly started: number | null;
}

export class BuildkitProgress {
  readonly #emit: (event: BuildEvent) => void;
  readonly #steps = new Map<string, Step>();
  readonly #transfers = new Map<string, number>();
  /** vertexes that fetched something from a registry */
  readonly #fetched = new Set<string>();
  /** output without its line end yet, by stream and vertex; a record may end within a character */
  readonly #partial = new Map<string, { readonly decoder: StringDecoder; rest: string }>();
  readonly #tails = new Map<string, string[]>();
  readonly #text: string[] = [];
  readonly #warnings = new Set<string>();
  #sent = 0;
  #exported: string | null = null;
  #succeeded = false;

  constructor(emit: (event: BuildEvent) => void) {
    this.#emit = emit;
  }

  /** Takes one line of stderr. */
  line(line: string): void {
    const status = line.startsWith("{") ? parse(line) : null;
    if (!status) {
      if (line.trim() !== "" || this.#text.length > 0) this.#text.push(line);
      return;
    }
    this.#emit({ type: "raw", line });
    for (const vertex of status.vertexes ?? []) this.#vertex(vertex);
    for (const transfer of status.statuses ?? []) this.#transfer(transfer);
    for (const log of status.logs ?? []) this.#log(log);
    for (const warning of status.warnings ?? []) this.#warn(describeWarning(warning));
  }

  /** Call once buildctl has ended: brings out lines without an end. `succeeded` is whether the build did. */
  end(succeeded: boolean): void {
    for (const [key, { decoder, rest }] of this.#partial) {
      const last = rest + decoder.end();
      if (last !== "") this.#output(key.slice(key.indexOf(" ") + 1), last);
    }
    this.#partial.clear();
    this.#succeeded = succeeded;
    if (!succeeded) return;
    for (const { name, failed } of this.#steps.values()) {
      if (failed) this.#warn(`${name}: ${failed}`);
    }
  }

  /** whether {@link end} was told so */
  get succeeded(): boolean {
    return this.#succeeded;
  }

  /** What is not progress: the error and the lines of the Dockerfile that it points to. */
  get errorText(): string {
    return this.#text.join("\n").trim();
  }

  /** Steps of the Dockerfile ({@link isDockerfileStep}). FROM scratch is none. */
  get steps(): number {
    return this.#dockerfileSteps().length;
  }

  get cachedSteps(): number {
    return this.#dockerfileSteps().filter(({ cached }) => cached).length;
  }

  /** The step of the Dockerfile that ran first, which is where the cache no longer fitted; null when none ran. */
  get firstUncachedStep(): string | null {
    const ran = this.#dockerfileSteps().filter(({ cached, started }) => !cached && started !== null);
    return ran.sort((one, two) => (one.started ?? 0) - (two.started ?? 0))[0]?.name ?? null;
  }

  #dockerfileSteps(): Step[] {
    return [...this.#steps]
      .filter(([, { name }]) => isDockerfileStep(name) && name.startsWith("["))
      .map(([digest, step]) => ({ ...step, cached: step.cached || this.#present(digest, step) }));
  }

  /** A base image whose layers are there is not marked as cached, although nothing is done for it. */
  #present(digest: string, { name, failed, started }: Step): boolean {
    return /\] FROM /.test(name) && failed === null && started !== null && !this.#fetched.has(digest);
  }

  /** Bytes of context and Dockerfile that buildctl sent, names and times of files included. */
  get bytesSent(): number {
    return this.#sent;
  }

  /** digest of the image that was made, whether or not its push succeeded; null before the push */
  get exported(): string | null {
    return this.#exported;
  }

  get warnings(): string[] {
    return [...this.#warnings];
  }

  /** The step that made the build fail, null when none did. */
  get failedStep(): FailedStep | null {
    for (const [id, { name, failed }] of this.#steps) {
      if (!failed || failed.includes("context canceled") || name.startsWith("importing cache")) continue;
      return { name, error: failed, logTail: (this.#tails.get(id) ?? []).join("\n") };
    }
    return null;
  }

  #vertex({ digest, name = digest, started, completed, cached = false, error: told = "" }: Vertex): void {
    const error = NO_CACHE_YET.test(`${name}: ${told}`) ? "" : told;
    const known = this.#steps.get(digest) ?? { name, state: "", failed: null, cached: false, started: null };
    const state = completed ? (error ? "failed" : cached ? "cached" : "done") : started ? "started" : "";
    const shown = state === "done" && known.state === "" ? "" : state || known.state;
    this.#steps.set(digest, {
      name,
      state: shown,
      failed: error || null,
      cached: cached || known.cached,
      started: started ? Date.parse(started) : known.started,
    });
    if (state === "" || state === known.state) return;
    // BuildKit opens and closes a vertex while it looks for it, before it really runs.
    if (state === "done" && known.state === "") return;
    const seconds = started && completed ? (Date.parse(completed) - Date.parse(started)) / 1000 : undefined;
    this.#emit({
      type: "step",
      id: digest,
      name,
      state: state as "started" | "done" | "cached" | "failed",
      ...(seconds !== undefined ? { seconds } : {}),
      ...(error ? { error } : {}),
    });
  }

  #transfer({ id, vertex, current = 0 }: VertexStatus): void {
    if (FETCHES.test(id)) this.#fetched.add(vertex);
    this.#exported = PUSHES.exec(id)?.[1] ?? this.#exported;
    if (!id.startsWith("transferring ")) return;
    // The same id appears under several vertexes (the ignore file and the context itself).
    const key = `${vertex} ${id}`;
    const before = this.#transfers.get(key) ?? 0;
    if (current <= before) return;
    this.#transfers.set(key, current);
    this.#sent += current - before;
    this.#emit({ type: "context", bytes: this.#sent, total: null });
  }

  #log({ vertex, stream = 1, data }: VertexLog): void {
    const key = `${stream} ${vertex}`;
    const partial = this.#partial.get(key) ?? { decoder: new StringDecoder("utf8"), rest: "" };
    const parts = (partial.rest + partial.decoder.write(Buffer.from(data, "base64"))).split("\n");
    partial.rest = parts.pop() ?? "";
    this.#partial.set(key, partial);
    for (const part of parts) this.#output(vertex, part);
  }

  #output(vertex: string, text: string): void {
    // What a terminal would show of a line that a progress bar rewrote.
    const plain = text.replace(/\r+$/, "");
    const line = plain.slice(plain.lastIndexOf("\r") + 1);
    const tail = this.#tails.get(vertex) ?? [];
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    this.#tails.set(vertex, tail);
    this.#emit({ type: "log", step: vertex, line });
  }

  #warn(text: string): void {
    if (this.#warnings.has(text)) return;
    this.#warnings.add(text);
    this.#emit({ type: "warning", text });
  }
}

function parse(line: string): SolveStatus | null {
  try {
    return JSON.parse(line) as SolveStatus;
  } catch {
    return null;
  }
}

function describeWarning({ short, url, sourceInfo, range }: VertexWarning): string {
  const text = short ? Buffer.from(short, "base64").toString("utf8") : "(no text)";
  const line = range?.[0]?.start?.line;
  const where = sourceInfo?.filename ? ` (${sourceInfo.filename}${line ? `:${line}` : ""})` : "";
  return `${text}${where}${url ? ` ${url}` : ""}`;
}
