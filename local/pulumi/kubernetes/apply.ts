import { createHash } from "node:crypto";
import type { Value, ValueMap } from "../wire.ts";
import { at, isList, isMap, stringAt, withoutNulls, withoutSecrets } from "../wire.ts";
import type { ClusterClient, ObjectName } from "./client.ts";
import { ApiError } from "./client.ts";
import { title } from "./kinds.ts";

/** A field that another manager holds with another value. */
export interface Conflict {
  readonly manager: string;
  /** As the API server writes it: `.spec.replicas`. */
  readonly field: string;
}

/**
 * The field manager of a resource. One per resource, as with the official provider, so that two resources that declare
 * the same object conflict instead of undoing each other; derived from the URN, so that a retry after a failed creation
 * is the same manager. Later updates use the one in the state: it survives a rename.
 */
export function managerFor(urn: string): string {
  return `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}

/**
 * Server-side apply of an object's inputs, never forced.
 * @throws Error naming object, other managers, fields and what to do, when others hold fields with other values
 */
export async function apply(
  client: ClusterClient,
  object: ObjectName,
  inputs: ValueMap,
  options: { readonly manager: string; readonly dryRun: boolean },
): Promise<ValueMap> {
  const body = withoutNulls(withoutSecrets(inputs));
  try {
    return await client.apply(object, body, options);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 409) throw error;
    const conflicts = conflictsOf(error.status);
    throw conflicts.length === 0 ? error : new Error(describeConflicts(title(body), conflicts));
  }
}

/** Reads the conflicts out of an answer of the API server (a Status with causes of type FieldManagerConflict). */
export function conflictsOf(status: ValueMap): Conflict[] {
  const causes: Value | undefined = at(status, "details", "causes");
  return (isList(causes) ? causes : []).flatMap((cause) => {
    if (!isMap(cause) || cause.reason !== "FieldManagerConflict") return [];
    const manager = /conflict with "([^"]+)"/.exec(stringAt(cause, "message") ?? "")?.[1];
    return [{ manager: manager ?? "another manager", field: stringAt(cause, "field") ?? "?" }];
  });
}

/** `Deployment a/web: conflict with manager "kubectl" on .spec.replicas; ...` and what to do about it. */
export function describeConflicts(what: string, conflicts: readonly Conflict[]): string {
  const byManager = new Map<string, string[]>();
  for (const { manager, field } of conflicts) byManager.set(manager, [...(byManager.get(manager) ?? []), field]);
  const list = [...byManager].map(([manager, fields]) => `conflict with manager "${manager}" on ${fields.join(", ")}`);
  const others = [...byManager.keys()].map((manager) => `"${manager}"`).join(" and ");
  return (
    `${what}: ${list.join("; ")}. Nothing was forced. Either leave these fields out of the program, ` +
    `or have ${others} give them up (apply without them, or delete the object and run pulumi up again)`
  );
}
