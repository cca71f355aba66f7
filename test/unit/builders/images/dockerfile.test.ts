import { describe, expect, it } from "vitest";
import {
  dockerfileOf,
  imageReferences,
  parseDockerfile,
  replaceReferences,
} from "../../../../builders/images/dockerfile.ts";

/** Dockerfile, build arguments, image names with their lines */
const CASES: [string, string, Record<string, string>, [string | null, number][]][] = [
  ["FROM", "FROM busybox:1.36", {}, [["busybox:1.36", 1]]],
  ["a platform and a stage", "FROM --platform=$BUILDPLATFORM go:1 AS build", {}, [["go:1", 1]]],
  ["an ARG's default", "ARG B=base\nFROM ${B}", {}, [["base", 2]]],
  ["an ARG that is given", "ARG B=base\nFROM ${B}", { B: "other" }, [["other", 2]]],
  ["an ARG of ARGs", "ARG A=x\nARG B=$A:1\nFROM $B", {}, [["x:1", 3]]],
  ["a default in place", "ARG T\nFROM base:${T:-latest}", {}, [["base:latest", 2]]],
  ["an ARG without a value", "ARG B\nFROM $B", {}, [[null, 2]]],
  ["stages by name and number", "FROM a AS one\nFROM one\nCOPY --from=ONE x y\nCOPY --from=0 x y", {}, [["a", 1]]],
  [
    "a stage of the same name that comes later",
    "FROM one\nFROM a AS one",
    {},
    [
      ["one", 1],
      ["a", 2],
    ],
  ],
  ["scratch", "FROM scratch", {}, []],
  [
    "COPY --from",
    "FROM a\ncopy --chown=1 --from=tools /x /y",
    {},
    [
      ["a", 1],
      ["tools", 2],
    ],
  ],
  [
    "a mount",
    "FROM a\nRUN --mount=type=bind,from=tools,target=/t ls",
    {},
    [
      ["a", 1],
      ["tools", 2],
    ],
  ],
  [
    "a mount on a continued line",
    "FROM a\nRUN \\\n --mount=from=tools,target=/t \\\n ls",
    {},
    [
      ["a", 1],
      ["tools", 3],
    ],
  ],
  ["what only looks like it", "FROM a\n# FROM b\nRUN echo \\\n  FROM c\nRUN <<E\nFROM d\nE", {}, [["a", 1]]],
  ["another escape character", "# escape=`\nFROM a\nRUN echo `\n  FROM c", {}, [["a", 2]]],
];

describe("images that a Dockerfile names", () => {
  it.each(CASES)("%s", (_, text, args, expected) => {
    expect(imageReferences(parseDockerfile(text), args).map(({ name, line }) => [name, line])).toEqual(expected);
  });

  it("are replaced where they stand, and nowhere else", () => {
    const text =
      "ARG B=base\nFROM ${B} AS base2 # base\nCOPY --from=base --chown=1 base /base\nRUN --mount=from=base,target=/x base\n";
    const references = imageReferences(parseDockerfile(text));
    const replaced = replaceReferences(
      text,
      references.map(({ range }) => ({ range, by: "R/base@sha256:1" })),
    );
    expect(replaced).toBe(
      "ARG B=base\nFROM R/base@sha256:1 AS base2 # base\nCOPY --from=R/base@sha256:1 --chown=1 base /base\nRUN --mount=from=R/base@sha256:1,target=/x base\n",
    );
  });
});

it("is parsed once for an image, however often somebody asks", () => {
  let reads = 0;
  const dockerfile = {
    path: "Dockerfile",
    get text() {
      reads++;
      return "FROM a\n";
    },
  };
  const parsed = dockerfileOf({ dockerfile });
  expect(dockerfileOf({ dockerfile })).toBe(parsed);
  expect([parsed.text, reads]).toEqual(["FROM a\n", 1]);
});
