/** The result of `pergola build`: what `--output json` prints, and the table that people see. */
import type { ModeName } from "../../infra/setup.ts";
import type { ErrorData } from "../errors.ts";

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
