import { describe, expect, it } from "vitest";
import { selectionQuery, withSalt, withStackFile } from "../../../local/localStack.ts";

const COPY = ["--config-file", "/state/copy.yaml"];
const line = (text: string) => text.split(" ").filter(Boolean);
const given = (text: string) => withStackFile(line(text), "/state/copy.yaml");

describe("pulumi works on the copy of the stack file, so that the tracked one stays as it is", () => {
  it.each([
    "up --stack local",
    "--stack local up",
    "-s local up --yes",
    "-slocal up",
    "up -s=local",
    "--stack=local preview",
    "up --stack organization/pergola/local",
    "-C /clone --stack local refresh",
    "--cwd /clone up --stack local",
    "--cwd=/clone up --stack local",
    "--non-interactive up --stack local",
    "-e --color never -v 3 destroy --stack local",
    "config --stack local",
    "config set pergola:purpose test --stack local",
  ])("%s", (command) => {
    expect(given(command)).toEqual([...line(command), ...COPY]);
  });

  it("before what belongs to the command's own arguments", () => {
    const before = line("config set --stack local key");
    expect(withStackFile([...before, "--", "-value"], COPY[1]!)).toEqual([...before, ...COPY, "--", "-value"]);
  });
});

describe("a stack that was selected counts where none is named", () => {
  const query = ["stack", "--show-name", "--non-interactive"];

  it.each([
    ["up", query],
    ["up --color never", query],
    ["-C /clone preview", [...query, "--cwd", "/clone"]],
    ["--cwd=/clone preview", [...query, "--cwd", "/clone"]],
    ["config set key -- --stack production", query],
  ])("%s", (command, asked) => {
    expect(selectionQuery(line(command))).toEqual(asked);
    expect(withStackFile(line(command), COPY[1]!, "local")).toEqual(expect.arrayContaining(COPY));
    expect(withStackFile(line(command), COPY[1]!, "production")).toEqual(line(command));
    expect(withStackFile(line(command), COPY[1]!, "").filter((word) => !line(command).includes(word))).toEqual([
      "--non-interactive", // nobody is asked: the answer would come too late
    ]);
  });

  it.each(["up --stack production", "stack select local", "up --config-file mine.yaml", "--version"])(
    "and is not asked for otherwise: %s",
    (command) => {
      expect(selectionQuery(line(command))).toBeUndefined();
      expect(withStackFile(line(command), COPY[1]!, "local")).toEqual(line(command));
    },
  );
});

describe("pulumi gets its arguments as they are", () => {
  it.each([
    ["another stack", "up --stack production"],
    ["a stack whose name only ends so", "up --stack not-local"],
    ["no stack", "up"],
    ["a command that reads no stack file", "stack output setup --stack local"],
    ["a command whose argument is named like another", "stack select up --stack local"],
    ["a stack named after --", "config set key -- --stack local"],
    ["a stack file of the caller's", "up --stack local --config-file mine.yaml"],
    ["a stack file of the caller's, with =", "up --stack local --config-file=mine.yaml"],
    ["a flag alone", "--version"],
    ["nothing", ""],
  ])("%s: %s", (_, command) => {
    expect(given(command)).toEqual(line(command));
  });
});

describe("the copy has the salt of this machine's passphrase", () => {
  it.each([
    ["at its end", "config:\n  a: b\n", "config:\n  a: b\nencryptionsalt: v1:x\n"],
    ["on a line of its own when the last one is not ended", "config: {}", "config: {}\nencryptionsalt: v1:x\n"],
    ["not beside one that the file has", "encryptionsalt: v1:own\n", "encryptionsalt: v1:own\n"],
    [
      "also when a value mentions one",
      "config:\n  a: encryptionsalt\n",
      "config:\n  a: encryptionsalt\nencryptionsalt: v1:x\n",
    ],
  ])("%s", (_, file, expected) => {
    expect(withSalt(file, "v1:x")).toBe(expected);
  });
});
