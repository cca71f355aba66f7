// Machine types of Compute Engine: what their series says of them.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  defaultDiskType,
  diskTypeProblem,
  machineArchitecture,
} from "../../../../../infra/documents/gcp/machineTypes.ts";

test.each([
  ["t2a-standard-8", "arm64", "pd-balanced"],
  ["c4a-standard-8", "arm64", "hyperdisk-balanced"],
  ["n4a-highcpu-4", "arm64", "hyperdisk-balanced"],
  ["n2d-standard-8", "amd64", "pd-balanced"],
  ["t2d-standard-8", "amd64", "pd-balanced"],
  ["c4-standard-8", "amd64", "hyperdisk-balanced"],
  ["c4d-standard-8-lssd", "amd64", "hyperdisk-balanced"],
  ["n4-custom-8-16384", "amd64", "hyperdisk-balanced"],
  ["c3-standard-8", "amd64", "pd-balanced"],
  ["e2-medium", "amd64", "pd-balanced"],
  ["custom-8-16384", "amd64", "pd-balanced"],
] as const)("%s is %s, and has the disk %s unless somebody chooses", (type, architecture, disk) => {
  expect([machineArchitecture(type), defaultDiskType(type)]).toEqual([architecture, disk]);
});

test.each([
  ["n2d-standard-8", "pd-ssd", true],
  ["n2d-standard-8", "hyperdisk-balanced", false],
  ["t2a-standard-8", "hyperdisk-balanced", false],
  ["c2d-standard-8", "hyperdisk-balanced", false],
  ["c2-standard-8", "pd-ssd", true],
  ["custom-8-16384", "hyperdisk-balanced", false],
  ["c4a-standard-8", "hyperdisk-balanced", true],
  ["c4a-standard-8", "pd-standard", false],
  ["c3-standard-8", "pd-balanced", true],
  ["c3-standard-8", "hyperdisk-balanced", true],
  ["custom-8-16384", "pd-ssd", true],
] as const)("%s with %s: %s", (type, disk, may) => {
  expect(diskTypeProblem(type, disk) === null).toBe(may);
});

test("the disk that nobody chose always fits", () => {
  const series = fc.stringMatching(/^[a-z]\d[a-z]?$/);
  fc.assert(
    fc.property(series, fc.constantFrom("standard-8", "custom-4-8192", "medium"), (series, rest) => {
      const type = `${series}-${rest}`;
      expect(diskTypeProblem(type, defaultDiskType(type))).toBeNull();
    }),
  );
});
