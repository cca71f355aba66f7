/** Values of any cloud: when two of them are the same, and what stands for what a cloud draws. */
import type { Value, ValueMap } from "../../../local/pulumi/wire.ts";
import { isList, isMap } from "../../../local/pulumi/wire.ts";

/** Lists that are sets to the provider. */
export function asSet(value: Value): Value {
  return isList(value) ? [...value].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : value;
}

/** JSON in one spelling: members sorted. */
export function canonical(value: Value | undefined): Value {
  if (isList(value)) return value.map(canonical);
  if (isMap(value)) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, canonical(item)]),
    );
  }
  return value ?? null;
}

/** A value of the inputs as text; the checks have seen that it is one. */
export function text(inputs: ValueMap, name: string): string {
  return String(inputs[name]);
}

/** Twenty hexadecimal digits that stand for something, the same each time: what a cloud draws at random. */
export function drawn(...of: readonly string[]): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (const char of of.join("\0")) {
    a = Math.imul(a ^ char.charCodeAt(0), 0x01000193) >>> 0;
    b = Math.imul(b ^ char.charCodeAt(0), 0x85ebca6b) >>> 0;
  }
  return (a.toString(16).padStart(8, "0") + b.toString(16).padStart(8, "0")).padEnd(17, "0");
}
