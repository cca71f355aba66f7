/** The operations of a stand-in provider, on plain values: what a real one would ask the cloud, the tables and the state answer. */
import type { z } from "zod";
import { changedFields, type ObjectChange, writePath } from "../../../local/pulumi/changes.ts";
import type { Value, ValueMap } from "../../../local/pulumi/wire.ts";
import { containsUnknown, isList, isMap, sameValue, unknown, withoutNulls } from "../../../local/pulumi/wire.ts";
import type { Cloud, Place, ResourceType, Stored } from "./resourceType.ts";
import type { Address, State } from "./state.ts";

/** Checked inputs with the provider's defaults, or what is wrong with them by property path. */
export interface Checked {
  readonly inputs: ValueMap;
  readonly failures: readonly { readonly property: string; readonly reason: string }[];
}

export class StandinProvider {
  readonly #cloud: Cloud;
  readonly #state: State;
  #place: Place | undefined;

  constructor(cloud: Cloud, state: State) {
    this.#cloud = cloud;
    this.#state = state;
  }

  /** Takes the configuration. @throws Error where the cloud would refuse it */
  configure(settings: ValueMap): void {
    this.#place = this.#cloud.configure(settings);
  }

  /** Checks what can be said without the cloud. */
  check(token: string, given: ValueMap): Checked {
    const type = this.#type(token);
    const inputs: ValueMap = { ...type.defaults, ...withoutNulls(given) };
    const result = type.inputs.safeParse(inputs);
    const issues = result.success ? [] : result.error.issues;
    const failures = issues
      .filter(({ path }) => !containsUnknown(at(inputs, path)) && !onUnknownPath(inputs, path))
      .map((issue) => ({ property: writePath(issue.path as (string | number)[]), reason: reasonOf(issue) }));
    return { inputs, failures };
  }

  /**
   * Compares what the cloud gave back with what is wanted, each property in the form in which the provider compares it.
   * @param ignored property paths of `ignoreChanges`
   */
  diff(
    token: string,
    olds: ValueMap,
    oldInputs: ValueMap,
    news: ValueMap,
    ignored: readonly string[] = [],
  ): ObjectChange {
    const type = this.#type(token);
    const keys = [...new Set([...Object.keys(oldInputs), ...Object.keys(news)])];
    const pick = (from: ValueMap) =>
      withoutNulls(Object.fromEntries(keys.map((key) => [key, formOf(type, key, from[key])])));
    const fields = changedFields(pick(olds), pick(news), (path) =>
      type.replaces.some((one) => one.split(".").every((step, index) => step === path[index])),
    ).filter(
      ({ path }) => !ignored.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`)),
    );
    const [before, after] = [olds, news].map((one) => keyOf(type, one, this.#where));
    return { fields, deleteBeforeReplace: fields.some(({ replaces }) => replaces) && before === after };
  }

  /** Makes a resource. @throws Error as the cloud would, or where the judge refuses what the stand-in takes */
  async create(token: string, given: ValueMap, preview: boolean): Promise<{ id: string; outputs: ValueMap }> {
    const type = this.#type(token);
    if (preview) {
      const known = Object.keys(type.computes(given, this.#where, undefined));
      return { id: "", outputs: { ...given, ...Object.fromEntries(known.map((name) => [name, unknown])) } };
    }
    const inputs = { ...given, ...type.draws?.(given) };
    const address = this.#address(token, type, inputs);
    this.#requireReferences(type, inputs);
    const refusal = type.refuses?.(inputs, this.#present(), this.#where);
    if (refusal !== undefined) throw new Error(refusal);
    const returned = type.returns?.(inputs, this.#where, undefined) ?? inputs;
    const outputs = { ...returned, ...type.computes(inputs, this.#where, undefined) };
    const id = type.id?.(inputs, this.#where) ?? address.key;
    if (!this.#state.add(address, { type: token, id, properties: without(outputs, type.once) })) {
      if (!type.adopts) throw new Error(type.duplicate.replace("%s", address.key));
      this.#state.write(address, outputs);
    }
    try {
      await this.#cloud.judge?.created(token, inputs, this.#where);
    } catch (error) {
      this.#state.remove(address);
      throw error;
    }
    return { id, outputs };
  }

  /** Changes a resource in place. */
  async update(token: string, id: string, olds: ValueMap, inputs: ValueMap, preview: boolean): Promise<ValueMap> {
    const type = this.#type(token);
    if (preview) {
      const renewed = Object.fromEntries((type.renews ?? []).map((name) => [name, unknown]));
      return { ...olds, ...inputs, ...renewed };
    }
    const { address, stored } = this.#find(token, id);
    this.#requireReferences(type, inputs);
    await this.#cloud.judge?.updated(token, inputs, this.#where);
    const returned = type.returns?.(inputs, this.#where, stored.properties) ?? inputs;
    const outputs = { ...returned, ...type.computes(inputs, this.#where, stored.properties) };
    this.#state.write(address, without(outputs, type.once));
    return { ...outputs, ...only(olds, type.once) };
  }

  /**
   * The resource as it is; undefined when it is gone. Of a resource that is in the state already, only the inputs that it had
   * are said, and where they mean the same, as they were said: what a program leaves out is nobody's drift.
   * @param olds properties that the engine has of it
   */
  read(
    token: string,
    id: string,
    oldInputs: ValueMap,
    olds: ValueMap = {},
  ): { outputs: ValueMap; inputs: ValueMap } | undefined {
    const type = this.#type(token);
    const found = this.#state.byId(token, id, this.#where)?.stored.properties;
    if (found === undefined || type.isGone?.(found)) return undefined;
    const imported = Object.keys(oldInputs).length === 0;
    const computed = new Set(Object.keys(type.computes(found, this.#where, found)));
    const keys = imported ? Object.keys(found).filter((key) => !computed.has(key)) : Object.keys(oldInputs);
    const inputs = Object.fromEntries(
      keys.map((key) => {
        const same = sameValue(formOf(type, key, oldInputs[key]), formOf(type, key, found[key]));
        return [key, same ? oldInputs[key] : found[key]];
      }),
    );
    return { outputs: { ...found, ...only(olds, type.once) }, inputs };
  }

  /** Deletes a resource; one that is gone already is none of its business. */
  async delete(token: string, id: string): Promise<void> {
    const found = this.#state.byId(token, id, this.#where);
    if (found === undefined) return;
    const { properties } = found.stored;
    const type = this.#type(token);
    const reason = type.inUse?.(properties, this.#present());
    if (reason !== undefined) throw new Error(reason);
    await this.#cloud.judge?.deleted(token, properties, this.#where);
    const takesAlong = type.takesAlong;
    if (takesAlong !== undefined) this.#state.removeAll((other) => takesAlong(properties, other));
    const left = type.left?.(properties);
    if (left === undefined) this.#state.remove(found.address);
    else this.#state.write(found.address, left);
  }

  get #where(): Place {
    if (this.#place === undefined) throw new Error(`the provider of ${this.#cloud.name} was not configured`);
    return this.#place;
  }

  #type(token: string): ResourceType {
    const type = this.#cloud.types[token];
    if (type === undefined) throw new Error(`the stand-in for ${this.#cloud.name} has no table for ${token}`);
    return type;
  }

  #address(token: string, type: ResourceType, inputs: ValueMap): Address {
    return addressOf(token, type, type.key(inputs, this.#where), this.#where);
  }

  #present(): Stored[] {
    return this.#state.all().filter(({ type, properties }) => !this.#type(type).isGone?.(properties));
  }

  #find(token: string, id: string) {
    const found = this.#state.byId(token, id, this.#where);
    if (found === undefined) throw new Error(`${token} ${id} is not there: somebody else has deleted it`);
    return found;
  }

  #requireReferences(type: ResourceType, inputs: ValueMap): void {
    for (const { type: token, key, missing } of type.references?.(inputs, this.#where) ?? []) {
      const address = addressOf(token, this.#type(token), key, this.#where);
      const found = this.#state.find(address);
      if (found === undefined || this.#type(token).isGone?.(found.properties)) throw new Error(missing);
    }
  }
}

/** Where the state has a resource of a type under a key. */
export function addressOf(token: string, type: ResourceType, key: string, place: Place): Address {
  const account = type.unique === "cloud" ? "" : place.account;
  const region = type.unique === "region" ? place.region : "";
  return { type: token, key, place: { account, region } };
}

function only(properties: ValueMap, names: readonly string[] = []): ValueMap {
  return Object.fromEntries(names.filter((name) => name in properties).map((name) => [name, properties[name]]));
}

function without(properties: ValueMap, names: readonly string[] = []): ValueMap {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}

function keyOf(type: ResourceType, properties: ValueMap, place: Place): string {
  return type.key(properties, place);
}

function formOf(type: ResourceType, key: string, value: Value | undefined): Value | undefined {
  const form = type.forms?.[key];
  return form === undefined || value === undefined || value === null || containsUnknown(value) ? value : form(value);
}

/** What is wrong with the key of a record is said below the issue. */
function reasonOf(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_key" ? issue.issues.map(({ message }) => message).join(", ") : issue.message;
}

function at(value: Value | undefined, path: readonly PropertyKey[]): Value | undefined {
  return path.reduce<Value | undefined>((here, step) => {
    if (isList(here)) return here[Number(step)];
    return isMap(here) ? here[String(step)] : undefined;
  }, value);
}

function onUnknownPath(value: Value, path: readonly PropertyKey[]): boolean {
  return path.some((_, length) => at(value, path.slice(0, length)) === unknown);
}
