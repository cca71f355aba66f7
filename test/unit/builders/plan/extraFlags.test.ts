import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUILDCTL_FLAGS, KANIKO_FLAGS, withExtraFlags } from "../../../../builders/plan/extraFlags.ts";
import { errorOf, image } from "../samples.ts";

const rules = { buildctl: BUILDCTL_FLAGS, kaniko: KANIKO_FLAGS };
const merge = (builder: keyof typeof rules, own: string[], extraFlags: string[]): string[] =>
  withExtraFlags(own, image({ extraFlags }), rules[builder]);

describe("extra flags", () => {
  it.each<[string, keyof typeof rules, string[], string[], string[]]>([
    ["none", "buildctl", ["--opt", "a=1"], [], ["--opt", "a=1"]],
    ["another one", "buildctl", ["--opt", "a=1"], ["--opt", "b=2"], ["--opt", "a=1", "--opt", "b=2"]],
    ["in one word", "buildctl", ["--opt", "target=a"], ["--opt=target=b"], ["--opt=target=b"]],
    [
      "an argument of the plan's",
      "buildctl",
      ["--opt", "build-arg:A=1", "--opt", "build-arg:B=1"],
      ["--opt", "build-arg:A=2"],
      ["--opt", "build-arg:B=1", "--opt", "build-arg:A=2"],
    ],
    [
      "a switch that is on",
      "buildctl",
      ["--no-cache", "--frontend", "f"],
      ["--no-cache"],
      ["--frontend", "f", "--no-cache"],
    ],
    [
      "the same twice",
      "buildctl",
      [],
      ["--opt", "a=1", "--allow", "x", "--opt", "a=2", "--allow", "x"],
      ["--opt", "a=2", "--allow", "x"],
    ],
    ["several that may be", "buildctl", [], ["--allow", "x", "--allow", "y"], ["--allow", "x", "--allow", "y"]],
    [
      "a cache of the same place",
      "buildctl",
      ["--export-cache", "type=registry,ref=h/a:c,mode=max", "--import-cache", "type=registry,ref=h/a:c"],
      ["--export-cache", "type=registry,ref=h/a:c,mode=min"],
      ["--import-cache", "type=registry,ref=h/a:c", "--export-cache", "type=registry,ref=h/a:c,mode=min"],
    ],
    [
      "a secret of the same id",
      "buildctl",
      ["--secret", "id=a,env=X"],
      ["--secret", "id=a,src=f"],
      ["--secret", "id=a,src=f"],
    ],
    [
      "kaniko's, in one word",
      "kaniko",
      ["--cache=true", "--push-retry=2"],
      ["--push-retry=5"],
      ["--cache=true", "--push-retry=5"],
    ],
    ["kaniko's, in two words", "kaniko", ["--push-retry=2"], ["--push-retry", "5"], ["--push-retry", "5"]],
    [
      "kaniko's switch before another",
      "kaniko",
      [],
      ["--use-new-run", "--reproducible"],
      ["--use-new-run", "--reproducible"],
    ],
    ["kaniko's switch against the plan", "kaniko", ["--cache=true"], ["--cache=false"], ["--cache=false"]],
    ["kaniko's old spelling", "kaniko", ["--snapshot-mode=full"], ["--snapshotMode=redo"], ["--snapshotMode=redo"]],
    ["kaniko's label", "kaniko", ["--label=a=1", "--label=b=1"], ["--label", "a=2"], ["--label=b=1", "--label", "a=2"]],
    [
      "kaniko's mirrors",
      "kaniko",
      ["--registry-mirror=m"],
      ["--registry-mirror=n"],
      ["--registry-mirror=m", "--registry-mirror=n"],
    ],
  ])("%s (%s)", (_, builder, own, extra, expected) => {
    expect(merge(builder, own, extra)).toEqual(expected);
  });

  it.each<[keyof typeof rules, string[], string]>([
    ["buildctl", ["--output", "type=image,name=x,push=true"], "--tag"],
    ["buildctl", ["-o", "type=local,dest=x"], "--output-oci"],
    ["buildctl", ["--opt", "platform=linux/arm64"], "--platform"],
    ["buildctl", ["--opt=filename=other"], "--file"],
    ["buildctl", ["--progress=plain"], "Leave it out"],
    ["buildctl", ["--local", "context=/elsewhere"], "Leave it out"],
    ["buildctl", ["--local", "api-12345678-context=/elsewhere"], "Leave it out"],
    ["buildctl", ["--metadata-file", "x"], "Leave it out"],
    ["kaniko", ["-d", "host/x:y"], "--tag"],
    ["kaniko", ["--no-push"], "Leave it out"],
    ["kaniko", ["--digest-file", "/x"], "Leave it out"],
    ["kaniko", ["--customPlatform=linux/arm64"], "--platform"],
  ])("%s %j is refused, with what to use instead", (builder, extraFlags, hint) => {
    const error = errorOf(() => merge(builder, [], extraFlags));
    expect(error).toMatchObject({ code: "image-definition", hint: expect.stringContaining(hint) });
    expect(error.message).toContain(extraFlags[0]);
  });

  it("are there once whatever they are, and never change the plan's other words", () => {
    const option = fc.record({ key: fc.constantFrom("a", "b", "c", "d"), value: fc.nat(9) });
    const words = (options: { key: string; value: number }[]): string[] =>
      options.flatMap(({ key, value }) => ["--opt", `${key}=${value}`]);
    fc.assert(
      fc.property(fc.uniqueArray(option, { selector: ({ key }) => key }), fc.array(option), (own, extra) => {
        const merged = merge("buildctl", words(own), words(extra)).filter((word) => word !== "--opt");
        const expected = new Map([...own, ...extra].map(({ key, value }) => [key, `${key}=${value}`]));
        expect([...merged].sort()).toEqual([...expected.values()].sort());
      }),
    );
  });
});
