/**
 * Reads kaniko's log: which step of the Dockerfile runs, what came from the cache, what went wrong.
 * A step's own output stands between kaniko's lines without a mark, and stdout and stderr may change places.
 */
import { stripVTControlCharacters } from "node:util";
import type { BuildEvent } from "../../report/events.ts";

/** A step of the Dockerfile, as kaniko's log names it. */
export interface KanikoStep {
  readonly id: string;
  /** the instruction: "RUN make" */
  readonly name: string;
  /** first line in the Dockerfile, null when it is not found there */
  readonly line: number | null;
}

const TAIL_LINES = 40;
/** `--log-format=text` without a terminal: `time="2026-11-21T05:07:33Z" level=info msg="RUN make"` (logrus) */
const RECORD = /^time="([^"]*)" level=([a-z]+) msg=("(?:[^"\\]|\\.)*"|\S*)/;
/** `--log-format=color`, kaniko's default: `INFO[0003] RUN make`, level and seconds since the start */
const COLOURED = /^(INFO|WARN|ERRO|FATA|DEBU|TRAC)\[(\d+)\] (.*)$/;
const INSTRUCTION =
  /^(RUN|COPY|ADD|ENV|WORKDIR|USER|CMD|ENTRYPOINT|EXPOSE|LABEL|VOLUME|ARG|STOPSIGNAL|SHELL|HEALTHCHECK|ONBUILD) /;
/** Instructions that make files; the others only change the image's configuration. */
const FILES = /^(RUN|COPY|ADD|WORKDIR) /;
const CACHED = /^Using caching version of cmd: (.*)$/;
const PUSHED = /^Pushed (\S+)@(sha256:[0-9a-f]{64})$/;
/** A mirror that did not give a base image. What kaniko says in the end does not tell why. */
const MIRROR_FAILED =
  /^Failed to retrieve image \S+ from remapped registry \S+: (.*?)\. Will try with the next registry/s;
/** What kaniko prints before it exits; the last such line counts, as a step's output may look like one. */
const FINAL = /^(?:error (?:building image|pushing image|checking push permissions|resolving|executing)|Error: )/;

export class KanikoLog {
  readonly #emit: (event: BuildEvent) => void;
  readonly #dockerfile: string[];
  readonly #cached = new Set<string>();
  readonly #pushed = new Map<string, string>();
  readonly #warnings = new Set<string>();
  #mirrorErrors: string[] = [];
  #tail: string[] = [];
  #error = "";
  #current: (KanikoStep & { started: number; cached: boolean }) | null = null;
  #seconds = 0;
  #from = 0;
  #count = 0;
  #steps = 0;
  #cachedSteps = 0;
  #firstUncachedStep: string | null = null;

  /** `dockerfile` is its text, to find lines in; lines are null without it. */
  constructor(emit: (event: BuildEvent) => void, dockerfile = "") {
    this.#emit = emit;
    this.#dockerfile = dockerfile.split("\n");
  }

  line(text: string): void {
    const record = parse(text);
    if (!record) {
      if (FINAL.test(text)) this.#error = text;
      else this.#keep(text);
      this.#emit({ type: "log", step: this.#current?.id ?? null, line: text });
      return;
    }
    const { level, seconds, message } = record;
    this.#seconds = seconds;
    if (level === "info" && INSTRUCTION.test(message)) {
      this.#start(message);
      return;
    }
    const cached = CACHED.exec(message)?.[1];
    if (cached !== undefined) this.#cached.add(cached);
    const [, repository, digest] = PUSHED.exec(message) ?? [];
    if (repository && digest) this.#pushed.set(repository, digest);
    if (message.startsWith("Retrieving image manifest ")) this.#mirrorErrors = [];
    const failed = MIRROR_FAILED.exec(message)?.[1];
    if (failed !== undefined) this.#mirrorErrors.push(failed);
    if (level === "warning" && message.startsWith("Error uploading layer to cache")) this.#warn(unkept(message));
    this.#emit({ type: "log", step: this.#current?.id ?? null, line: message });
  }

  /** Call when the log has ended. */
  end(succeeded: boolean): void {
    this.#finish(succeeded);
  }

  /** the step that ran last, null before the first */
  get current(): KanikoStep | null {
    return this.#current;
  }

  /** what kaniko itself said about its end, "" when it said nothing */
  get errorText(): string {
    return this.#error;
  }

  /** why each mirror that was asked for the last base image did not give it */
  get mirrorErrors(): readonly string[] {
    return this.#mirrorErrors;
  }

  /** last lines of output of the current step */
  get tail(): string {
    return this.#tail.join("\n");
  }

  /** Digest that was pushed to a repository (`host/path`, without a tag), undefined when none was. */
  pushed(repository: string): string | undefined {
    return this.#pushed.get(repository);
  }

  /** Steps that make files. */
  get steps(): number {
    return this.#steps;
  }

  get cachedSteps(): number {
    return this.#cachedSteps;
  }

  /** the first step that makes files and was not taken from the cache, null when there is none */
  get firstUncachedStep(): string | null {
    return this.#firstUncachedStep;
  }

  get warnings(): string[] {
    return [...this.#warnings];
  }

  #start(name: string): void {
    this.#finish(true);
    const cached = this.#cached.has(name);
    if (FILES.test(name)) {
      this.#steps++;
      if (cached) this.#cachedSteps++;
      else this.#firstUncachedStep ??= name;
    }
    const id = String(++this.#count);
    this.#current = { id, name, line: this.#find(name), started: this.#seconds, cached };
    this.#tail = [];
    this.#emit({ type: "step", id, name, state: "started" });
  }

  #finish(succeeded: boolean): void {
    if (!this.#current) return;
    const { id, name, cached, started } = this.#current;
    const state = succeeded ? (cached ? "cached" : "done") : "failed";
    // kaniko's own clock, in whole seconds: lines arrive here in bursts.
    this.#emit({ type: "step", id, name, state, seconds: this.#seconds - started });
  }

  /** Line of an instruction, searched from where the last one was found: kaniko goes through the file in order. */
  #find(name: string): number | null {
    const wanted = oneSpace(name);
    for (let index = this.#from; index < this.#dockerfile.length; index++) {
      const parts: string[] = [];
      let end = index;
      for (; end < this.#dockerfile.length; end++) {
        const line = this.#dockerfile[end] ?? "";
        if (end > index && /^\s*(?:#|$)/.test(line)) continue;
        parts.push(line.replace(/\\\s*$/, ""));
        if (!/\\\s*$/.test(line)) break;
      }
      if (oneSpace(parts.join(" ")).toLowerCase() !== wanted.toLowerCase()) continue;
      this.#from = end + 1;
      return index + 1;
    }
    return null;
  }

  #keep(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
  }

  #warn(text: string): void {
    // One is told for each stage that has such a layer.
    const start = text.slice(0, text.indexOf(": "));
    if ([...this.#warnings].some((known) => known.startsWith(start))) return;
    this.#warnings.add(text);
    this.#emit({ type: "warning", text });
  }
}

/** kaniko goes on without its cache, and says so only in passing; each build is then as slow as the first. */
function unkept(message: string): string {
  const [, repository, why = ""] = /failed to push to destination (\S+):[0-9a-f]+: (.*)/s.exec(message) ?? [];
  if (repository === undefined) return message;
  return `Layers do not get into the cache repository ${repository}, so their steps run again in the next build: ${why}`;
}

/** A line of kaniko's own; null for the output of a step. */
function parse(text: string): { level: string; seconds: number; message: string } | null {
  const [, time = "", word, quoted = ""] = RECORD.exec(text) ?? [];
  if (word !== undefined) return { level: word, seconds: Date.parse(time) / 1000, message: unquote(quoted).trimEnd() };
  const [, short, seconds, padded = ""] = COLOURED.exec(stripVTControlCharacters(text)) ?? [];
  if (short === undefined) return null;
  const level = short === "INFO" ? "info" : short === "WARN" ? "warning" : short.toLowerCase();
  return { level, seconds: Number(seconds), message: padded.trimEnd() };
}

/** Go's quoting is JSON's but for rare escapes; a text that does not fit stays as it is. */
function unquote(quoted: string): string {
  if (!quoted.startsWith('"')) return quoted;
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1).replaceAll('\\"', '"');
  }
}

const oneSpace = (text: string): string => text.replace(/\s+/g, " ").trim();
