import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IgnoreMatcher, readIgnoreLines } from "../../../../builders/images/ignore.ts";

/** ignore file, path, whether it is left out. The cases follow the tests of github.com/moby/patternmatcher. */
const CASES: [string, string, boolean][] = [
  ["", "a", false],
  ["a", "a", true],
  ["a", "ab", false],
  ["a", "b/a", false],
  ["a", "a/b/c", true],
  ["/a", "a", true],
  ["./a/", "a/b", true],
  ["a/../b", "b", true],
  ["# a", "a", false],
  [" a ", "a", true],
  ["\uFEFFa", "a", true],
  ["a\r\nb\r\n", "b", true],
  ["*.md", "README.md", true],
  ["*.md", "docs/README.md", false],
  ["*/*.md", "docs/README.md", true],
  ["**/*.md", "README.md", true],
  ["**/*.md", "a/b/README.md", true],
  ["**", "a/b", true],
  ["**/", "a/b", true],
  ["a/**", "a/b/c", true],
  ["a/**", "a", false],
  ["a**", "abc/d", true],
  ["a/**/c", "a/c", true],
  ["a/**/c", "a/b/b/c", true],
  ["**/foo", "foo", true],
  ["**/foo", "xfoo", false],
  ["**foo", "xfoo", true],
  ["**foo*", "xfood", false],
  ["**/foo/bar", "a/foo/bar/file", true],
  ["?.txt", "a.txt", true],
  ["?.txt", "ab.txt", false],
  ["a?c", "a/c", false],
  ["[ab].txt", "b.txt", true],
  ["[^ab].txt", "b.txt", false],
  ["[a-c]x", "bx", true],
  ["a\\*c", "a*c", true],
  ["a\\*c", "abc", false],
  ["a.c", "abc", false],
  ["a+(b)|{c}$", "a+(b)|{c}$", true],
  ["*\n!keep", "keep", false],
  ["*\n!keep", "other", true],
  ["dir\n!dir/keep", "dir/keep", false],
  ["dir\n!dir/keep", "dir/other", true],
  ["!keep\n*", "keep", true],
  ["*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true],
  ["*.md\n!README*.md\nREADME-secret.md", "README-public.md", false],
  ["node_modules\n!node_modules/own", "node_modules/own/index.js", false],
  ["**/*.txt\n!**/keep.txt", "a/b/keep.txt", false],
  ["häuser", "häuser/x", true],
];

describe("an ignore file decides like moby's", () => {
  it.each(CASES)("%j: %s -> %s", (text, candidate, ignored) => {
    expect(new IgnoreMatcher(readIgnoreLines(text)).ignores(candidate)).toBe(ignored);
  });

  it.each(["!", "[a", "a\\", "\\d"])("refuses the malformed line %j", (line) => {
    expect(() => new IgnoreMatcher(readIgnoreLines(line))).toThrow(`"${line}" is not a valid pattern`);
  });

  it("never keeps a file below a directory that it says nothing is kept below", () => {
    const names = fc.constantFrom("a", "b", "ab", "c");
    const paths = fc.array(names, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const lines = fc.array(
      fc.tuple(fc.constantFrom("", "!"), paths).map(([mark, path]) => mark + path),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(lines, paths, names, (patterns, directory, name) => {
        const matcher = new IgnoreMatcher(patterns);
        if (!matcher.ignores(directory) || matcher.mayKeepBelow(directory)) return;
        expect(matcher.ignores(`${directory}/${name}`)).toBe(true);
      }),
    );
  });
});
