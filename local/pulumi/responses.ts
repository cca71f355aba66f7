/** Answers of a provider to the engine, as protocol messages. */
import type { ObjectChange } from "./changes.ts";
import { plugin, provider as proto } from "./protocol.ts";
import type { ValueMap } from "./wire.ts";
import { toStruct } from "./wire.ts";

/** Answer to who this is. @param version of the SDK that it serves */
export function pluginInfo(version: string) {
  const response = new plugin.PluginInfo();
  response.setVersion(version);
  return response;
}

/** A schema that says no more than whose it is. */
export function schemaOf(name: string, version: string) {
  const response = new proto.GetSchemaResponse();
  response.setSchema(JSON.stringify({ name, version }));
  return response;
}

export function created({ id, outputs }: { readonly id: string; readonly outputs: ValueMap }) {
  const response = new proto.CreateResponse();
  response.setId(id);
  response.setProperties(toStruct(outputs));
  return response;
}

export function updated(outputs: ValueMap) {
  const response = new proto.UpdateResponse();
  response.setProperties(toStruct(outputs));
  return response;
}

/** Answer of a read; undefined is what is not there. */
export function found(
  resource: { readonly id: string; readonly inputs: ValueMap; readonly outputs: ValueMap } | undefined,
) {
  const response = new proto.ReadResponse();
  if (resource === undefined) return response;
  response.setId(resource.id);
  response.setProperties(toStruct(resource.outputs));
  response.setInputs(toStruct(resource.inputs));
  return response;
}

/** Answer of a check: completed inputs, and what is wrong with them by property path (empty for the whole). */
export function checked(inputs: ValueMap, failures: readonly { readonly property: string; readonly reason: string }[]) {
  const response = new proto.CheckResponse();
  response.setInputs(toStruct(inputs));
  response.setFailuresList(
    failures.map(({ property, reason }) => {
      const failure = new proto.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

/** Answer of a comparison, field by field. */
export function different({ fields, deleteBeforeReplace }: ObjectChange) {
  const kinds = proto.PropertyDiff.Kind;
  const response = new proto.DiffResponse();
  for (const { path, kind, replaces } of fields) {
    const detail = new proto.PropertyDiff();
    if (kind === "add") detail.setKind(replaces ? kinds.ADD_REPLACE : kinds.ADD);
    else if (kind === "delete") detail.setKind(replaces ? kinds.DELETE_REPLACE : kinds.DELETE);
    else detail.setKind(replaces ? kinds.UPDATE_REPLACE : kinds.UPDATE);
    detail.setInputdiff(true);
    response.getDetaileddiffMap().set(path, detail);
  }
  response.setHasdetaileddiff(true);
  response.setChanges(
    fields.length > 0 ? proto.DiffResponse.DiffChanges.DIFF_SOME : proto.DiffResponse.DiffChanges.DIFF_NONE,
  );
  response.setDiffsList([...new Set(fields.map(({ top }) => top))]);
  response.setReplacesList([...new Set(fields.filter(({ replaces }) => replaces).map(({ path }) => path))]);
  response.setDeletebeforereplace(deleteBeforeReplace);
  return response;
}
