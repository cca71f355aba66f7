/** How finely the times of a folder's files can be set and read back. */
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PergolaError } from "../../errors.ts";
import type { Resolution, StampedEntry } from "./stagingPlan.ts";
import { writeByNode, writeByTar } from "./write.ts";

/** A time that no coarser clock hits by chance. */
const ODD = 123_456_789;

/** Tries it out with a file. @throws PergolaError internal: times are kept to the second only */
export async function probeResolution(folder: string): Promise<Resolution> {
  const [from, to] = [mkdtempSync(path.join(tmpdir(), "pergola-probe-")), mkdtempSync(path.join(folder, "probe-"))];
  const entry = (name: string): StampedEntry => {
    writeFileSync(path.join(from, name), "");
    const common = { path: name, type: "file", mode: 0o600, size: 0, modified: 0, changed: 0, inode: 0 } as const;
    return { ...common, stamp: ODD, sha256: EMPTY };
  };
  const stampOf = (name: string): number => {
    const { mtimeNs } = lstatSync(path.join(to, name), { bigint: true });
    return Number(mtimeNs % 1_000_000_000n);
  };
  try {
    const byTar = await writeByTar(from, to, [entry("tar")]).then(
      () => true,
      () => false,
    );
    if (byTar && stampOf("tar") === ODD) return "nanoseconds";
    await writeByNode(from, to, [entry("node")]);
    if (Math.floor(stampOf("node") / 1000) === Math.floor(ODD / 1000)) return "microseconds";
    throw new PergolaError({
      code: "internal",
      message: `Build contexts cannot be staged in ${folder}: the file system there keeps times to the second only.`,
      hint: "Set PERGOLA_CACHE to a folder on a local disk.",
    });
  } finally {
    rmSync(from, { recursive: true, force: true });
    rmSync(to, { recursive: true, force: true });
  }
}

/** SHA-256 of nothing. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
