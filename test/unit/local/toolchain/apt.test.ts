import { describe, expect, it } from "vitest";
import { explainAptFailure, parsePrintedUris, unresolved } from "../../../../local/toolchain/apt.ts";
import { setInputs, setKey } from "../../../../local/toolchain/debian.ts";
import { BASE, PROGRAMS } from "../../../../local/toolchain/debianPackages.ts";

const SUM = "8669d264eeb0fcdb4a0b1ba436ab88ec5dafde4a66e1278ec279d830db4c2216";
const line = (file: string, sum = SUM) => `'http://deb.example.org/pool/${file}' ${file} 25903404 SHA256:${sum}`;

describe("what apt would download", () => {
  it.each([
    ["containerd_1.6.20~ds1-1+deb12u3_amd64.deb", "containerd", "1.6.20~ds1-1+deb12u3", "amd64"],
    ["libgmp10_2%3a6.2.1+dfsg1-1.1_amd64.deb", "libgmp10", "2:6.2.1+dfsg1-1.1", "amd64"],
    ["ca-certificates_20250419~deb12u2_all.deb", "ca-certificates", "20250419~deb12u2", "all"],
    ["libstdc++6_12.2.0-14+deb12u1_amd64.deb", "libstdc++6", "12.2.0-14+deb12u1", "amd64"],
  ])("reads %s", (file, name, version, architecture) => {
    expect(parsePrintedUris(line(file))).toEqual([{ name, version, architecture, file, sha256: SUM, size: 25903404 }]);
  });

  it("passes over everything else", () => {
    expect(parsePrintedUris("Reading package lists...\n\nW: something\n'http://a' b.deb 12 MD5Sum:00")).toEqual([]);
  });

  it("names what was not resolved", () => {
    const all = parsePrintedUris(BASE.packages.map(({ name }) => line(`${name}_1.0_amd64.deb`)).join("\n"));
    expect(unresolved(BASE, all)).toEqual([]);
    expect(unresolved(BASE, all.slice(2))).toEqual(BASE.packages.slice(0, 2).map((one) => one.name));
  });
});

describe("a set's key", () => {
  const resolved = parsePrintedUris([line("a_1_amd64.deb"), line("b_1_amd64.deb")].join("\n"));
  const key = setKey(setInputs(PROGRAMS), resolved);
  it("does not depend on the order of packages", () => {
    expect(setKey(setInputs(PROGRAMS), resolved.toReversed())).toBe(key);
  });
  it.each([
    ["a version", parsePrintedUris([line("a_2_amd64.deb"), line("b_1_amd64.deb")].join("\n"))],
    ["a checksum", parsePrintedUris([line("a_1_amd64.deb", "0".repeat(64)), line("b_1_amd64.deb")].join("\n"))],
    ["a package less", resolved.slice(1)],
  ])("changes with %s", (_, others) => {
    expect(setKey(setInputs(PROGRAMS), others)).not.toBe(key);
  });
  it("changes with the list of packages and the links", () => {
    expect(setInputs({ ...PROGRAMS, packages: PROGRAMS.packages.slice(1) })).not.toBe(setInputs(PROGRAMS));
    expect(setInputs({ ...PROGRAMS, links: {} })).not.toBe(setInputs(PROGRAMS));
  });
});

describe("a failure of apt", () => {
  it.each([
    [
      "E: Unable to locate package containerd",
      "apt knows no package containerd; the names are those of Debian 12, this is Ubuntu 24.04",
      "use Debian 12",
    ],
    [
      "E: Failed to fetch http://packages.example.org/a.deb  Temporary failure resolving 'packages.example.org'",
      "Temporary failure resolving",
      "check the network",
    ],
    ["E: Write error - write (28: No space left on device)", "the disk is full", "PERGOLA_CACHE"],
    ["E: a.deb: tar: ./usr/bin/a: Wrote only 5120 of 10240 bytes", "the disk is full", "PERGOLA_CACHE"],
    ["W: GPG error: bookworm\nE: The repository 'x' is not signed.", "cannot be trusted", "apt-get update"],
  ])("%j is explained", (output, message, hint) => {
    const explained = explainAptFailure(PROGRAMS, output, "Ubuntu 24.04");
    expect(explained.message).toContain(message);
    expect(explained.hint).toContain(hint);
  });
});
