import type { ObjectChange } from "../changes.ts";
import { changedFields } from "../changes.ts";
import type { ValueMap } from "../wire.ts";
import { stringAt, withoutNulls, withoutSecrets } from "../wire.ts";
import type { ObjectType } from "./kinds.ts";
import { annotation, groupOf } from "./kinds.ts";
import type { ReplacementSettings } from "./replacement.ts";
import { isReplacing, replacingFields } from "./replacement.ts";

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

  const fields = changedFields(before, after, (path, value) => isReplacing(rules, path, value));
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
