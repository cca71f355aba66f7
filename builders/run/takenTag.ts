/** What becomes of a build whose push is refused because the tag is there and cannot be moved. Shared by all builders. */
import { PergolaError } from "../errors.ts";
import type { BuildPlan } from "../plan/plan.ts";
import type { BuildEvent } from "../report/events.ts";

/**
 * Amazon ECR's words, before and since 2025 (github.com/GoogleContainerTools/kaniko/issues/3481), and Google Artifact
 * Registry's (cloud.google.com/artifact-registry/docs/docker/troubleshoot).
 */
const TAKEN =
  /cannot be overwritten because the (?:repository|tag) is immutable|repository has enabled tag immutability/i;

/** Whether a builder's error is of such a refusal. */
export const isTagTaken = (text: string): boolean => TAKEN.test(text);

export interface Refusal {
  readonly plan: Pick<BuildPlan, "references" | "tagOfContent">;
  /** the builder's words */
  readonly text: string;
  /** digest of what was built; null when the builder did not say */
  readonly built: string | null;
  /** what people find it by where it has no digest, as Docker gives one to what it has pushed only; "image sha256:..." */
  readonly alias?: string;
  /** digest of what the registry holds; null when it does not tell */
  lookUp(reference: string): Promise<string | null>;
  /** whether the image was wanted elsewhere too, where it is not now */
  readonly incomplete: boolean;
  /** whether what comes after the refused reference is pushed all the same once this one is as good as pushed */
  readonly goesOn?: boolean;
  emit(event: BuildEvent): void;
}

/**
 * The digest that the registry keeps, where that is as good as what was built: the same, or under a tag that only this content
 * gets.
 * @throws PergolaError tag-taken with both digests
 */
export async function keptDigest(refusal: Refusal): Promise<string> {
  const { plan, text, built, lookUp, incomplete, goesOn = false, emit } = refusal;
  const { references, tagOfContent } = plan;
  // The builders name it; go-containerregistry stops at the first of several that is refused.
  const reference = references.find((one) => text.includes(one)) ?? (references[0] as string);
  const missed = references.slice(references.indexOf(reference) + 1);
  let why = "it does not tell the builder";
  const held = await lookUp(reference).catch((error: Error) => {
    why = `could not be looked up (${error.message.trim().split("\n").at(-1)})`;
    return null;
  });
  const same = held !== null && held === built;
  // What comes after a tag of the content is a cache.
  if (held !== null && !incomplete && (tagOfContent || (same && (goesOn || missed.length === 0)))) {
    if (!same) {
      const text = `${reference} is in the registry already and stays as it is (${held}): its tag follows from the content, so what was built now (${nameOf(refusal)}) is not needed.`;
      emit({ type: "warning", text });
    }
    return held;
  }
  const holds = held === null ? `holds another image, whose digest ${why}` : `holds ${held}`;
  const others = missed.length === 0 ? "" : ` ${missed.join(" and ")} was not pushed either.`;
  throw new PergolaError({
    code: "tag-taken",
    message: `The registry does not let ${reference} be moved to another image: it ${holds}, and what was built is ${nameOf(refusal)}.${others}`,
    hint: tagOfContent
      ? "What the registry holds is of the same content: leave it out with --skip-present."
      : "Choose another --tag, or leave it out: the tag then follows from the content.",
  });
}

function nameOf({ built, alias }: Refusal): string {
  return built ?? alias ?? "of unknown digest";
}
