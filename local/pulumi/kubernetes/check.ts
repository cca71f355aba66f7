import { createHash } from "node:crypto";
import type { Value, ValueMap } from "../wire.ts";
import { at, containsUnknown, foreignEnvelope, isMap, isSecret, unknown, withoutSecrets } from "../wire.ts";
import { autonamed } from "./diff.ts";
import type { ObjectType } from "./kinds.ts";
import { annotation } from "./kinds.ts";

/** One thing wrong with an object's inputs; `property` is a property path, empty for the whole. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

/** What a check needs to know beside the inputs. */
export interface CheckContext {
  readonly type: ObjectType;
  /** The resource's name in the program. */
  readonly resourceName: string;
  /** Inputs as they are in the state; undefined for a new resource, and for the second half of a replacement. */
  readonly olds: ValueMap | undefined;
  /** What the engine gives for made-up names; the same for preview and update when both have a plan. */
  readonly randomSeed: Uint8Array;
  /** Whether the kind lies in namespaces; undefined when that cannot be found out now. */
  readonly namespaced: boolean | undefined;
  /** The namespace for objects that name none. */
  readonly defaultNamespace: string;
}

/** Checked inputs, completed with name and namespace, or what is wrong with them. */
export interface Checked {
  readonly inputs: ValueMap;
  readonly failures: readonly CheckFailure[];
}

const annotations: Readonly<Record<string, string>> = {
  "pulumi.com/patchForce": "Pergola's Kubernetes provider never forces; let one manager have the field",
  "pulumi.com/patchFieldManager": "Pergola's Kubernetes provider keeps one manager per resource",
  "pulumi.com/waitFor":
    "Pergola's Kubernetes provider waits by kind only; set pulumi.com/skipAwait and wait in what follows",
  "pulumi.com/replaceUnready":
    "Pergola's Kubernetes provider does not replace what is not ready; delete the object, or fix it",
};

/**
 * Checks inputs and completes them as the official provider does: a name is made from the resource's name where there is
 * none (and kept from then on), and a namespaced object without a namespace goes to the default one. Fields are not
 * checked here: the API server knows them, and answers the dry run of a preview.
 */
export function checkInputs(inputs: ValueMap, context: CheckContext): Checked {
  const failures: CheckFailure[] = [];
  const envelope = foreignEnvelope(inputs);
  if (envelope !== undefined)
    failures.push({
      property: envelope,
      reason: "assets, archives and resources have no place in a Kubernetes object",
    });
  const metadata = at(inputs, "metadata");
  if (metadata === unknown || (isSecret(inputs.metadata) && containsUnknown(inputs.metadata)))
    return { inputs, failures };
  if (metadata !== undefined && metadata !== null && !isMap(metadata)) {
    return { inputs, failures: [...failures, { property: "metadata", reason: "metadata must be an object" }] };
  }
  for (const [name, reason] of Object.entries(annotations)) {
    if (annotation(withoutSecrets(inputs), name) !== undefined)
      failures.push({ property: `metadata.annotations["${name}"]`, reason });
  }
  if (at(inputs, "metadata", "generateName") !== undefined) {
    failures.push({
      property: "metadata.generateName",
      reason: "a generated name cannot be known in a preview; set metadata.name",
    });
  }
  return { inputs: complete(inputs, (metadata as ValueMap | undefined | null) ?? {}, context), failures };
}

function complete(inputs: ValueMap, metadata: ValueMap, context: CheckContext): ValueMap {
  const added: Record<string, Value> = {};
  if (metadata.name === undefined || metadata.name === null) {
    const kept =
      context.olds && annotation(context.olds, autonamed) === "true" ? at(context.olds, "metadata", "name") : undefined;
    added.name = typeof kept === "string" ? kept : makeName(context.resourceName, context.randomSeed);
    added.annotations = { ...(isMap(metadata.annotations) ? metadata.annotations : {}), [autonamed]: "true" };
  }
  const noNamespace = metadata.namespace === undefined || metadata.namespace === null || metadata.namespace === "";
  // While the cluster cannot say, the namespace of the last time stays: without it, a preview would show a replacement.
  const namespace =
    context.namespaced === undefined ? at(context.olds, "metadata", "namespace") : context.defaultNamespace;
  if (context.namespaced !== false && noNamespace && namespace !== undefined) added.namespace = namespace;
  if (Object.keys(added).length === 0) return inputs;
  if (isSecret(inputs.metadata))
    return { ...inputs, metadata: { ...inputs.metadata, value: { ...metadata, ...added } } };
  return { ...inputs, metadata: { ...(inputs.metadata as ValueMap | undefined), ...added } };
}

/** `<resource name>-<8 hex digits>`, in the characters that object names may have (RFC 1123 subdomain). */
function makeName(resourceName: string, seed: Uint8Array): string {
  const base = resourceName
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 244);
  return `${base}-${createHash("sha256").update(seed).update(resourceName).digest("hex").slice(0, 8)}`;
}
