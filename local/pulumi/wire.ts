// Values as they travel between engine and provider: plain JSON, in which secrets are envelopes and unknown values are
// one agreed string. The constants are Pulumi's (sdk/go/common/resource/plugin/rpc.go and sig.go).
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { struct } from "./protocol.ts";

/** Any JSON value; secrets inside are {@link Secret} envelopes. */
export type Value = null | boolean | number | string | readonly Value[] | ValueMap;

/** A JSON object. */
export type ValueMap = { readonly [key: string]: Value | undefined };

/** The key that marks an object as an envelope, and the mark of a secret. */
export const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Stands for a value that is known only after an update. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Reads a message's properties; an absent one is an empty object. */
export function fromStruct(properties: Struct | undefined): ValueMap {
  return (properties?.toJavaScript() ?? {}) as ValueMap;
}

/** Writes properties into a message; `undefined` members are left out. */
export function toStruct(properties: ValueMap): Struct {
  return struct.Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)));
}

/** Whether a value is a JSON object, and not a secret's or another envelope. */
export function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(signatureKey in value);
}

/** Whether a value is a list. */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether a value is a secret's envelope. */
export function isSecret(value: Value | undefined): value is ValueMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    (value as ValueMap)[signatureKey] === secretSignature
  );
}

/** Puts a value into a secret's envelope, once. */
export function secret(value: Value): Value {
  return isSecret(value) ? value : { [signatureKey]: secretSignature, value: withoutSecrets(value) };
}

/** The value without any envelopes: what a comparison or the API server needs. */
export function withoutSecrets<T extends Value | undefined>(value: T): T {
  if (isSecret(value)) return withoutSecrets(value.value) as T;
  if (isList(value)) return value.map((item) => withoutSecrets(item)) as unknown as T;
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item)])) as T;
  }
  return value;
}

/** Whether a secret lies anywhere in the value. */
export function containsSecret(value: Value | undefined): boolean {
  return some(value, isSecret);
}

/** Whether something in the value is not known yet. */
export function containsUnknown(value: Value | undefined): boolean {
  return some(value, (item) => item === unknown);
}

/**
 * Finds an envelope that has no meaning for Kubernetes (an asset, an archive, a resource reference).
 * @returns the path of the first one, or undefined
 */
export function foreignEnvelope(value: Value | undefined, path = ""): string | undefined {
  if (isSecret(value)) return foreignEnvelope(value.value, path);
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value) && signatureKey in value) return path || "(root)";
  for (const [key, item] of Object.entries(value)) {
    const found = foreignEnvelope(item as Value, path === "" ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Marks in `value` what is secret in `pattern`: the same paths, list elements by position. Where a list with a secret in
 * it has another length now, the whole list becomes secret: too much is better than too little.
 */
export function markLike(value: Value, pattern: Value | undefined): Value {
  if (!containsSecret(pattern)) return value;
  if (isMap(pattern) && isMap(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, item === undefined ? item : markLike(item, pattern[key])]),
    );
  }
  if (isList(pattern) && isList(value) && pattern.length === value.length) {
    return value.map((item, index) => markLike(item, pattern[index]));
  }
  return secret(value);
}

/** The value without members that are null: an absent field and a null one mean the same to the API server. */
export function withoutNulls<T extends Value | undefined>(value: T): T {
  if (isList(value)) return value.map((item) => withoutNulls(item)) as unknown as T;
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== null && item !== undefined)
        .map(([key, item]) => [key, withoutNulls(item)]),
    ) as T;
  }
  return value;
}

/** Whether two JSON values are the same, whatever the order of members. */
export function sameValue(one: Value | undefined, other: Value | undefined): boolean {
  if (one === other) return true;
  if (isList(one) && isList(other))
    return one.length === other.length && one.every((item, index) => sameValue(item, other[index]));
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) return false;
  const [left, right] = [one as ValueMap, other as ValueMap];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => sameValue(left[key], right[key]));
}

/** The value at a path of member names, envelopes seen through; undefined where the path leads nowhere. */
export function at(value: Value | undefined, ...path: string[]): Value | undefined {
  let here: Value | undefined = value;
  for (const key of path) {
    if (isSecret(here)) here = here.value;
    if (!isMap(here)) return undefined;
    here = here[key];
  }
  return isSecret(here) ? withoutSecrets(here) : here;
}

/** The string at a path, or undefined when there is none or it is not known yet. */
export function stringAt(value: Value | undefined, ...path: string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" && found !== unknown ? found : undefined;
}

function some(value: Value | undefined, is: (value: Value | undefined) => boolean): boolean {
  if (is(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((item) => some(item as Value, is));
}
