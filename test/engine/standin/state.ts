/**
 * What is in the stand-in's cloud: one file per resource below a folder, so that providers of several accounts and regions,
 * which are processes of their own, share it without a lock, and a test can look at it and change it.
 */
import { createHash } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ValueMap } from "../../../local/pulumi/wire.ts";
import type { Place, Stored } from "./resourceType.ts";

/** Which of the resources that have the same key. */
export interface Address {
  readonly type: string;
  readonly key: string;
  /** region "" for what an account has once, account "" for what a cloud has once */
  readonly place: Place;
}

export class State {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Adds a resource. @returns false where there is one under this address */
  add(address: Address, stored: Stored): boolean {
    const file = this.#file(address);
    writeFileSync(`${file}.${process.pid}`, text({ address, stored }));
    try {
      // A link is there with all of its content, or not at all.
      linkSync(`${file}.${process.pid}`, file);
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    } finally {
      rmSync(`${file}.${process.pid}`);
    }
  }

  find(address: Address): Stored | undefined {
    return read(this.#file(address))?.stored;
  }

  /** The resource of a type that has an id, in a place. */
  byId(type: string, id: string, place: Place): { readonly stored: Stored; readonly address: Address } | undefined {
    return this.#entries().find(
      ({ stored, address }) =>
        stored.type === type &&
        stored.id === id &&
        ["", place.account].includes(address.place.account) &&
        ["", place.region].includes(address.place.region),
    );
  }

  /** Writes the properties of a resource that is there; what is read meanwhile is the old or the new. */
  write(address: Address, properties: ValueMap): void {
    const stored = this.find(address);
    if (stored === undefined) throw new Error(`${address.type} ${address.key} is not there`);
    const file = this.#file(address);
    writeFileSync(`${file}.${process.pid}`, text({ address, stored: { ...stored, properties } }));
    renameSync(`${file}.${process.pid}`, file);
  }

  remove(address: Address): void {
    rmSync(this.#file(address), { force: true });
  }

  /** Removes every resource of which it is true. */
  removeAll(isMeant: (stored: Stored) => boolean): void {
    for (const { stored, address } of this.#entries()) if (isMeant(stored)) this.remove(address);
  }

  /** Everything that is there. */
  all(): Stored[] {
    return this.#entries().map(({ stored }) => stored);
  }

  #entries(): Entry[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => read(join(this.folder, name)) ?? [])
      .sort((one, other) => (spelled(one.address) < spelled(other.address) ? -1 : 1));
  }

  /** Keys may be longer than the names of files. */
  #file(address: Address): string {
    return join(this.folder, `${createHash("sha256").update(spelled(address)).digest("hex")}.json`);
  }
}

/** What a file holds. */
interface Entry {
  readonly address: Address;
  readonly stored: Stored;
}

function spelled({ type, key, place }: Address): string {
  return JSON.stringify([place.account, place.region, type, key]);
}

/** What a file holds; undefined where another process has removed it. */
function read(file: string): Entry | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Entry;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function text(entry: Entry): string {
  return `${JSON.stringify(entry, null, 2)}\n`;
}
