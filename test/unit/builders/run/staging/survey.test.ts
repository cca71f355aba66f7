import { chmodSync, linkSync, lstatSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { stageContext } from "../../../../../builders/run/staging/stage.ts";
import type { StagedEntry } from "../../../../../builders/run/staging/stagingPlan.ts";
import { survey } from "../../../../../builders/run/staging/survey.ts";
import { stateOf, type Untouched } from "../../../../../builders/run/staging/untouched.ts";
import { folder } from "../../samples.ts";

let tree: string;
let record: Map<string, StagedEntry>;

/** Stages files and forgets who did. */
async function stage(files: Readonly<Record<string, string>>, change: (context: string) => void = () => {}) {
  const context = folder(files);
  change(context);
  const cache = folder({});
  const staged = await stageContext({ cache, context, dockerfile: "Dockerfile" });
  staged.release();
  tree = staged.directory;
  const index = JSON.parse(readFileSync(path.join(path.dirname(tree), "index.json"), "utf8"));
  record = new Map(index.staged);
}

/** The states of all directories, at a time after which every change shows in them. */
function statesNow(): Untouched {
  const states = new Map<string, string>();
  for (const [name, { type }] of [["", { type: "directory" }] as const, ...record]) {
    if (type === "directory") states.set(name, stateOf(lstatSync(path.join(tree, name))));
  }
  // The file system's clock ticks every few milliseconds.
  const clock = path.join(folder({ clock: "" }), "clock");
  const now = lstatSync(clock).ctimeMs;
  while (lstatSync(clock).ctimeMs === now) utimesSync(clock, 1, 1);
  return states;
}

const FILES = { a: "1", b: "2", "d/a": "3", "d/b": "4", "d/e/a": "5", "f/a": "6" };
beforeEach(() => stage(FILES));

describe("a survey that knows untouched directories", () => {
  const paths = Object.keys(FILES).filter((name) => name !== "Dockerfile");
  const changes = fc.record({
    at: fc.constantFrom(...paths),
    kind: fc.constantFrom("remove", "add", "replace", "rename", "chmod", "time", "swap"),
  });

  const change = ({ at, kind }: { at: string; kind: string }): void => {
    const file = path.join(tree, at);
    const directory = path.dirname(file);
    if (!lstatSync(file, { throwIfNoEntry: false })) return;
    if (kind === "remove") rmSync(file);
    else if (kind === "add") writeFileSync(path.join(directory, "more"), "more");
    else if (kind === "rename") renameSync(file, `${file}-other`);
    else if (kind === "chmod") chmodSync(directory, 0o700);
    else if (kind === "time") utimesSync(directory, 5, 5);
    else {
      writeFileSync(`${file}.new`, kind);
      renameSync(`${file}.new`, file);
    }
  };

  it("finds what a survey of every file finds, whatever is made, replaced, renamed or removed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { maxLength: 4 }), async (list) => {
        await stage(FILES);
        const states = statesNow();
        for (const one of list) change(one);
        expect(survey(tree, record, states)).toEqual(survey(tree, record, new Map()));
      }),
      { numRuns: 60 },
    );
  });

  it("looks at files in directories that changed, and not at the others", () => {
    const states = statesNow();
    // Written over in its place: only a look at the file itself shows it.
    writeFileSync(path.join(tree, "f/a"), "other");
    writeFileSync(path.join(tree, "d/a"), "other");
    writeFileSync(path.join(tree, "d/more"), "");
    const { intact, strange } = survey(tree, record, states);
    expect(strange).toEqual(expect.arrayContaining(["d", "d/a", "d/more"]));
    expect([...intact.keys()]).toContain("f/a");
  });

  it("looks at every file where files have several names", async () => {
    await stage(FILES, (context) => linkSync(path.join(context, "a"), path.join(context, "d/same")));
    const states = statesNow();
    writeFileSync(path.join(tree, "f/a"), "other");
    expect(survey(tree, record, states).strange).toContain("f/a");
  });
});
