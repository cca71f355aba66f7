/**
 * Pod Security Standards: what each build mode needs, and whether a namespace's label grants it.
 * Source: kubernetes.io/docs/concepts/security/pod-security-standards and .../pod-security-admission
 */

export type PodSecurityLevel = "privileged" | "baseline" | "restricted";

/** Label of a namespace that the admission plugin enforces. */
export const ENFORCE_LABEL = "pod-security.kubernetes.io/enforce";

/** From the most permissive to the strictest. */
const LEVELS: readonly PodSecurityLevel[] = ["privileged", "baseline", "restricted"];

/**
 * What the pods of a mode need. kaniko runs as root with default capabilities: baseline. Rootful BuildKit is a privileged
 * container; rootless BuildKit needs seccomp and AppArmor unconfined, which baseline forbids: both need privileged.
 */
export const MODE_POD_SECURITY: Readonly<Record<"cluster-buildkit" | "kaniko", PodSecurityLevel>> = {
  "cluster-buildkit": "privileged",
  kaniko: "baseline",
};

/** Whether pods that need `needed` are admitted to a namespace with this label value (null: no label, so the cluster's default). */
export function podSecurityAllows(label: string | null, needed: PodSecurityLevel): boolean {
  // Without a label the admission plugin's default holds, which is privileged unless the cluster was configured otherwise.
  if (label === null) return true;
  const found = LEVELS.indexOf(label as PodSecurityLevel);
  // The plugin treats a value that it does not know as restricted.
  return found !== -1 && found <= LEVELS.indexOf(needed);
}
