import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HashedEntry } from "../../../../../builders/images/fingerprint.ts";
import { planStaging, type Resolution, type StagedEntry } from "../../../../../builders/run/staging/stagingPlan.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Content of a tree: path -> what is there. */
type Tree = ReadonlyMap<string, HashedEntry & { readonly content: string }>;

function entry(
  path: string,
  type: HashedEntry["type"],
  mode: number,
  content: string,
): HashedEntry & { content: string } {
  const common = {
    path,
    type,
    mode: type === "symlink" ? 0o777 : mode,
    modified: 0,
    changed: 0,
    inode: 0,
    content: type === "directory" ? "" : content,
  };
  if (type === "file") return { ...common, size: content.length, sha256: sha256(content) };
  return { ...common, size: 0, sha256: null, ...(type === "symlink" ? { linkTarget: content } : {}) };
}

/** Trees over few names and short contents, so that sizes, names and kinds meet often. */
const trees: fc.Arbitrary<Tree> = fc
  .array(
    fc.record({
      path: fc.constantFrom("a", "b", "d/a", "d/b", "d/e/a", "d", "d/e", "a/x"),
      type: fc.constantFrom("file", "file", "symlink", "directory") as fc.Arbitrary<HashedEntry["type"]>,
      mode: fc.constantFrom(0o644, 0o755, 0, 0o4755),
      content: fc.constantFrom("", "x", "y", "xy", "yx"),
    }),
    { maxLength: 8 },
  )
  .map((found) => {
    const tree = new Map<string, HashedEntry & { content: string }>();
    for (const { path, type, mode, content } of found) {
      const parts = path.split("/");
      const parents = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("/"));
      if (tree.has(path) || parents.some((parent) => tree.has(parent) && tree.get(parent)?.type !== "directory"))
        continue;
      for (const parent of parents) if (!tree.has(parent)) tree.set(parent, entry(parent, "directory", 0o755, ""));
      tree.set(path, entry(path, type, mode, content));
    }
    return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
  });

/** What a builder keeps of a context, and how it brings it up to date: by stats alone, as BuildKit does. */
class Slot {
  readonly files = new Map<string, { stat: string; content: string }>();

  /** Returns the paths whose content was sent. */
  update(tree: Tree, staged: ReadonlyMap<string, StagedEntry>): string[] {
    const sent: string[] = [];
    for (const [path, { content }] of tree) {
      const { type, mode, size, stamp, link } = staged.get(path) as StagedEntry;
      const stat = JSON.stringify([type, mode, size, stamp, link]);
      if (this.files.get(path)?.stat === stat) continue;
      if (type === "file") sent.push(path);
      this.files.set(path, { stat, content });
    }
    for (const path of this.files.keys()) if (!tree.has(path)) this.files.delete(path);
    return sent;
  }

  /** Pretends that the files had been sent with other times. */
  restamp(entries: ReadonlyMap<string, StagedEntry>): void {
    for (const [path, file] of this.files) {
      const { type, mode, size, stamp, link } = entries.get(path) as StagedEntry;
      this.files.set(path, { ...file, stat: JSON.stringify([type, mode, size, stamp, link]) });
    }
  }

  contents(): unknown {
    return [...this.files].map(([path, { content }]) => [path, content]).sort();
  }
}

const contents = (tree: Tree) => [...tree].map(([path, { content }]) => [path, content]).sort();

/** Carries a plan out on a tree in memory. */
function carryOut(disk: Map<string, string>, plan: ReturnType<typeof planStaging>, tree: Tree): void {
  for (const path of plan.remove) disk.delete(path);
  for (const { path } of plan.write) disk.set(path, tree.get(path)?.content ?? "");
}

describe.each<Resolution>(["nanoseconds", "microseconds"])("staging with times to %s", (resolution) => {
  it("gives a builder what is there and sends what differs, over any history of one checkout", () => {
    fc.assert(
      fc.property(fc.array(trees, { minLength: 1, maxLength: 5 }), (history) => {
        const [slot, disk] = [new Slot(), new Map<string, string>()];
        let staged: ReadonlyMap<string, StagedEntry> = new Map();
        let last: Tree = new Map();
        for (const tree of history) {
          const plan = planStaging(staged, [...tree.values()], resolution);
          carryOut(disk, plan, tree);
          staged = plan.staged;
          expect([...disk].sort()).toEqual(contents(tree));
          const sent = slot.update(tree, staged);
          expect(slot.contents()).toEqual(contents(tree));
          const differs = [...tree.values()].filter(({ path, type, mode, content }) => {
            const old = last.get(path);
            return type === "file" && (old?.type !== type || old.mode !== mode || old.content !== content);
          });
          expect(sent).toEqual(differs.map(({ path }) => path));
          last = tree;
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("gives a builder what is there also where every time of a changed file would be the one that it had", () => {
    fc.assert(
      fc.property(fc.array(trees, { minLength: 2, maxLength: 5 }), (history) => {
        const slot = new Slot();
        let staged: ReadonlyMap<string, StagedEntry> = new Map();
        for (const tree of history) {
          // As if each hash gave now what the last one gave.
          const natural = planStaging(new Map(), [...tree.values()], resolution).staged;
          const clashing = new Map(
            [...staged].map(([path, old]) => [path, { ...old, stamp: natural.get(path)?.stamp ?? old.stamp }]),
          );
          slot.restamp(clashing);
          staged = planStaging(clashing, [...tree.values()], resolution).staged;
          slot.update(tree, staged);
          expect(slot.contents()).toEqual(contents(tree));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("writes names of one file as such, with its stamp, and anew whenever the first of them is written", () => {
    const first = entry("a", "file", 0o644, "x");
    const link = { ...entry("b", "file", 0o644, "x"), sameAs: "a" };
    const { staged, write } = planStaging(new Map(), [first, link], resolution);
    expect(write[1]).toMatchObject({ path: "b", sameAs: "a", stamp: write[0]?.stamp });
    expect(planStaging(staged, [first, link], resolution).write).toEqual([]);
    const lost = new Map([...staged].filter(([path]) => path !== "a"));
    expect(planStaging(lost, [first, link], resolution, staged)).toMatchObject({
      remove: ["b"],
      write: [{ path: "a" }, { path: "b", sameAs: "a" }],
    });
    const apart = planStaging(staged, [first, entry("b", "file", 0o644, "x")], resolution);
    expect(apart.write.map(({ path, sameAs }) => [path, sameAs])).toEqual([["b", undefined]]);
    // Changed between the looks at its two names.
    const torn = planStaging(new Map(), [first, { ...link, sha256: sha256("y") }], resolution);
    expect(torn.write[1]).not.toHaveProperty("sameAs");
  });

  it("gives a fresh checkout the times that every other copy of the same files has", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const [one, two] = [0, 1].map(() => planStaging(new Map(), [...tree.values()], resolution).staged);
        expect(two).toEqual(one);
      }),
    );
  });

  it("writes nothing when nothing changed", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const { staged } = planStaging(new Map(), [...tree.values()], resolution);
        expect(planStaging(staged, [...tree.values()], resolution)).toMatchObject({ remove: [], write: [] });
      }),
    );
  });

  it("gives a changed file another time also where the times of both contents would be one", () => {
    const old = entry("a", "file", 0o644, "old");
    const changed = entry("a", "file", 0o644, "new");
    const clash = planStaging(new Map(), [changed], resolution).staged.get("a")?.stamp as number;
    const before = new Map([["a", { ...planStaging(new Map(), [old], resolution).staged.get("a")!, stamp: clash }]]);
    expect(planStaging(before, [changed], resolution).staged.get("a")?.stamp).not.toBe(clash);
  });

  it("stays within the second, in whole steps", () => {
    fc.assert(
      fc.property(fc.string(), (content) => {
        const stamp = planStaging(new Map(), [entry("a", "file", 0o644, content)], resolution).staged.get("a")!.stamp;
        expect(stamp).toBeGreaterThanOrEqual(0);
        expect(stamp).toBeLessThan(1_000_000_000);
        expect(stamp % (resolution === "nanoseconds" ? 1 : 1000)).toBe(0);
      }),
    );
  });
});
