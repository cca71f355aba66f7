/** What a rebuild sends, and whether it is ever wrong. */

import { createHash } from "node:crypto";
import { cp, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { imageFiles } from "../cluster/registry.ts";
import { inTurns, median, type Row, type Rows, row } from "./measure.ts";
import { build, emptyFolder, makeProject } from "./project.ts";
import { rawBuild } from "./raw.ts";

const FILES = 2000;
const SIZE = 4096;

/** Bytes of the context of one build. */
const sent = async (folder: string, name: string): Promise<number> => (await build(folder, name)).bytesSent as number;

export const bytes: Rows = async (note) => {
  const nonce = `${process.pid}-${Date.now()}`;
  note(`two projects of ${FILES} files`);
  const [one, two] = [await makeProject(FILES, SIZE, `${nonce} one`), await makeProject(FILES, SIZE, `${nonce} two`)];
  await sent(one, "bench-one");
  await sent(two, "bench-two");
  const alone: number[] = [];
  for (let turn = 0; turn < 5; turn++) alone.push(await sent(one, "bench-one"));
  const turns: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    await sent(two, "bench-two");
    turns.push(await sent(one, "bench-one"));
  }
  const rows = [
    row(
      "alternating",
      "bytes of a rebuild when two images take turns / of a lone rebuild",
      median(turns) / median(alone),
      1.05,
      { turns, alone },
    ),
  ];

  note("two folders of one name");
  const parents = [await emptyFolder(), await emptyFolder()];
  const [here, away] = parents.map((parent) => join(parent, "app")) as [string, string];
  await cp(one, here, { recursive: true });
  await cp(two, away, { recursive: true });
  const basename: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    await sent(away, "bench-two");
    basename.push(await sent(here, "bench-one"));
  }
  rows.push(
    row(
      "basename",
      "bytes of a rebuild when two images of folders with one name take turns / of a lone rebuild",
      median(basename) / median(alone),
      1.05,
      { basename, alone },
    ),
  );

  note("fresh checkouts with one edit");
  const fresh: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const checkout = await emptyFolder();
    await cp(one, checkout, { recursive: true });
    await writeFile(join(checkout, "d1", "f1"), `${nonce} edit ${turn} `.padEnd(SIZE, "y"));
    fresh.push(await sent(checkout, "bench-one"));
  }
  rows.push(
    row(
      "checkout",
      "bytes after a fresh checkout with one edit / metadata and the edit",
      median(fresh) / (median(alone) + SIZE),
      1.1,
      { fresh, alone },
    ),
  );
  return rows;
};

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export const wrong: Rows = async (note) => {
  let edits = 0;
  let collisions = 0;
  const folder = await makeProject(3, 16, "wrong");
  const check = async (where: string, name: string, text: string): Promise<number> => {
    const file = join(where, "d1", "f1");
    await writeFile(file, text);
    await utimes(file, 1_700_000_000, 1_700_000_000);
    const { reference } = await build(where, name);
    return (await imageFiles(reference)).get("d1/f1")?.sha256 === sha256(text) ? 0 : 1;
  };
  for (let turn = 0; turn < 100; turn++) {
    if (turn % 20 === 0) note(`edits of one size and time: ${turn} of 100`);
    edits += await check(folder, "bench-wrong", `edit ${String(turn).padStart(4, "0")}`);
  }
  const projects = [await makeProject(3, 16, "a"), await makeProject(3, 16, "b")] as const;
  for (let turn = 0; turn < 100; turn++) {
    if (turn % 20 === 0) note(`projects with files of one name, size and time: ${turn} of 100`);
    const which = turn % 2;
    collisions += await check(
      projects[which] as string,
      `bench-wrong-${which}`,
      `${which} ${String(turn).padStart(6, "0")}`,
    );
  }
  return [
    row("edits", "wrong images of 100 after edits that keep size and time", edits, 0, {}),
    row(
      "collisions",
      "wrong images of 100 of two projects whose files have one name, size and time",
      collisions,
      0,
      {},
    ),
  ];
};

/** Milliseconds over raw buildctl that a rebuild may take, and microseconds for each file. */
const START = 150;
const A_FILE = 10;

export const rebuild: Rows = async (note) => {
  const rows: Row[] = [];
  for (const files of [10, 10_000]) {
    note(`rebuilds of ${files} files`);
    const folder = await makeProject(files, SIZE, "rebuild");
    const name = `bench-rebuild-${files}`;
    await build(folder, name);
    const raw = await rawBuild(folder, name);
    await raw();
    const { pergola, buildctl } = await inTurns(7, {
      pergola: () => build(folder, name),
      buildctl: raw,
    });
    const allowed = START + (files > 10 ? (files * A_FILE) / 1000 : 0);
    const over = median(pergola) - median(buildctl);
    rows.push(
      row(`rebuild-${files}`, `milliseconds over raw buildctl, no change, ${files} files`, over, allowed, {
        pergola,
        buildctl,
      }),
    );
  }
  return rows;
};
