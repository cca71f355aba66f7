import { describe, expect, it } from "vitest";
import { parseDockerfile } from "../../../../builders/images/dockerfile.ts";
import { platformArgumentsOf, withoutUnusedStages } from "../../../../builders/plan/kanikoStages.ts";

/** Lines of a Dockerfile that are left, with their numbers. */
const left = (text: string, target: string | null = null, args: Record<string, string> = {}): string[] =>
  withoutUnusedStages(parseDockerfile(text), target, args)
    .text.split("\n")
    .flatMap((line, at) => (line === "" ? [] : [`${at + 1} ${line}`]));

describe("stages that the target does not need", () => {
  it("are empty lines, so that all others keep their numbers", () => {
    const text = "FROM a AS one\nRUN x\n\nFROM b AS two\nRUN y \\\n  z\nFROM c\nCOPY --from=one /x /\n";
    expect(left(text)).toEqual(["1 FROM a AS one", "2 RUN x", "7 FROM c", "8 COPY --from=one /x /"]);
    const dockerfile = withoutUnusedStages(parseDockerfile(text), null, {});
    expect(dockerfile.instructions.map(String)).toEqual(parseDockerfile(dockerfile.text).instructions.map(String));
    expect(dockerfile.text.split("\n")).toHaveLength(text.split("\n").length);
  });

  it.each<[string, string, string | null, Record<string, string>, string[]]>([
    ["by FROM, in other letters", "FROM a AS One\nFROM b\nFROM ONE", null, {}, ["1 FROM a AS One", "3 FROM ONE"]],
    [
      "through others",
      "FROM a AS x\nFROM x AS y\nFROM q AS z\nFROM y",
      null,
      {},
      ["1 FROM a AS x", "2 FROM x AS y", "4 FROM y"],
    ],
    ["after the target", "FROM a AS x\nFROM b AS y\nFROM c", "Y", {}, ["2 FROM b AS y"]],
    [
      "by an argument",
      "ARG S=one\nFROM a AS one\nFROM b AS two\nFROM $S",
      null,
      { S: "two" },
      ["1 ARG S=one", "3 FROM b AS two", "4 FROM $S"],
    ],
    [
      "by a mount",
      "FROM a AS x\nFROM b\nRUN --mount=type=bind,from=x,target=/y true",
      null,
      {},
      ["1 FROM a AS x", "2 FROM b", "3 RUN --mount=type=bind,from=x,target=/y true"],
    ],
    [
      "by a trigger",
      "FROM a AS x\nFROM b\nONBUILD COPY --from=x /x /",
      null,
      {},
      ["1 FROM a AS x", "2 FROM b", "3 ONBUILD COPY --from=x /x /"],
    ],
    ["with an image's name", "FROM a AS busybox\nFROM busybox", null, {}, ["1 FROM a AS busybox", "2 FROM busybox"]],
  ])("are told: %s", (_, text, target, args, expected) => {
    expect(left(text, target, args)).toEqual(expected);
  });

  it.each([
    ["FROM a\nFROM b\nFROM c\nCOPY --from=0 /x /", null],
    ["FROM a AS x\nFROM b\nFROM c\nCOPY --from=$Y /x /", null],
    ["FROM a AS x\nFROM $UNKNOWN\nFROM c", null],
    ["FROM a AS x\nFROM b", "missing"],
    ["not a Dockerfile", null],
  ])("stay where it is not known what is needed: %j", (text, target) => {
    expect(withoutUnusedStages(parseDockerfile(text), target, {}).text).toBe(text);
  });
});

describe("platform arguments", () => {
  it.each<[string, Record<string, string>]>([
    ["FROM a\nARG TARGETARCH", { TARGETARCH: "arm64" }],
    [
      "FROM --platform=$BUILDPLATFORM a\nARG TARGETOS\nARG TARGETVARIANT",
      { BUILDPLATFORM: "linux/arm64/v8", TARGETOS: "linux", TARGETVARIANT: "v8" },
    ],
    ["FROM a:$TARGETARCH", { TARGETARCH: "arm64" }],
    ["FROM a\nARG TARGETARCH=own", {}],
    ["FROM a\nRUN echo $TARGETARCH", {}],
  ])("are given where they are asked for: %j", (text, expected) => {
    expect(platformArgumentsOf(parseDockerfile(text), "linux/arm64/v8")).toEqual(expected);
  });
});
