import { describe, expect, it } from "vitest";
import { ALL_DEBIAN_SETS } from "../../../../local/toolchain/debianPackages.ts";

const SPDX = /^[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*$/;

describe.each(ALL_DEBIAN_SETS.map((set) => [set.name, set] as const))("Debian packages: %s", (_, set) => {
  it("names each package once, with reason and licence", () => {
    expect(new Set(set.packages.map((one) => one.name)).size).toBe(set.packages.length);
    for (const one of set.packages) {
      expect(one.why, one.name).not.toBe("");
      expect(one.licence, one.name).toMatch(SPDX);
    }
  });
});

it("gives a package that both sets have the same licence in both", () => {
  const licences = new Map<string, string>();
  for (const { name, licence } of ALL_DEBIAN_SETS.flatMap((set) => set.packages)) {
    expect(licences.get(name) ?? licence, name).toBe(licence);
    licences.set(name, licence);
  }
});
