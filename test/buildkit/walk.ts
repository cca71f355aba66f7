/**
 * A directory as BuildKit's client describes it to the daemon: written after fsutil's walk and its stats (stat.go, stat_unix.go
 * and hardlinks.go of github.com/tonistiigi/fsutil), independently of the runner's own listing.
 */
import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Paths and link targets are bytes as latin1 text, which sorts as bytes do. */
export interface Described {
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "pipe" | "device";
  /** permission bits */
  readonly mode: number;
  readonly size: number;
  /** nanoseconds since 1970 */
  readonly modified: bigint;
  /** where a symlink points; the first path of a file that has several */
  readonly link: string;
  readonly device: number;
  /** of a file that is no link to another */
  content(): Buffer;
}

/** Everything below a directory in the order of its being sent: names by their bytes, a directory before what is in it. */
export function describe(root: string, includes: (path: string) => boolean = () => true): Described[] {
  const found: Described[] = [];
  const first = new Map<string, string>();
  const at = (path: string): Buffer => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, "latin1")]);
  const walk = (below: string): void => {
    const names = readdirSync(at(below), { encoding: "buffer" }).map((name) => name.toString("latin1"));
    for (const name of names.sort()) {
      const path = below === "" ? name : `${below}/${name}`;
      const stat = lstatSync(at(path), { bigint: true });
      if (includes(path)) found.push(described(path, stat, at(path), first));
      if (stat.isDirectory()) walk(path);
    }
  };
  walk("");
  return found;
}

function described(path: string, stat: BigIntStats, file: Buffer, first: Map<string, string>): Described {
  const common = { path, mode: Number(stat.mode & 0o7777n), modified: stat.mtimeNs, device: 0, size: 0, link: "" };
  const content = (): Buffer => Buffer.alloc(0);
  if (stat.isDirectory()) return { ...common, kind: "directory", content };
  if (stat.isSymbolicLink()) {
    const target = readlinkSync(file, { encoding: "buffer" });
    return { ...common, kind: "symlink", size: target.length, link: target.toString("latin1"), content };
  }
  if (stat.isFIFO()) return { ...common, kind: "pipe", content };
  // The bit that says socket is cleared, and an empty file is left.
  if (stat.isSocket()) return { ...common, kind: "file", content };
  if (!stat.isFile()) return { ...common, kind: "device", device: Number(stat.rdev), content };
  const inode = `${stat.dev} ${stat.ino}`;
  const link = stat.nlink > 1n ? first.get(inode) : undefined;
  const size = Number(stat.size);
  if (link !== undefined) return { ...common, kind: "file", size, link, content };
  first.set(inode, path);
  return { ...common, kind: "file", size, content: () => readFileSync(file) };
}

/** What is to come out of a build, comparable: kind, mode, and content or link, but no times. */
export function meaning(entries: readonly Described[]): Map<string, string> {
  return new Map(
    entries.map((entry) => {
      const { path, kind, mode, link, device } = entry;
      const content = kind === "file" && link === "" ? createHash("sha256").update(entry.content()).digest("hex") : "";
      // Nothing can set a link's own mode.
      return [path, JSON.stringify([kind, kind === "symlink" ? 0 : mode, link, device, content])];
    }),
  );
}
