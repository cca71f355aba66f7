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
