/**
 * Patterns of namespaces, as AWS matches `StringLike` (IAM user guide, "IAM JSON policy elements: Condition operators"): `*`
 * stands for any characters, also for none, and `?` for exactly one. One grammar for everything that a pattern ends in: a
 * trust policy, and the runner.
 */
import { LABEL_LIMIT } from "./names.ts";

/** What is wrong with a pattern, as the end of a sentence that begins with it; null when nothing is. */
export function patternProblem(pattern: string): string | null {
  if (pattern === "") return "is empty";
  if (!/^[a-z0-9*?-]+$/.test(pattern)) {
    return "is no pattern of namespaces: lower-case letters, digits, hyphens, * (any characters, also none) and ? (one)";
  }
  if (!/[*?]/.test(pattern)) {
    return "has neither * nor ?; list a single namespace under pergola:builder.modes.<mode>.namespaces";
  }
  if (/^-|-$/.test(pattern)) return "matches no namespace: their names neither begin nor end with a hyphen";
  const shortest = pattern.replaceAll("*", "").length;
  if (shortest > LABEL_LIMIT) {
    return `matches no namespace: it asks for ${shortest} characters, and their names have at most ${LABEL_LIMIT}`;
  }
  if (pattern.startsWith("kube-")) return "belongs to Kubernetes (kube-*), whose namespaces builders never get";
  return null;
}

/** Whether a pattern says nothing of the names that it matches: `*`, `?*`, `*-*`. */
export function matchesAnything(pattern: string): boolean {
  return !/[a-z0-9]/.test(pattern);
}

/**
 * Whether a name as a whole fits a pattern, as AWS matches `StringLike`: `*` stands for any characters, also for none, `?`
 * for exactly one. In time proportional to the product of both lengths, whatever the pattern.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let next = 0; next < name.length; ) {
    if (pattern[at] === "*") {
      star = at++;
      resume = next;
    } else if (pattern[at] === "?" || pattern[at] === name[next]) {
      at++;
      next++;
    } else if (star !== -1) {
      // The last star takes one character more; earlier ones never need to.
      at = star + 1;
      next = ++resume;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
