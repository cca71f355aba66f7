/** Answers of a provider to the engine, as protocol messages. */
import type { ObjectChange } from "./changes.ts";
import { provider as proto } from "./protocol.ts";
import type { ValueMap } from "./wire.ts";
import { toStruct } from "./wire.ts";

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
