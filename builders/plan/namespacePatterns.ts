/** Which namespaces the patterns of an environment admit. */
import type { BuilderMode, BuildSetup } from "../../infra/setup.ts";
import { matchesPattern } from "../../infra/setupNames.ts";
import { clusterModes } from "../clusterModes.ts";

/** RFC 1123 label: what a namespace can be called. */
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

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
