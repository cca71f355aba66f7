/**
 * What is in the stand-in's cloud: one file per resource below a folder, so that providers of several accounts and regions,
 * which are processes of their own, share it without a lock, and a test can look at it and change it.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
    try {
      writeFileSync(this.#file(address), text({ address, stored }), { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  }

  find(address: Address): Stored | undefined {
    const file = this.#file(address);
    return existsSync(file) ? read(file).stored : undefined;
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

  /** Everything that is there. */
  all(): Stored[] {
    return this.#entries().map(({ stored }) => stored);
  }

  #entries(): Entry[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => read(join(this.folder, name)))
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

function read(file: string): Entry {
  return JSON.parse(readFileSync(file, "utf8")) as Entry;
}

function text(entry: Entry): string {
  return `${JSON.stringify(entry, null, 2)}\n`;
}
