/** The result of `pergola build`: what `--output json` prints, and the table that people see. */
import type { ModeName } from "../../infra/setup.ts";
import { ERROR_CODES, type ErrorData, EXIT } from "../errors.ts";
import { placeOf } from "../plan/load.ts";
import type { LoadTarget } from "../plan/plan.ts";
import { duration, size, table } from "./table.ts";

/** What one executed plan gives back. */
export interface Outcome {
  /** `sha256:...` of what the registry holds under the plan's references */
  readonly digest: string;
  /** steps of the Dockerfile that ran or were taken from the cache: FROM, RUN, COPY, ADD and WORKDIR */
  readonly steps: number;
  /** null where a mode cannot know */
  readonly cachedSteps: number | null;
  /** the step that broke the cache, as the builder names it: "[build 3/5] RUN make"; null when none did */
  readonly firstUncachedStep: string | null;
  /** bytes of build context that went to the builder */
  readonly bytesSent: number;
  /** image store of this machine that holds the image too; null where that was not asked for */
  readonly loaded: LoadTarget | null;
  readonly warnings: readonly string[];
}

/** One image of a finished `pergola build`. Fields that a failed or skipped build cannot have are null. */
export interface ImageResult {
  readonly name: string;
  readonly mode: ModeName;
  /** full reference with its tag, without the digest */
  readonly reference: string;
  readonly digest: string | null;
  readonly platforms: readonly string[];
  readonly seconds: number;
  readonly steps: number | null;
  readonly cachedSteps: number | null;
  readonly firstUncachedStep: string | null;
  readonly bytesSent: number | null;
  readonly loaded: LoadTarget | null;
  readonly status: "built" | "present" | "failed" | "skipped";
  readonly warnings: readonly string[];
  readonly error: ErrorData | null;
}

/** The whole answer of `pergola build --output json`. */
export interface BuildResult {
  readonly version: 1;
  readonly images: readonly ImageResult[];
}

/** Bundles the results of a graph in the order in which the images were named or found. */
export function buildResult(images: readonly ImageResult[]): BuildResult {
  return { version: 1, images };
}

/** One line for each image, and below them the steps that broke the cache: for people, on stdout. */
export function resultTable(result: BuildResult): string {
  const rows = table(
    ["IMAGE", "STATUS", "TIME", "STEPS CACHED", "SENT", "REFERENCE"],
    result.images.map((image) => [
      image.name,
      image.status,
      duration(image.seconds),
      cachedSteps(image),
      image.bytesSent === null ? "-" : size(image.bytesSent),
      image.digest === null ? image.reference : `${image.reference}@${image.digest}`,
    ]),
  );
  return [rows, ...loadedLines(result), ...brokenLines(result)].join("\n");
}

/** `Loaded into Docker: api, web` */
function loadedLines({ images }: BuildResult): string[] {
  // One command line has one store.
  const loaded = images.filter((image) => image.loaded !== null);
  const [first] = loaded;
  if (!first?.loaded) return [];
  return ["", `Loaded into ${placeOf(first.loaded)}: ${loaded.map(({ reference }) => reference).join(", ")}`];
}

function brokenLines(result: BuildResult): string[] {
  const broken = result.images.filter(({ firstUncachedStep }) => firstUncachedStep !== null);
  if (broken.length === 0) return [];
  const width = Math.max(...broken.map(({ name }) => name.length));
  const steps = broken.map(
    ({ name, firstUncachedStep }) => `  ${name.padEnd(width)}  ${oneLine(firstUncachedStep ?? "")}`,
  );
  return ["", "First step that was not in the cache:", ...steps];
}

/** `7/9`, `?/9` where the mode cannot tell, `-` where nothing ran */
function cachedSteps({ steps, cachedSteps }: ImageResult): string {
  return steps === null ? "-" : `${cachedSteps ?? "?"}/${steps}`;
}

const STEP_WIDTH = 100;

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > STEP_WIDTH ? `${line.slice(0, STEP_WIDTH)}...` : line;
}

/**
 * What a process exits with for these results: 0 when all is built, else that of the most telling failure. A build that failed
 * for good outweighs one that another try may mend.
 */
export function exitCodeOf(result: BuildResult): number {
  const codes = result.images.flatMap((image) => (image.error === null ? [] : [ERROR_CODES[image.error.code]]));
  for (const code of [EXIT.interrupted, EXIT.buildFailed, EXIT.usage, EXIT.infrastructure]) {
    if (codes.includes(code)) return code;
  }
  return EXIT.done;
}
