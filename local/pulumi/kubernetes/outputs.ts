import type { Value, ValueMap } from "../wire.ts";
import { at, isList, isMap, markLike, sameValue, secret, unknown, withoutSecrets } from "../wire.ts";

/** The state member in which the field manager of an object is kept, under the official provider's name for it. */
export const managerKey = "__fieldManager";

/** kubectl's copy of the whole object: for a Secret that is its content in clear. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * The state of an object from what the API server has: everything but the bookkeeping of field managers. What was secret
 * in the inputs is secret here; a Secret's content always is.
 */
export function toOutputs(live: ValueMap, inputs: ValueMap, manager: string): ValueMap {
  const metadata = isMap(live.metadata) ? without(live.metadata, "managedFields") : live.metadata;
  const marked = markLike({ ...live, ...(metadata === undefined ? {} : { metadata }) }, inputs) as ValueMap;
  return { ...(live.kind === "Secret" ? hideContent(marked) : marked), [managerKey]: manager };
}

/** The field manager in an object's state, if it has one. */
export function managerOf(state: ValueMap): string | undefined {
  const manager = withoutSecrets(state[managerKey]);
  return typeof manager === "string" ? manager : undefined;
}

/**
 * The state that a preview shows for an object that will be created: what a dry run answered, with those values unknown
 * that the API server chooses anew each time.
 */
export function previewOfCreation(dryRun: ValueMap, inputs: ValueMap): ValueMap {
  const metadata = isMap(dryRun.metadata) ? dryRun.metadata : {};
  const object = {
    ...dryRun,
    metadata: { ...metadata, uid: unknown, resourceVersion: unknown, generation: unknown, creationTimestamp: unknown },
    ...(dryRun.status === undefined ? {} : { status: unknown }),
  };
  return dryRun.kind === "Service" ? { ...object, spec: serviceSpec(dryRun, inputs) } : object;
}

/** The state that a preview shows for an object that will be updated: the dry run's answer, its next version unknown. */
export function previewOfUpdate(dryRun: ValueMap, olds: ValueMap): ValueMap {
  const metadata = isMap(dryRun.metadata) ? dryRun.metadata : {};
  const generation = sameValue(metadata.generation, at(olds, "metadata", "generation")) ? metadata.generation : unknown;
  return {
    ...dryRun,
    metadata: { ...metadata, resourceVersion: unknown, ...(generation === undefined ? {} : { generation }) },
  };
}

/** The state that a preview shows when the cluster cannot answer: the inputs, and unknown what only the cluster knows. */
export function previewFromInputs(inputs: ValueMap): ValueMap {
  const metadata = at(inputs, "metadata");
  return {
    ...inputs,
    ...(isMap(metadata)
      ? {
          metadata: markLike(
            { ...metadata, uid: unknown, resourceVersion: unknown, generation: unknown, creationTimestamp: unknown },
            inputs.metadata,
          ),
        }
      : {}),
    ...(inputs.status === undefined ? { status: unknown } : {}),
  };
}

/** Addresses and node ports of a Service are handed out at creation, unless the program asks for certain ones. */
function serviceSpec(dryRun: ValueMap, inputs: ValueMap): Value {
  const spec = isMap(dryRun.spec) ? dryRun.spec : {};
  const wanted = at(inputs, "spec", "ports");
  const ports = isList(spec.ports)
    ? spec.ports.map((port, index) => {
        if (!isMap(port) || port.nodePort === undefined) return port;
        const asked = isList(wanted) ? wanted[index] : undefined;
        return isMap(asked) && asked.nodePort !== undefined ? port : { ...port, nodePort: unknown };
      })
    : spec.ports;
  const address =
    at(inputs, "spec", "clusterIP") === undefined && spec.clusterIP !== undefined && spec.clusterIP !== "None";
  return {
    ...spec,
    ...(ports === undefined ? {} : { ports }),
    ...(address ? { clusterIP: unknown, clusterIPs: unknown } : {}),
  };
}

/** A Secret with its content as secret values, kubectl's copy of it included. */
export function hideContent(object: ValueMap): ValueMap {
  const hidden: Record<string, Value | undefined> = { ...object };
  for (const key of ["data", "stringData"]) {
    const value = hidden[key];
    if (value !== undefined && value !== unknown) hidden[key] = secret(value);
  }
  const metadata = hidden.metadata;
  if (isMap(metadata) && isMap(metadata.annotations) && metadata.annotations[lastApplied] !== undefined) {
    const annotations = { ...metadata.annotations, [lastApplied]: secret(metadata.annotations[lastApplied] as Value) };
    hidden.metadata = { ...metadata, annotations };
  }
  return hidden;
}

function without(object: ValueMap, member: string): ValueMap {
  const { [member]: _removed, ...rest } = object;
  return rest;
}
