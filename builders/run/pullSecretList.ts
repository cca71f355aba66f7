/**
 * One entry of a service account's `imagePullSecrets`. The list is atomic in the API: whoever applies or merges it owns all of it.
 * So an entry is added or removed by a JSON Patch (RFC 6902) that only holds for the version of the account that it was made from,
 * and entries of others stay as they are. Pure.
 */

/** What is needed of a service account. */
export interface PullSecretList {
  readonly metadata: { readonly resourceVersion?: string | undefined };
  readonly imagePullSecrets?: readonly { readonly name?: string }[] | undefined;
}

export type PatchOperation =
  | { readonly op: "test" | "add"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

const LIST = "/imagePullSecrets";

/** The patch by which an account has a Secret in its list, or has it no more; null when it is so already. */
export function pullSecretPatch(
  account: PullSecretList,
  secret: string,
  wanted: "attached" | "detached",
): PatchOperation[] | null {
  const list = account.imagePullSecrets;
  const found = (list ?? []).flatMap(({ name }, index) => (name === secret ? [index] : []));
  const version = account.metadata.resourceVersion;
  const same: PatchOperation[] =
    version === undefined ? [] : [{ op: "test", path: "/metadata/resourceVersion", value: version }];
  if (wanted === "attached") {
    if (found.length > 0) return null;
    const entry = { name: secret };
    const add = list === undefined ? { path: LIST, value: [entry] } : { path: `${LIST}/-`, value: entry };
    return [...same, { op: "add", ...add }];
  }
  if (found.length === 0) return null;
  // From the end, as every removal moves what follows.
  return [...same, ...found.toReversed().map((index): PatchOperation => ({ op: "remove", path: `${LIST}/${index}` }))];
}
