/** The result of `pergola build`: what `--output json` prints, and the table that people see. */
import type { ModeName } from "../../infra/setup.ts";
import { ERROR_CODES, type ErrorData, EXIT } from "../errors.ts";
import { duration, size, table } from "./table.ts";

/** What one executed plan gives back. */
export interface Outcome {
  /** `sha256:...` of what the registry holds under the plan's references */
  readonly digest: string;
  /** steps of the Dockerfile that ran or were taken from the cache */
  readonly steps: number;
  /** null where a mode cannot know */
  readonly cachedSteps: number | null;
  /** bytes of build context that went to the builder */
  readonly bytesSent: number;
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
  readonly bytesSent: number | null;
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

/** One line for each image: for people, on stdout. */
export function resultTable(result: BuildResult): string {
  return table(
    ["IMAGE", "STATUS", "TIME", "STEPS", "SENT", "REFERENCE"],
    result.images.map((image) => [
      image.name,
      image.status,
      duration(image.seconds),
      steps(image),
      image.bytesSent === null ? "-" : size(image.bytesSent),
      image.digest === null ? image.reference : `${image.reference}@${image.digest}`,
    ]),
  );
}

/** `9 (7 cached)`, `9` where the mode cannot tell, `-` where nothing ran */
function steps(image: ImageResult): string {
  if (image.steps === null) return "-";
  return image.cachedSteps === null ? String(image.steps) : `${image.steps} (${image.cachedSteps} cached)`;
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
