import type { ObjectType } from "./kinds.ts";
import { annotation, groupOf } from "./kinds.ts";
import type { FieldPath, ObjectPath, ReplacementSettings } from "./replacement.ts";
import { isReplacing, replacingFields } from "./replacement.ts";
import type { Value, ValueMap } from "./wire.ts";
import { isList, isMap, sameValue, stringAt, withoutNulls, withoutSecrets } from "./wire.ts";

/** How one field changes. */
export interface FieldChange {
  /** As the engine writes it: `spec.template.spec.containers[0].image`, `metadata.labels["app.kubernetes.io/name"]`. */
  readonly path: string;
  /** The top-level member that the field lies in. */
  readonly top: string;
  readonly kind: "add" | "delete" | "update";
  readonly replaces: boolean;
}

/** How an object changes. */
export interface ObjectChange {
  readonly fields: readonly FieldChange[];
  /** Delete first, then create: when the object is replaced by one of the same name in the same namespace. */
  readonly deleteBeforeReplace: boolean;
}

/** The annotation that the official provider leaves on objects whose name it made up. */
export const autonamed = "pulumi.com/autonamed";

/**
 * Compares the inputs of an object as they were with the inputs as they shall be. Whether a value is secret makes no
 * difference; a null member is an absent one; a value that is not known yet is a change.
 */
export function diffObject(
  olds: ValueMap,
  news: ValueMap,
  type: ObjectType,
  settings: ReplacementSettings,
): ObjectChange {
  const [before, after] = [withoutNulls(withoutSecrets(olds)), withoutNulls(withoutSecrets(news))];
  const rules = replacingFields(type, after, settings);
  // An object keeps its identity across versions of its API, not across kinds or groups.
  rules.push(["kind"]);
  if (groupOf(stringAt(before, "apiVersion") ?? type.apiVersion) !== groupOf(type.apiVersion))
    rules.push(["apiVersion"]);

  const fields: FieldChange[] = [];
  compare([], before, after, rules, fields);
  const replaced = fields.some((field) => field.replaces);
  return {
    fields,
    deleteBeforeReplace:
      replaced &&
      annotation(after, autonamed) !== "true" &&
      stringAt(before, "metadata", "name") === stringAt(after, "metadata", "name") &&
      stringAt(before, "metadata", "namespace") === stringAt(after, "metadata", "namespace"),
  };
}

function compare(
  path: ObjectPath,
  before: Value | undefined,
  after: Value | undefined,
  rules: readonly FieldPath[],
  into: FieldChange[],
): void {
  if (sameValue(before, after)) return;
  if (isMap(before) && isMap(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
      compare([...path, key], before[key], after[key], rules, into);
    }
    return;
  }
  if (isList(before) && isList(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index++) {
      compare([...path, index], before[index], after[index], rules, into);
    }
    return;
  }
  into.push({
    path: writePath(path),
    top: String(path[0] ?? ""),
    kind: before === undefined ? "add" : after === undefined ? "delete" : "update",
    replaces: isReplacing(rules, path, after ?? before),
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
