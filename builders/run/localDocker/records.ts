/**
 * `docker build` as text, turned into the records that buildx gives (a SolveStatus as JSON per line), so that both are read
 * by one reader. What is no progress stays as it is. Formats: util/progress/progressui of moby/buildkit (0.8 to 0.10, as in
 * Docker 20.10), builder/dockerfile of moby/moby. Pure but for the clock.
 */
import { stripVTControlCharacters } from "node:util";

/** Takes lines and gives those for BuildkitProgress: records, and what is none. */
export interface TextReader {
  line(text: string): string[];
}

const vertex = (fields: object): string => JSON.stringify({ vertexes: [fields] });
const now = (): string => new Date().toISOString();

const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/** `#5 [2/3] RUN make`, `#5 0.229 output`, `#5 DONE 0.3s` */
export class BuildkitText implements TextReader {
  readonly #known = new Map<string, { name: string; started: string }>();
  /** after this everything is the account of a failure */
  #over = false;

  line(text: string): string[] {
    const [, id, said = ""] = /^(#\d+) ?(.*)$/.exec(text) ?? [];
    if (this.#over || id === undefined) {
      this.#over ||= /^-{6}$|^(?:ERROR: )?failed to solve/.test(text);
      return this.#over || text !== "" ? [text] : [];
    }
    const step = this.#known.get(id);
    if (step === undefined) {
      const started = now();
      this.#known.set(id, { name: said, started });
      return [vertex({ digest: id, name: said, started })];
    }
    const ended = (fields: object): string[] => [vertex({ digest: id, ...step, completed: now(), ...fields })];
    if (said === "CACHED") return ended({ cached: true });
    if (/^DONE\b/.test(said)) return ended({});
    if (/^ERROR(?:: |$)/.test(said)) return ended({ error: said.replace(/^ERROR:? ?/, "") || "failed" });
    if (said === "CANCELED") return ended({ error: "context canceled" });
    const [, output] = /^\d+\.\d{3} (.*)$/s.exec(said) ?? [];
    if (output !== undefined) return [log(id, output)];
    const [, what, amount, unit = ""] = /^(transferring [^:]+:) ([\d.]+)(B|kB|MB|GB)\b/.exec(said) ?? [];
    if (what !== undefined) return [status(id, what, Number(amount) * (UNITS[unit] ?? 1))];
    // Layers of a base image; a bare digest is the step's own.
    if (/^(?:extracting )?sha256:\w+ ./.test(said)) return [status(id, said.split(" ").slice(0, -1).join(" "), 0)];
    return [];
  }
}

/** `Step 2/3 : RUN make`, ` ---> Using cache`, and a step's output as it is */
export class LegacyText implements TextReader {
  #current: { digest: string; name: string; started: string } | null = null;
  #ended: object | null = null;

  line(coloured: string): string[] {
    // What was sent so far is written over itself.
    const text =
      stripVTControlCharacters(coloured)
        .split("\r")
        .findLast((part) => part !== "") ?? "";
    const [, at, of, instruction] = /^Step (\d+)\/(\d+) : (.*)$/.exec(text) ?? [];
    if (instruction !== undefined) {
      const before = this.#end({});
      this.#current = { digest: `step ${at}`, name: `[${at}/${of}] ${instruction}`, started: now() };
      return [...before, vertex(this.#current)];
    }
    const [, amount, unit = ""] = /^Sending build context to Docker daemon +([\d.]+)(B|kB|MB|GB)$/.exec(text) ?? [];
    if (amount !== undefined) return [status("context", "transferring context:", Number(amount) * (UNITS[unit] ?? 1))];
    if (this.#current === null) return [];
    if (text === " ---> Using cache") return this.#end({ cached: true });
    if (/^Successfully (?:built [0-9a-f]+|tagged )/.test(text)) return this.#end({});
    if (/^ ---> (?:[0-9a-f]{12}|Running in [0-9a-f]{12})$|^Removing intermediate container /.test(text)) return [];
    return [log(this.#current.digest, text)];
  }

  /** The builder's last word was an error: the step that runs is the one that failed. */
  failed(error: string): string[] {
    return this.#end({ error });
  }

  /** number of the instruction that runs, counted from 1; null before the first */
  get instruction(): number | null {
    return this.#current === null ? null : Number(this.#current.digest.slice("step ".length));
  }

  #end(fields: object): string[] {
    const step = this.#current;
    if (step === null || this.#ended === step) return [];
    this.#ended = step;
    return [vertex({ ...step, completed: now(), ...fields })];
  }
}

function log(id: string, text: string): string {
  return JSON.stringify({ logs: [{ vertex: id, stream: 1, data: Buffer.from(`${text}\n`).toString("base64") }] });
}

function status(id: string, what: string, current: number): string {
  return JSON.stringify({ statuses: [{ id: what, vertex: id, current }] });
}
