/** How a provider compares what a resource was with what it shall be, field by field. */
import type { Value, ValueMap } from "./wire.ts";
import { isList, isMap, sameValue } from "./wire.ts";

/** Where a field lies: names of members and positions in lists. */
export type ObjectPath = readonly (string | number)[];

/** Whether a change at a path, with the value that is there now or was before, means another resource. */
export type Replacing = (path: ObjectPath, value: Value | undefined) => boolean;

/** How one field changes. */
export interface FieldChange {
  /** As the engine writes it: `spec.template.spec.containers[0].image`, `metadata.labels["app.kubernetes.io/name"]`. */
  readonly path: string;
  /** The top-level member that the field lies in. */
  readonly top: string;
  readonly kind: "add" | "delete" | "update";
  readonly replaces: boolean;
}

/** How a resource changes. */
export interface ObjectChange {
  readonly fields: readonly FieldChange[];
  /** Delete first, then create: when it is replaced by one of the same name. */
  readonly deleteBeforeReplace: boolean;
}

/** The fields that differ, the outermost difference of each. */
export function changedFields(before: ValueMap, after: ValueMap, replaces: Replacing): FieldChange[] {
  const fields: FieldChange[] = [];
  compare([], before, after, replaces, fields);
  return fields;
}

function compare(
  path: ObjectPath,
  before: Value | undefined,
  after: Value | undefined,
  replaces: Replacing,
  into: FieldChange[],
): void {
  if (sameValue(before, after)) return;
  if (isMap(before) && isMap(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
      compare([...path, key], before[key], after[key], replaces, into);
    }
    return;
  }
  if (isList(before) && isList(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index++) {
      compare([...path, index], before[index], after[index], replaces, into);
    }
    return;
  }
  into.push({
    path: writePath(path),
    top: String(path[0] ?? ""),
    kind: before === undefined ? "add" : after === undefined ? "delete" : "update",
    replaces: replaces(path, after ?? before),
  });
}

/** Writes a path as the engine's property paths: plain names with dots, list positions and other names in brackets. */
export function writePath(path: ObjectPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) return text === "" ? step : `${text}.${step}`;
    return `${text}[${JSON.stringify(step)}]`;
  }, "");
}
