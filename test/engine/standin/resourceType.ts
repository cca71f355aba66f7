/** What a cloud stand-in knows of a cloud: plain tables, one entry per resource type. */
import type { z } from "zod";
import type { Value, ValueMap } from "../../../local/pulumi/wire.ts";

/** Where a provider works, as its configuration says: an account and region, a project and location. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/** Something that another resource needs, and what the cloud says when it is not there. */
export interface Reference {
  readonly type: string;
  readonly key: string;
  readonly missing: string;
}

/** A resource in the cloud: what it was written with and what the cloud added. */
export interface Stored {
  readonly type: string;
  readonly id: string;
  readonly properties: ValueMap;
}

/**
 * One resource type. All values are plain; `inputs` are checked and complete. Names are never made up here as the real
 * providers do where a program gives none: Pergola's physical names go by rule.
 */
export interface ResourceType {
  /** everything that a program may say; issues become check failures. Values that are not known yet are let through */
  readonly inputs: z.ZodType;
  /** what the provider takes where the program says nothing */
  readonly defaults?: ValueMap;
  /** what the resource is called where its name has to be unique */
  key(inputs: ValueMap, place: Place): string;
  /** id in Pulumi's state; the key by default */
  id?(inputs: ValueMap, place: Place): string;
  /** where a key is unique: once in the cloud, once in the account, or once in each region of it */
  readonly unique: "cloud" | "account" | "region";
  /** what the cloud says to a second one, with the key in the place of `%s` */
  readonly duplicate: string;
  /** one that is there already is taken as it is, with nothing said */
  readonly adopts?: true;
  /** what the cloud draws at random for a new one, such as the id of a key; key, id and computed properties may use it */
  draws?(inputs: ValueMap): ValueMap;
  /** what has to be there already */
  references?(inputs: ValueMap, place: Place): readonly Reference[];
  /** what the cloud says against a new one because of what else there is, or nothing */
  refuses?(inputs: ValueMap, all: readonly Stored[], place: Place): string | undefined;
  /** what has to be gone before this can be deleted: says why not, or nothing */
  inUse?(properties: ValueMap, all: readonly Stored[]): string | undefined;
  /** whether something else goes with it when it is deleted, as nobody could find it any more */
  takesAlong?(properties: ValueMap, other: Stored): boolean;
  /** what a deleted one leaves behind under its key; by default nothing */
  left?(properties: ValueMap): ValueMap | undefined;
  /** whether it is what a deleted one left behind: its key stays taken, but nobody finds it */
  isGone?(properties: ValueMap): boolean;
  /** properties whose change means another resource, by their paths */
  readonly replaces: readonly string[];
  /** property -> form in which two values of it are compared, as the provider does */
  readonly forms?: Readonly<Record<string, (value: Value) => Value>>;
  /** inputs as the cloud gives them back, where that is not what it was given */
  returns?(inputs: ValueMap, place: Place, previous: ValueMap | undefined): ValueMap;
  /** what the cloud adds */
  computes(inputs: ValueMap, place: Place, previous: ValueMap | undefined): ValueMap;
  /** computed properties that the cloud says once, at creation, and does not keep: later they are in Pulumi's state alone */
  readonly once?: readonly string[];
  /** computed properties that an update changes, and which a preview therefore does not know */
  readonly renews?: readonly string[];
}

/** Somebody else who is asked about everything that the stand-in does; each call throws where it is refused. */
export interface Judge {
  created(type: string, inputs: ValueMap, place: Place): Promise<void>;
  updated(type: string, inputs: ValueMap, place: Place): Promise<void>;
  deleted(type: string, inputs: ValueMap, place: Place): Promise<void>;
}

/** A cloud. */
export interface Cloud {
  /** as in `pulumi-resource-<name>` */
  readonly name: string;
  readonly types: Readonly<Record<string, ResourceType>>;
  /** what is wrong with the provider's configuration, by property */
  checkSettings(settings: ValueMap): readonly { readonly property: string; readonly reason: string }[];
  /** the place that a configuration leads to. @throws Error where the cloud would refuse it */
  configure(settings: ValueMap): Place;
  readonly judge?: Judge;
}
