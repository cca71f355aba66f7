import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { neededGo, wrapperFolder } from "../../../../local/toolchain/go.ts";
import type { GoTool } from "../../../../local/toolchain/goTool.ts";
import { DEFAULT_TOOLS, GO_TOOLS, toolOfBinary } from "../../../../local/toolchain/tools.ts";

const goMod = (tool: GoTool) => readFileSync(join(wrapperFolder(tool), "go.mod"), "utf8");
const SPDX = /^[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*$/;

describe.each(GO_TOOLS.map((tool) => [tool.name, tool] as const))("%s", (_, tool) => {
  it("says why it is there and under what licence", () => {
    expect(tool.why.length).toBeGreaterThan(20);
    expect(tool.licence).toMatch(SPDX);
  });

  it("has the version that its go.mod pins", () => {
    if (tool.module === undefined) {
      expect(goMod(tool)).not.toMatch(/^\s*(require|replace)\b/m);
      return;
    }
    const pinned = new RegExp(`^(?:require )?\\s*${tool.module.replaceAll(".", "\\.")} v(\\S+)`, "m").exec(
      goMod(tool),
    )?.[1];
    expect(pinned).toBe(tool.version);
    expect(existsSync(join(wrapperFolder(tool), "go.sum"))).toBe(true);
  });

  it("has checksums for the module that it is built from", () => {
    if (tool.module === undefined) return;
    const sums = readFileSync(join(wrapperFolder(tool), "go.sum"), "utf8");
    expect(sums).toContain(`${tool.module} v${tool.version} h1:`);
  });

  it("pins exact versions only", () => {
    const versions = [...goMod(tool).matchAll(/^\s*(?:require )?[\w./-]+\.[\w./-]+ (?:=> \S+ )?(\S+)/gm)].map(
      (match) => match[1],
    );
    for (const version of versions) expect(version).toMatch(/^v\d+\.\d+\.\d+/);
  });

  it("links only to binaries of its own", () => {
    const names = tool.binaries.map((binary) => binary.name);
    for (const binary of Object.values(tool.links)) expect(names).toContain(binary);
  });

  it("stamps its version where the binary is asked for it", () => {
    for (const binary of tool.binaries) {
      const versioned = binary.says.includes(tool.version);
      // Own sources and the policy enforcer have no version to print.
      expect(versioned).toBe(!["node-init", "network-policies"].includes(tool.name));
    }
  });
});

describe("the list", () => {
  it("has every binary once", () => {
    const names = GO_TOOLS.flatMap((tool) => tool.binaries.map((binary) => binary.name));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(toolOfBinary(name).binaries.map((binary) => binary.name)).toContain(name);
  });

  it("leaves out the policy enforcer, and what only the bench or a test needs, unless they are asked for", () => {
    for (const name of [
      "network-policies",
      "buildx",
      "old-frontend",
      "kind",
      "karpenter-crds",
      "docker-credential-gcr",
    ])
      expect(DEFAULT_TOOLS).not.toContain(name);
    expect(DEFAULT_TOOLS).toHaveLength(GO_TOOLS.length - 6);
  });

  it("needs Go 1.26.8 at most, as the documentation says", () => {
    expect(neededGo(GO_TOOLS)).toBe("1.26.8");
  });
});
