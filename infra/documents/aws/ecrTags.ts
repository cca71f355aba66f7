/** Tags of images in ECR, and the patterns that choose among them. */

/** Most `*` in a filter of movable tags (API reference, ImageTagMutabilityExclusionFilter). */
const FILTER_WILDCARDS = 2;

/** Most `*` in a pattern of a lifecycle rule (ECR user guide, "Lifecycle policy properties in Amazon ECR"). */
const PATTERN_WILDCARDS = 4;

/** What is wrong with a filter of movable tags, as the end of a sentence that begins with it; null when nothing is. */
export function tagFilterProblem(filter: string): string | null {
  if (!/^[0-9a-zA-Z._*-]{1,128}$/.test(filter)) return "is no filter of tags: at most 128 letters, digits, . _ - and *";
  return tooMany(filter, FILTER_WILDCARDS);
}

/** What is wrong with a pattern of a lifecycle rule; null when nothing is. */
export function tagPatternProblem(pattern: string): string | null {
  if (!/^[0-9a-zA-Z._*-]{1,128}$/.test(pattern)) {
    return "is no pattern of tags: at most 128 letters, digits, . _ - and *";
  }
  return tooMany(pattern, PATTERN_WILDCARDS);
}

/** Whether a tag is one that a pattern or filter means: `*` is any characters, also none. */
export function matchesTag(pattern: string, tag: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return tag === pattern;
  const last = rest.pop() as string;
  if (!tag.startsWith(first) || !tag.slice(first.length).endsWith(last)) return false;
  const end = tag.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = tag.slice(0, end).indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= end;
}

function tooMany(pattern: string, most: number): string | null {
  const found = pattern.split("*").length - 1;
  return found > most ? `has ${found} *, ECR takes at most ${most}` : null;
}
