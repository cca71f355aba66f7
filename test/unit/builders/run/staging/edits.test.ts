import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { stageContext } from "../../../../../builders/run/staging/stage.ts";
import { type Edit, edits, Workspace } from "../../../../buildkit/edits.ts";
import { Receiver } from "../../../../buildkit/receiver.ts";
import { type Described, meaning } from "../../../../buildkit/walk.ts";
import { folder } from "../../samples.ts";

/** Paths whose content the daemon lacks: files that are no link to another and are not what they were. */
function lacking(before: ReadonlyMap<string, string>, wanted: readonly Described[]): string[] {
  const after = meaning(wanted);
  const files = wanted.filter(({ kind, link }) => kind === "file" && link === "");
  return files.map((file) => file.path).filter((file) => before.get(file) !== after.get(file));
}

/** Edits a context over and over; after each edit it is staged and received. */
async function play(root: string, history: readonly Edit[][], damage: boolean): Promise<void> {
  const cache = path.join(root, "cache");
  let folders = 0;
  const elsewhere = (): string => {
    const made = path.join(root, `checkout-${folders++}`);
    mkdirSync(made);
    return made;
  };
  const workspace = new Workspace(elsewhere(), elsewhere);
  const receiver = new Receiver();
  for (const [round, changes] of history.entries()) {
    for (const change of changes) workspace.edit(change);
    const before = meaning(receiver.files);
    const stage = await stageContext({ cache, context: workspace.root, dockerfile: "Dockerfile" });
    const wanted = workspace.wanted;
    const { asked } = receiver.receive(stage.directory);
    expect(meaning(receiver.files)).toEqual(meaning(wanted));
    expect(asked).toEqual(lacking(before, wanted));
    stage.release();
    // Somebody cleans up in the cache.
    if (damage && round % 3 === 2) {
      const names = readdirSync(stage.directory, { encoding: "buffer" });
      const one = names[round % names.length];
      if (one) rmSync(Buffer.concat([Buffer.from(`${stage.directory}/`), one]), { recursive: true });
    }
  }
}

const ROUNDS = 10;
const histories = fc.array(fc.array(edits, { minLength: 1, maxLength: 4 }), { minLength: ROUNDS, maxLength: ROUNDS });

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each([
  ["to the nanosecond", true, 1000],
  ["to the microsecond, where there is no tar", false, 300],
])(
  "a builder is sent what it lacks and has what is there, over any history of edits and checkouts: times %s",
  async (_, tar, stagings) => {
    if (!tar) vi.stubEnv("PATH", path.join(folder({}), "empty"));
    const root = folder({});
    let runs = 0;
    const noPipes = histories.map((history) =>
      history.map((round) =>
        round.map((edit): Edit => (!tar && edit.kind === "pipe" ? { ...edit, kind: "write" } : edit)),
      ),
    );
    await fc.assert(
      fc.asyncProperty(noPipes, fc.boolean(), async (history, damage) => {
        const place = path.join(root, `${runs++}`);
        mkdirSync(place);
        await play(place, history, damage);
        rmSync(place, { recursive: true });
      }),
      { numRuns: stagings / ROUNDS },
    );
  },
  120_000,
);
