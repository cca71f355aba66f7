import { describe, expect, it } from "vitest";
import { readCases } from "../../conformance/case.ts";
import { judge, RENDERED_FILE, readDifferences, rendered } from "../../conformance/differences.ts";

const table = readDifferences(`
- what: w
  cluster-buildkit: b
  kaniko: "a | b"
  reason: r
  instead: i
  occurs:
    kaniko: {any: ["/dev: * -> nothing"], one: ["/a mode: 0644 -> 0600"]}
    local-docker: {two: ["/b: file -> nothing"]}
`);

describe("the table of differences", () => {
  it("explains what it lists, in the cases that it lists", () => {
    const found = new Map([
      ["one", ["/a mode: 0644 -> 0600", "/dev: directory -> nothing"]],
      ["two", []],
    ]);
    expect(judge(table, "kaniko", found)).toEqual({
      unexplained: new Map([...found.keys()].map((name) => [name, []])),
      stale: [],
    });
  });

  it("explains neither another line nor the same one in another case", () => {
    const found = new Map([
      ["one", ["/a mode: 0644 -> 0600", "/dev: a -> nothing", "/ab mode: 0644 -> 0600"]],
      ["two", ["/a mode: 0644 -> 0600"]],
    ]);
    expect(Object.fromEntries(judge(table, "kaniko", found).unexplained)).toEqual({
      one: ["/ab mode: 0644 -> 0600"],
      two: ["/a mode: 0644 -> 0600"],
    });
  });

  it("names what is listed and no longer occurs", () => {
    expect(judge(table, "local-docker", new Map([["two", []]])).stale).toEqual(["two: /b: file -> nothing"]);
    expect(judge(table, "kaniko", new Map([["two", ["/a mode: 0644 -> 0600"]]])).stale).toEqual([
      "any: /dev: * -> nothing",
      "one: /a mode: 0644 -> 0600",
    ]);
  });

  it("lists cases of the suite only", () => {
    const names = new Set(["any", ...readCases().map(({ name }) => name)]);
    const listed = readDifferences().flatMap(({ occurs }) =>
      Object.values(occurs).flatMap((places) => Object.keys(places)),
    );
    expect(listed.filter((name) => !names.has(name))).toEqual([]);
  });

  it("is what docs/differences.md says", async () => {
    expect(rendered(table)).toContain("| w | b | a \\| b | - | r **Instead:** i |");
    await expect(rendered(readDifferences())).toMatchFileSnapshot(RENDERED_FILE);
  });
});
