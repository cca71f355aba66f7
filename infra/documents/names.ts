/**
 * Names: what Kubernetes allows, and how the names of this program's objects are made. Every physical name in `infra/`
 * comes from the stack file or from {@link physicalName}, so that no name is invented at run time and none is too long.
 */

/** Longest DNS label: names of namespaces, services, and everything that ends in a label value (RFC 1123). */
export const LABEL_LIMIT = 63;

/** RFC 1123 label, which Kubernetes asks of namespace names. */
export const LABEL_PATTERN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** RFC 1123 subdomain, which Kubernetes asks of most other object names (at most 253 characters). */
export const SUBDOMAIN_PATTERN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Thrown for a name that the API server would refuse; the message names the parts it was made of. */
export class NameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NameError";
  }
}

/**
 * The name `prefix-part-part`, for objects that are named after the stack (PriorityClass, PersistentVolume, ClusterRole).
 * Throws {@link NameError} when the result is no DNS label of at most `limit` characters.
 */
export function physicalName(parts: readonly string[], limit: number = LABEL_LIMIT): string {
  const name = parts.join("-");
  const problem = labelProblem(name, limit);
  if (problem !== null) throw new NameError(`the name ${JSON.stringify(name)} ${problem}`);
  return name;
}

/** What is wrong with a DNS label, as the end of a sentence that begins with the label; null when nothing is. */
export function labelProblem(label: string, limit: number = LABEL_LIMIT): string | null {
  if (label === "") return "is empty";
  if (label.length > limit) return `has ${label.length} characters, at most ${limit} are allowed`;
  if (!LABEL_PATTERN.test(label)) {
    return "is not a DNS label: lower-case letters, digits and inner hyphens only";
  }
  return null;
}

/** What is wrong with a namespace that builders or a registry shall live in; null when nothing is. */
export function namespaceProblem(name: string): string | null {
  const problem = labelProblem(name);
  if (problem !== null) return problem;
  if (name.startsWith("kube-")) return "belongs to Kubernetes (kube-*); name a namespace of its own";
  if (name === "default") return "is where everything without a namespace lands; name a namespace of its own";
  return null;
}

/**
 * What is wrong with the key of an annotation, as the end of a sentence that begins with it; null when nothing is. Letter case
 * is free (kubernetes/kubernetes, apimachinery, ValidateAnnotations).
 */
export function annotationKeyProblem(key: string): string | null {
  const [name = "", prefix] = key.split("/").reverse() as [string, string?];
  const named = name.length <= LABEL_LIMIT && /^[a-zA-Z0-9]([\w.-]*[a-zA-Z0-9])?$/.test(name);
  const prefixed = prefix === undefined || (prefix.length <= 253 && SUBDOMAIN_PATTERN.test(prefix.toLowerCase()));
  if (named && prefixed && key.split("/").length <= 2) return null;
  return "is not the key of an annotation: a name of at most 63 letters, digits, -, _ and ., after a DNS name and / if at all";
}

/** What is wrong with a stack name, which becomes part of object names; null when nothing is. */
export function stackNameProblem(stack: string): string | null {
  // "pergola-" and the longest suffix in use ("-registry-" and eight digits of a digest) leave this much.
  return labelProblem(stack, LABEL_LIMIT - "pergola-".length - "-registry-12345678".length);
}
