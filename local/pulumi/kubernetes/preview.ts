// What a preview shows: the API server's own answer to a dry run wherever it can give one.

import type { ValueMap } from "../wire.ts";
import { containsUnknown, stringAt } from "../wire.ts";
import { apply } from "./apply.ts";
import type { ClusterClient, ObjectName } from "./client.ts";
import { ApiError, UnknownKind, Unreachable } from "./client.ts";
import { title, typeOf } from "./kinds.ts";
import { previewFromInputs, previewOfCreation, previewOfUpdate, toOutputs } from "./outputs.ts";

/** What a preview needs beside the inputs. */
export interface PreviewContext {
  /** Undefined while the connection itself is not known yet. */
  readonly client: ClusterClient | undefined;
  readonly manager: string;
  readonly upsertExistingObjects: boolean;
  /** Told once per run that nothing could be checked. */
  readonly warn: (message: string) => void;
}

/**
 * The outputs that a creation is expected to have.
 * @param context `hasState`: the resource is in the state already, so that this is the second half of a replacement
 * @throws Error when the API server refuses the object, or when it is there and belongs to somebody else
 */
export async function previewCreation(
  inputs: ValueMap,
  context: PreviewContext & { readonly hasState: boolean },
): Promise<ValueMap> {
  return askOr(previewFromInputs(inputs), inputs, context, async (client) => {
    const name = nameOf(inputs);
    // While an object of that name is there, a dry run would try to update it. When it is about to be replaced that says
    // nothing; when it belongs to somebody else, `up` will refuse, so the preview does.
    if ((await client.get(name)) !== undefined) {
      if (!context.hasState && !context.upsertExistingObjects) await refuseExisting(client, name, inputs);
      return previewFromInputs(inputs);
    }
    const answer = await apply(client, name, inputs, { manager: context.manager, dryRun: true });
    return toOutputs(previewOfCreation(answer, inputs), inputs, context.manager);
  });
}

/** The outputs that an update is expected to have. @throws Error when the API server refuses it, or the object is gone */
export async function previewUpdate(inputs: ValueMap, olds: ValueMap, context: PreviewContext): Promise<ValueMap> {
  return askOr(previewFromInputs(inputs), inputs, context, async (client) => {
    const name = nameOf(inputs);
    // A dry run would create an object that is gone, where `up` refuses.
    await refuseGone(client, name, inputs);
    const answer = await apply(client, name, inputs, { manager: context.manager, dryRun: true });
    return toOutputs(previewOfUpdate(answer, olds), inputs, context.manager);
  });
}

/** @throws Error when an object is there, naming it, its cluster and the ways out */
export async function refuseExisting(client: ClusterClient, name: ObjectName, inputs: ValueMap): Promise<void> {
  const live = await client.get(name);
  if (live === undefined) return;
  const going = stringAt(live, "metadata", "deletionTimestamp") !== undefined ? " and is being deleted" : "";
  throw new Error(
    `${title(inputs)} already exists${going} in ${client.title}; import it (pulumi import, or the import option), rename yours, or set upsertExistingObjects on the provider to take it over`,
  );
}

/** @throws Error when an object is not there, naming it and the way out */
export async function refuseGone(client: ClusterClient, name: ObjectName, inputs: ValueMap): Promise<void> {
  if ((await client.get(name)) !== undefined) return;
  throw new Error(`${title(inputs)} is gone from the cluster; run pulumi refresh, and pulumi up will create it again`);
}

/** The name that inputs give an object. @throws Error when they give none */
export function nameOf(inputs: ValueMap): ObjectName {
  const [type, name] = [typeOf(inputs, ""), stringAt(inputs, "metadata", "name")];
  if (type === undefined || name === undefined) throw new Error("an object needs apiVersion, kind and metadata.name");
  return { ...type, name, namespace: stringAt(inputs, "metadata", "namespace") };
}

/** Asks the cluster, or falls back where it cannot know: inputs or connection not known yet, no cluster, no namespace, no kind. */
async function askOr(
  fallback: ValueMap,
  inputs: ValueMap,
  { client, warn }: PreviewContext,
  ask: (client: ClusterClient) => Promise<ValueMap>,
): Promise<ValueMap> {
  if (client === undefined || containsUnknown(inputs)) return fallback;
  try {
    return await ask(client);
  } catch (error) {
    if (error instanceof Unreachable) {
      warn(`${error.message}; this preview shows what the program says, which no API server has checked`);
      return fallback;
    }
    if (error instanceof UnknownKind || (error instanceof ApiError && error.code === 404)) return fallback;
    throw error;
  }
}
