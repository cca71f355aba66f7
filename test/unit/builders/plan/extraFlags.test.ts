import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUILDCTL_FLAGS, imageFlags, withExtraFlags } from "../../../../builders/plan/extraFlags.ts";
import { KANIKO_FLAGS } from "../../../../builders/plan/kanikoFlags.ts";
import { errorOf, image } from "../samples.ts";

const rules = { buildctl: BUILDCTL_FLAGS, kaniko: KANIKO_FLAGS };
const merge = (builder: keyof typeof rules, own: string[], extraFlags: string[]): string[] =>
  withExtraFlags(own, [imageFlags(image({ extraFlags }))], rules[builder]);

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
    ["kaniko's, in two words", "kaniko", ["--push-retry=2"], ["--push-retry", "5"], ["--push-retry=5"]],
    [
      "kaniko's switch before another",
      "kaniko",
      [],
      ["--use-new-run", "--reproducible"],
      ["--use-new-run", "--reproducible"],
    ],
    [
      "kaniko's switch with its value apart",
      "kaniko",
      [],
      ["--reproducible", "true", "--force"],
      ["--reproducible=true", "--force"],
    ],
    ["kaniko's time to live", "kaniko", ["--cache-ttl=336h"], ["--cache-ttl", "6h"], ["--cache-ttl=6h"]],
    [
      "kaniko's compression",
      "kaniko",
      ["--cache=true"],
      ["--compressed-caching=false"],
      ["--cache=true", "--compressed-caching=false"],
    ],
    ["kaniko's short name", "kaniko", ["--verbosity=info"], ["-v", "debug"], ["--verbosity=debug"]],
    ["kaniko's other old name", "kaniko", ["--ignore-var-run=false"], ["--whitelist-var-run"], ["--ignore-var-run"]],
    ["kaniko's switch against the plan", "kaniko", ["--cache=true"], ["--cache=false"], ["--cache=false"]],
    ["kaniko's old spelling", "kaniko", ["--snapshot-mode=full"], ["--snapshotMode=redo"], ["--snapshot-mode=redo"]],
    ["kaniko's label", "kaniko", ["--label=a=1", "--label=b=1"], ["--label", "a=2"], ["--label=b=1", "--label=a=2"]],
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
    ["kaniko", ["--push"], "kaniko pushes what it built"],
    ["kaniko", ["--platform", "linux/arm64"], "--platform of pergola build"],
    ["kaniko", ["-t", "host/x:y"], "--tag of pergola build"],
    ["kaniko", ["--no-cache"], "--cache=false"],
    ["kaniko", ["--squash"], "--single-snapshot"],
    ["kaniko", ["--cache-from=type=registry,ref=h/x"], "--cache-repo="],
    ["kaniko", ["--secret", "id=a,src=b"], "cluster-buildkit"],
    ["kaniko", ["--verbosity=error"], "--progress"],
    ["kaniko", ["--cache-repo=oci:/x"], "Name a repository"],
    ["kaniko", ["reproducible"], "no flag"],
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

  describe("of kaniko, from a stack file and an image", () => {
    const names = ["cache-ttl", "push-retry", "snapshot-mode", "compressed-caching", "reproducible"] as const;
    const pair = fc.record({ name: fc.constantFrom(...names), value: fc.constantFrom("true", "false") });
    const repeatable = fc.record({
      name: fc.constantFrom("ignore-path", "registry-mirror"),
      value: fc.constantFrom("/a", "/b", "/c"),
    });
    type Given = { name: string; value: string };
    /** In one of the two spellings each. */
    const words = (given: readonly Given[], spellings: readonly boolean[]): string[] =>
      given.flatMap(({ name, value }, at) => (spellings[at] ? [`--${name}`, value] : [`--${name}=${value}`]));
    const spelled = (flag: fc.Arbitrary<Given>) =>
      fc
        .tuple(fc.array(flag, { maxLength: 8 }), fc.array(fc.boolean(), { minLength: 8 }))
        .map(([given, spellings]) => ({ given, words: words(given, spellings) }));
    const source = (flags: string[]) => imageFlags(image({ extraFlags: flags }));

    it("the last of the image's holds, then that of the stack file, then the plan's", () => {
      fc.assert(
        fc.property(spelled(pair), spelled(pair), spelled(pair), (own, setup, one) => {
          const merged = withExtraFlags(own.words, [source(setup.words), source(one.words)], KANIKO_FLAGS);
          const holds = new Map([...setup.given, ...one.given].map(({ name, value }) => [name, value]));
          const rest = own.given.filter(({ name }) => !holds.has(name));
          const expected = [...rest, ...[...holds].map(([name, value]) => ({ name, value }))];
          expect(merged.toSorted()).toEqual(expected.map(({ name, value }) => `--${name}=${value}`).toSorted());
        }),
      );
    });

    it("merged once more they are the same", () => {
      fc.assert(
        fc.property(spelled(fc.oneof(pair, repeatable)), (one) => {
          const merged = withExtraFlags([], [source(one.words)], KANIKO_FLAGS);
          expect(withExtraFlags([], [source(merged)], KANIKO_FLAGS)).toEqual(merged);
          expect(withExtraFlags(merged, [source(merged)], KANIKO_FLAGS)).toEqual(merged);
        }),
      );
    });

    it("what may be there several times stays, each value once", () => {
      fc.assert(
        fc.property(fc.uniqueArray(repeatable, { selector: JSON.stringify }), spelled(repeatable), (own, one) => {
          const merged = withExtraFlags(words(own, []), [source(one.words)], KANIKO_FLAGS);
          const all = [...words(own, []), ...words(one.given, [])];
          expect(merged.toSorted()).toEqual([...new Set(all)].toSorted());
        }),
      );
    });
  });
});
