// Real builds of a context that is edited at random, against a model of what a daemon is sent.
import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stagedDirectory } from "../../builders/run/staging/stage.ts";
import { edits, Workspace } from "../buildkit/edits.ts";
import { Receiver } from "../buildkit/receiver.ts";
import type { Described } from "../buildkit/walk.ts";
import { makeBuilderNamespace, setupIn } from "./builderNamespace.ts";
import { build, kubectl } from "./environment.ts";
import { type ImageFile, imageFiles } from "./registry.ts";

/** What an image is to hold, as it is read out of its layers: what is not UTF-8 is U+FFFD there. */
function asInImage(entries: readonly Described[]): Map<string, ImageFile> {
  const text = (latin1: string): string => Buffer.from(latin1, "latin1").toString();
  return new Map(
    entries.map((entry): [string, ImageFile] => {
      const { path, kind, mode, link } = entry;
      if (kind === "file" && link !== "") return [text(path), { type: "link", mode, link: text(link) }];
      if (kind === "symlink") return [text(path), { type: kind, mode: 0o777, link: text(link) }];
      if (kind === "pipe") return [text(path), { type: "fifo", mode }];
      if (kind === "directory") return [text(path), { type: kind, mode }];
      return [text(path), { type: "file", mode, sha256: createHash("sha256").update(entry.content()).digest("hex") }];
    }),
  );
}

/** With a builder of its own: what it was sent, no other builds' cache pushes out where the disk is nearly full. */
const NAMESPACE = "test-edits";
let setup: string;
beforeAll(async () => {
  await makeBuilderNamespace(NAMESPACE);
  setup = await setupIn(NAMESPACE, () => {});
}, 60_000);
afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

it("20 builds of one image after random edits: each has what is there, and is sent what the last one lacks", async () => {
  const place = await mkdtemp(join(tmpdir(), "pergola-edits-"));
  const elsewhere = (): string => mkdtempSync(join(place, "checkout-"));
  const workspace = new Workspace(elsewhere(), elsewhere);
  const receiver = new Receiver();
  const seed = Date.now();
  const rounds = fc.sample(fc.array(edits, { minLength: 2, maxLength: 6 }), { seed, numRuns: 20 });
  const name = `test-edits-${seed}`;
  let dockerfile: number | null = null;
  const cache = join(place, "cache");
  try {
    for (const [round, changes] of rounds.entries()) {
      for (const change of changes) workspace.edit(change);
      const where = ["--mode", "cluster-buildkit", "--setup", setup];
      const args = [workspace.root, ...where, "--name", name, "--tag", `r${round}`, "--no-cache"];
      const { result } = await build(args, { PERGOLA_CACHE: cache });
      const image = result.images[0]!;
      const said = `seed ${seed}, round ${round}`;
      expect(image.error, said).toBeNull();
      expect(await imageFiles(image.reference), said).toEqual(asInImage(workspace.wanted));
      const staged = stagedDirectory({ cache, context: workspace.root, dockerfile: "Dockerfile" });
      const beside = (image.bytesSent as number) - receiver.receive(staged).bytes;
      // The Dockerfile and its ignore file are sent each time.
      dockerfile ??= beside;
      expect(beside, said).toBe(dockerfile);
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});
