import { describe, expect, it } from "vitest";
import { inputsKey, toolKey } from "../../../../local/toolchain/go.ts";
import type { GoTool } from "../../../../local/toolchain/goTool.ts";
import { goTool } from "../../../../local/toolchain/tools.ts";

const tool = goTool("buildkit");
const sources = { "go.mod": "module a\n", "go.sum": "sum\n", "main.go": "package main\n" };
const key = inputsKey(tool, sources);

describe("a tool's key", () => {
  it("is the same for the same inputs, in whatever order they were read", () => {
    expect(inputsKey({ ...tool }, { ...sources })).toBe(key);
    expect(toolKey(key, "go1.26.8")).toBe(toolKey(key, "go1.26.8"));
  });

  const changes: [string, string][] = [
    ["go.mod", inputsKey(tool, { ...sources, "go.mod": "module b\n" })],
    ["go.sum", inputsKey(tool, { ...sources, "go.sum": "other\n" })],
    ["a source", inputsKey(tool, { ...sources, "main.go": "package main // \n" })],
    ["a new source", inputsKey(tool, { ...sources, "more.go": "" })],
    [
      "the name of a source",
      inputsKey(tool, { "go.mod": "module a\n", "go.sum": "sum\n", "other.go": "package main\n" }),
    ],
    ["tags", inputsKey({ ...tool, tags: ["osusergo"] }, sources)],
    ["ldflags", inputsKey({ ...tool, ldflags: [...tool.ldflags, "-X", "a=b"] }, sources)],
    ["packages", inputsKey({ ...tool, binaries: tool.binaries.slice(1) }, sources)],
    ["links", inputsKey({ ...tool, links: {} }, sources)],
  ];
  it.each(changes)("changes with %s", (_, changed) => {
    expect(changed).not.toBe(key);
  });

  it("changes with the Go release", () => {
    expect(toolKey(key, "go1.26.9")).not.toBe(toolKey(key, "go1.26.8"));
  });

  it("does not change with what people read", () => {
    const reworded: GoTool = { ...tool, why: "another reason", licence: "MIT" };
    expect(inputsKey(reworded, sources)).toBe(key);
  });
});
