import { expect, it } from "vitest";
import { platformProblem, thisMachine } from "../../../local/platform.mjs";

const debian = { platform: "linux", arch: "x64", node: "20.20.2", glibc: "2.36" };

it("accepts the machine that this runs on, and Node 20", () => {
  expect(platformProblem(thisMachine())).toBeUndefined();
  expect(platformProblem(debian)).toBeUndefined();
});

it.each([
  [{ ...debian, platform: "darwin", arch: "arm64" }, "this is darwin on arm64"],
  [{ ...debian, arch: "arm64" }, "this is linux on arm64"],
  [{ ...debian, node: "18.19.0" }, "Node 20 or newer is needed to begin with; this is 18.19.0"],
  [{ ...debian, glibc: undefined }, "the GNU C library is needed"],
])("names what it found and what to do: %j", (machine, text) => {
  const problem = platformProblem(machine);
  expect(problem).toContain(text);
  expect(problem).toContain("next: ");
});
