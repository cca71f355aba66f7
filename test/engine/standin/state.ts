/**
 * What is in the stand-in's cloud: one file per resource below a folder, so that providers of several accounts and regions,
 * which are processes of their own, share it without a lock, and a test can look at it and change it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ValueMap } from "../../../local/pulumi/wire.ts";
import type { Place, Stored } from "./resourceType.ts";

/** Which of the resources that have the same key. */
export interface Address {
  readonly type: string;
  readonly key: string;
  /** region "" for what an account has once */
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
      writeFileSync(this.#file(address), text(stored), { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  }

  find(address: Address): Stored | undefined {
    const file = this.#file(address);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Stored) : undefined;
  }

  /** The resource of a type that has an id, in a place. */
  byId(type: string, id: string, place: Place): { readonly stored: Stored; readonly address: Address } | undefined {
    return this.#entries().find(
      ({ stored, address }) =>
        stored.type === type &&
        stored.id === id &&
        address.place.account === place.account &&
        ["", place.region].includes(address.place.region),
    );
  }

  /** Writes the properties of a resource that is there; what is read meanwhile is the old or the new. */
  write(address: Address, properties: ValueMap): void {
    const stored = this.find(address);
    if (stored === undefined) throw new Error(`${address.type} ${address.key} is not there`);
    const file = this.#file(address);
    writeFileSync(`${file}.${process.pid}`, text({ ...stored, properties }));
    renameSync(`${file}.${process.pid}`, file);
  }

  remove(address: Address): void {
    rmSync(this.#file(address), { force: true });
  }

  /** Everything that is there. */
  all(): Stored[] {
    return this.#entries().map(({ stored }) => stored);
  }

  #entries(): { stored: Stored; address: Address }[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => {
        const [account = "", region = "", type = "", key = ""] = name
          .slice(0, -".json".length)
          .split(" ")
          .map(decodeURIComponent);
        const stored = JSON.parse(readFileSync(join(this.folder, name), "utf8")) as Stored;
        return { stored, address: { type, key, place: { account, region } } };
      });
  }

  #file({ type, key, place }: Address): string {
    const name = [place.account, place.region, type, key].map(encodeURIComponent).join(" ");
    return join(this.folder, `${name}.json`);
  }
}

function text(stored: Stored): string {
  return `${JSON.stringify(stored, null, 2)}\n`;
}
