/** Which namespaces the patterns of an environment admit. */
import type { BuilderMode, BuildSetup } from "../../infra/setup.ts";
import { clusterModes } from "../clusterModes.ts";

/** RFC 1123 label: what a namespace can be called. */
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

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

/** Why a namespace is none that a pattern could admit, as the end of a sentence that begins with it; null when it may be one. */
export function reservedReason(setup: BuildSetup, name: string): string | null {
  if (name.startsWith("kube-")) return "belongs to Kubernetes, and no pattern admits it";
  if (setup.freshNamespaces?.reserved.includes(name)) return "is kept from builders, and no pattern admits it";
  const modes = clusterModes(setup)
    .filter(([, mode]) => mode.namespaces.some((listed) => listed.name === name))
    .map(([mode]) => mode);
  return modes.length === 0 ? null : `is provisioned for ${modes.join(" and ")} only`;
}

/** Whether a pattern of the mode admits this namespace. Namespaces that the stack lists are what the stack says, never more. */
export function admitsNamespace(setup: BuildSetup, mode: BuilderMode, name: string): boolean {
  if (!NAMESPACE.test(name) || reservedReason(setup, name) !== null) return false;
  return mode.namespacePatterns.some((pattern) => matchesPattern(pattern, name));
}
