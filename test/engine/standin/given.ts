/** What a cloud holds before Pergola comes: projects and accounts, clusters, subnets, roles. */
import type { ValueMap } from "../../../local/pulumi/wire.ts";
import { addressOf } from "./provider.ts";
import type { Cloud, Place } from "./resourceType.ts";
import type { State } from "./state.ts";

/** Puts something into a stand-in's cloud as if somebody else had made it. @returns its id */
export function putThere(cloud: Cloud, state: State, place: Place, type: string, given: ValueMap): string {
  const table = cloud.types[type];
  if (table === undefined) throw new Error(`there is no table for ${type}`);
  const inputs = { ...table.defaults, ...given };
  const key = table.key(inputs, place);
  const id = table.id?.(inputs, place) ?? key;
  const properties = { ...inputs, ...table.computes(inputs, place, undefined) };
  state.add(addressOf(type, table, key, place), { type, id, properties });
  return id;
}
