import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { discoverImages } from "../../../../builders/images/discover.ts";
import { sanitizeName } from "../../../../builders/images/image.ts";
import { folder, rejectionOf } from "../samples.ts";

/** Nothing was found out before. */
const discover = (words: readonly string[], directory: string) =>
  discoverImages(words, directory, { remember: (_kind, _key, find) => find() });

const action = (name: string): string => `kind: Build\ntype: container\nname: ${name}\n`;
const project = {
  "one/Dockerfile": "FROM scratch",
  "one/garden.yml": action("one"),
  "deep/er/Dockerfile": "FROM scratch",
  "deep/er/two.garden.yaml": action("two"),
  "Plain App/Dockerfile": "FROM scratch",
  "node_modules/x/garden.yml": action("never"),
  ".hidden/garden.yml": action("never"),
  "empty/readme": "",
};
const namesOf = async (words: string[]): Promise<string[]> =>
  (await discover(words, folder(project))).images.map(({ name }) => name);

describe("what was typed", () => {
  it.each<[string, string[], string[]]>([
    ["a directory with an action", ["one"], ["one"]],
    ["a directory with actions below it", ["."], ["two", "one"]],
    ["nothing: the working directory", [], ["two", "one"]],
    ["a directory with only a Dockerfile", ["Plain App"], ["plain-app"]],
    ["a Garden file", ["deep/er/two.garden.yaml"], ["two"]],
    ["the same directory twice", ["one", "./one/"], ["one"]],
    ["a directory with only a Dockerfile twice", ["Plain App", "./Plain App/"], ["plain-app"]],
    ["a directory and one in it", ["deep", "deep/er"], ["two"]],
  ])("%s", async (_, words, expected) => {
    expect(await namesOf(words)).toEqual(expected);
  });

  it("a word that is no path is a name, of what lies below the working directory", async () => {
    const found = await discover(["two"], folder(project));
    expect(found.names).toEqual(["two"]);
    expect(found.images.map(({ name }) => name)).toContain("two");
  });

  it("a word that is too long for a path is a name too", async () => {
    const long = "a".repeat(300);
    expect((await discover([long], folder(project))).names).toEqual([long]);
  });

  it("a link that leads to itself is refused by name, not taken for a defect", async () => {
    const root = folder(project);
    symlinkSync("loop", `${root}/loop`);
    expect(await rejectionOf(discover(["loop"], root))).toMatchObject({
      code: "context-unreadable",
      message: expect.stringContaining(`${root}/loop cannot be read`),
    });
  });

  it("a directory below that cannot be read is refused by name", async () => {
    const root = folder({ readme: "" });
    // A path longer than the kernel takes, since permissions keep nothing from root; mkdir and rm go through it step by step.
    execFileSync("mkdir", ["-p", Array(25).fill("d".repeat(200)).join("/")], { cwd: root });
    try {
      expect(await rejectionOf(discover(["."], root))).toMatchObject({
        code: "context-unreadable",
        message: expect.stringMatching(/cannot be read, so it is not known which images it holds \(ENAMETOOLONG\)\.$/),
      });
    } finally {
      execFileSync("rm", ["-rf", root]);
    }
  });

  it.each<[string, string, string]>([
    ["./nowhere", "context-missing", "./nowhere does not exist."],
    ["empty", "dockerfile-missing", "empty holds neither a Dockerfile nor Garden Build actions of type container."],
    [
      "one/Dockerfile",
      "usage",
      "one/Dockerfile is a file, but neither a directory with a Dockerfile nor a Garden file.",
    ],
  ])("%s is refused", async (word, code, message) => {
    expect(await rejectionOf(discover([word], folder(project)))).toMatchObject({ code, message });
  });
});

it.each([
  ["My App", "my-app"],
  ["api", "api"],
  ["shop/API", "shop/api"],
  ["__a..b--", "a.b"],
  ["日本", ""],
])("the directory %s gives the name %s", (directory, name) => {
  expect(sanitizeName(directory)).toBe(name);
});
