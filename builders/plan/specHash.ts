/** The annotation by which the cluster says what its objects were made from: where it fits, nothing needs to be written. */
import { createHash } from "node:crypto";

/** Annotation of an object of ours: {@link specHash} of what it, and what belongs to it, were made from. */
export const SPEC_HASH = "pergola.dev/spec-hash";

/** The same value with its keys in alphabetical order, at every depth: two writers of it may have used different orders. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
}

/** 16 hexadecimal digits; equal for values that are written in the same order. */
export function specHash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
