import fc from "fast-check";
import { expect, it } from "vitest";
import { type PatchOperation, pullSecretPatch } from "../../../../builders/run/pullSecretList.ts";

interface Account {
  metadata: { resourceVersion: string };
  imagePullSecrets?: { name: string }[] | undefined;
}

const name = fc.constantFrom("a", "b", "c", "d");
const account: fc.Arbitrary<Account> = fc.record({
  metadata: fc.record({ resourceVersion: fc.stringMatching(/^[1-9]\d{0,6}$/) }),
  imagePullSecrets: fc.option(fc.array(fc.record({ name }), { maxLength: 6 }), { nil: undefined }),
});

/** What RFC 6902 has to say about the operations in use; null when a test fails. */
function applied(to: Account, operations: readonly PatchOperation[]): Account | null {
  const result = structuredClone(to);
  for (const operation of operations) {
    const index = /^\/imagePullSecrets\/(\d+|-)$/.exec(operation.path)?.[1];
    const list = result.imagePullSecrets;
    if (operation.op === "test") {
      expect(operation.path).toBe("/metadata/resourceVersion");
      if (operation.value !== result.metadata.resourceVersion) return null;
    } else if (operation.op === "add" && operation.path === "/imagePullSecrets") {
      result.imagePullSecrets = operation.value as { name: string }[];
    } else if (operation.op === "add") {
      if (index !== "-" || list === undefined) throw new Error(`no list to add to: ${JSON.stringify(operation)}`);
      list.push(operation.value as { name: string });
    } else {
      if (list === undefined || index === undefined || Number(index) >= list.length) throw new Error(operation.path);
      list.splice(Number(index), 1);
    }
  }
  return result;
}

const names = ({ imagePullSecrets = [] }: Account) => imagePullSecrets.map((entry) => entry.name);
const others = (of: Account, own: string) => names(of).filter((one) => one !== own);

it("the entry is there once attached and gone once detached, and those of others stay in their order", () => {
  fc.assert(
    fc.property(account, name, fc.constantFrom("attached", "detached"), (before, secret, wanted) => {
      const patch = pullSecretPatch(before, secret, wanted);
      const after = patch === null ? before : applied(before, patch)!;
      expect(names(after).includes(secret)).toBe(wanted === "attached");
      expect(others(after, secret)).toEqual(others(before, secret));
      expect(pullSecretPatch(after, secret, wanted)).toBeNull();
    }),
  );
});

it("nothing is written where nothing changes, and an account that was changed meanwhile is left alone", () => {
  fc.assert(
    fc.property(account, name, fc.constantFrom("attached", "detached"), (before, secret, wanted) => {
      const patch = pullSecretPatch(before, secret, wanted);
      expect(patch === null).toBe(names(before).includes(secret) === (wanted === "attached"));
      if (patch === null) return;
      const meanwhile = { ...before, metadata: { resourceVersion: `${before.metadata.resourceVersion}0` } };
      expect(applied(meanwhile, patch)).toBeNull();
    }),
  );
});

it("attaching and detaching again gives back what was there", () => {
  fc.assert(
    fc.property(account, name, (before, secret) => {
      fc.pre(!names(before).includes(secret));
      const attached = applied(before, pullSecretPatch(before, secret, "attached")!)!;
      expect(names(applied(attached, pullSecretPatch(attached, secret, "detached")!)!)).toEqual(names(before));
    }),
  );
});
