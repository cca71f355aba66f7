// What a refresh reports as the inputs of an object: the live values of exactly those fields that the program named.

import type { Value, ValueMap } from "../wire.ts";
import { isList, isMap, isSecret, sameValue, secret, withoutSecrets } from "../wire.ts";
import { hideContent } from "./outputs.ts";
import { sameQuantity } from "./quantity.ts";

/** Members below which strings and numbers are amounts, which the API server may write differently (`1000m` as `1`). */
const amounts = new Set([
  "capacity",
  "default",
  "defaultRequest",
  "hard",
  "limits",
  "max",
  "maxLimitRequestRatio",
  "min",
  "requests",
]);

/** Members that identify an element of a list, in the order in which they are tried. */
const identities = ["name", "mountPath", "containerPort", "port", "key", "ip"];

/**
 * Picks the fields that `inputs` names out of a live object. A field that is gone from the cluster is gone from the
 * result; what others added is not in it. Secret values stay secret, and names that differ only in writing stay as they
 * are in the program, so that a refresh without drift changes nothing.
 *
 * @param inputs as the program gave them
 * @param live as the API server has the object
 */
export function pickInputs(inputs: ValueMap, live: ValueMap): ValueMap {
  return pick(withClearText(inputs, live), inputs, false) as ValueMap;
}

/** What the API server adds to every object's metadata. */
const served = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "selfLink",
  "uid",
];

/**
 * The inputs of an object that nobody's program has described yet: all of it, less what the API server adds. They go into the
 * state, so a Secret's content is secret.
 */
export function importedInputs(live: ValueMap): ValueMap {
  const metadata = isMap(live.metadata) ? live.metadata : {};
  const { status: _status, ...rest } = live;
  const inputs: ValueMap = {
    ...rest,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !served.includes(key))),
  };
  return live.kind === "Secret" ? hideContent(inputs) : inputs;
}

function pick(live: Value | undefined, wanted: Value | undefined, amount: boolean): Value | undefined {
  if (isSecret(wanted)) {
    const found = pick(live, wanted.value, amount);
    return found === undefined ? undefined : secret(found);
  }
  if (isMap(wanted) && isMap(live)) {
    return Object.fromEntries(
      Object.keys(wanted).flatMap((key) => {
        const found = wanted[key] === null ? null : pick(live[key], wanted[key], amount || amounts.has(key));
        return found === undefined ? [] : [[key, found]];
      }),
    );
  }
  if (isList(wanted) && isList(live)) return pickList(live, wanted, amount);
  // The API server leaves out empty objects and lists; a program that writes one means the same.
  if (live === undefined && isEmpty(wanted)) return wanted;
  if (amount && sameQuantity(live, wanted)) return wanted;
  return live;
}

function pickList(live: readonly Value[], wanted: readonly Value[], amount: boolean): Value {
  // A member that two elements share tells nothing apart: port 53 over UDP and over TCP, for one.
  const identity = identities.find((key) => wanted.length > 0 && identifies(key, wanted) && identifies(key, live));
  if (identity === undefined) {
    return live.length === wanted.length ? live.map((item, index) => pick(item, wanted[index], amount) as Value) : live;
  }
  return wanted.flatMap((item) => {
    const id = identityOf(item, identity);
    const found = live.find((candidate) => sameValue(identityOf(candidate, identity), id));
    return found === undefined ? [] : [pick(found, item, amount) as Value];
  });
}

function identifies(key: string, items: readonly Value[]): boolean {
  const ids = items.map((item) => identityOf(item, key));
  return ids.every((id, index) => id !== undefined && ids.findIndex((other) => sameValue(other, id)) === index);
}

function identityOf(item: Value, key: string): Value | undefined {
  const plain = withoutSecrets(item);
  return isMap(plain) ? plain[key] : undefined;
}

function isEmpty(value: Value | undefined): boolean {
  return isMap(value) ? Object.keys(value).length === 0 : isList(value) && value.length === 0;
}

/** The API server keeps a Secret's `stringData` as base64 in `data` only: read it back for the keys that inputs name. */
function withClearText(inputs: ValueMap, live: ValueMap): ValueMap {
  const wanted = withoutSecrets(inputs.stringData);
  if (live.kind !== "Secret" || !isMap(wanted) || !isMap(live.data)) return live;
  const data = live.data;
  const clear = Object.keys(wanted).flatMap((key) => {
    const value = data[key];
    return typeof value === "string" ? [[key, Buffer.from(value, "base64").toString("utf8")]] : [];
  });
  return { ...live, stringData: Object.fromEntries(clear) };
}
