/** Random changes to a build context, of the kinds that people and tools make. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { type Described, describe } from "./walk.ts";

/** Names as latin1 text of their bytes: plain, odd, UTF-8, and no UTF-8 at all. */
const NAMES = ["a", "b", "d", "e", "d-x", "x.log", "-rf", ".hid", "new\nline", "sp ace", "\xc3\xbc", "n\xff\xfe"];
const CONTENTS = ["", "x", "y", "same size 1", "same size 2", "z".repeat(40_000)];
const MODES = [0o644, 0o755, 0o600, 0o4755, 0o000];
const TARGETS = ["a", "d/b", "../outside", "/abs", "n\xff", "loop"];

/** Ignore files, and what they let through, said once more in another way. */
const IGNORES: readonly [text: string, keeps: (path: string) => boolean][] = [
  ["", () => true],
  ["*.log\r\n", (path) => !/^[^/]*\.log(\/|$)/.test(path)],
  ["\uFEFF**/*.log\n# comment\n", (path) => !/(^|\/)[^/]*\.log(\/|$)/.test(path)],
  ["d\n!d/a\n", (path) => !/^d(\/|$)/.test(path) || /^d\/a(\/|$)/.test(path)],
  ["/e/\n./b/../b\n", (path) => !/^[eb](\/|$)/.test(path)],
];

/** What an edit works on; all but `root` is there only if the context has it. */
interface Scene {
  readonly root: string;
  /** a place for something new, cleared */
  place(): Buffer;
  readonly some?: Buffer;
  readonly other?: Buffer;
  readonly file?: Buffer;
  readonly content: string;
  readonly what: number;
}

const KINDS = {
  write: ({ place, content, what }) => {
    const to = place();
    writeFileSync(to, content);
    chmodSync(to, MODES[what % MODES.length] ?? 0o644);
  },
  directory: ({ place }) => mkdirSync(place()),
  symlink: ({ place, what }) => symlinkSync(Buffer.from(TARGETS[what % TARGETS.length] ?? "", "latin1"), place()),
  pipe: ({ root }) => {
    rmSync(`${root}/pipe`, { recursive: true, force: true });
    execFileSync("/usr/bin/mkfifo", [`${root}/pipe`]);
  },
  "hard link": ({ file, place }) => {
    if (file === undefined) return;
    const to = place();
    if (existsSync(file)) linkSync(file, to);
  },
  "own copy": ({ root, file }) => {
    // As editors save, and git checks out.
    if (file === undefined) return;
    const { mode } = lstatSync(file);
    writeFileSync(`${root}/saved`, readFileSync(file));
    chmodSync(`${root}/saved`, mode & 0o7777);
    renameSync(`${root}/saved`, file);
  },
  remove: ({ some }) => some && rmSync(some, { recursive: true, force: true }),
  rename: ({ some, place }) => {
    if (some === undefined) return;
    const to = place();
    // Not into itself, and not what made way for the new place.
    if (lstatSync(some, { throwIfNoEntry: false }) && !to.subarray(0, some.length).equals(some)) renameSync(some, to);
  },
  swap: ({ some, other, root }) => {
    if (some === undefined || other === undefined) return;
    if (some.indexOf(other) === 0 || other.indexOf(some) === 0) return;
    renameSync(some, `${root}/swapped`);
    renameSync(other, some);
    renameSync(`${root}/swapped`, other);
  },
  "same size and time": ({ file }) => {
    if (file === undefined) return;
    const { mode, atime, mtime } = lstatSync(file);
    const old = readFileSync(file);
    writeFileSync(
      file,
      old.map((byte) => byte ^ 1),
    );
    chmodSync(file, mode & 0o7777);
    utimesSync(file, atime, mtime);
  },
  mode: ({ file, what }) => file && chmodSync(file, MODES[what % MODES.length] ?? 0o644),
  touch: ({ file, what }) => file && utimesSync(file, what, what),
  sparse: ({ file }) => file && truncateSync(file, 100_000),
} satisfies Record<string, (scene: Scene) => unknown>;

/** A change; the numbers choose among what there is. */
export interface Edit {
  readonly kind: keyof typeof KINDS | "ignore" | "checkout";
  readonly at: number;
  readonly to: number;
  readonly what: number;
}

export const edits: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom(
    ...(Object.keys(KINDS) as (keyof typeof KINDS)[]),
    ...([
      "write",
      "write",
      "write",
      "hard link",
      "hard link",
      "own copy",
      "same size and time",
      "ignore",
      "checkout",
    ] as const),
  ),
  at: fc.nat(1000),
  to: fc.nat(1000),
  what: fc.nat(1000),
});

/** Files that are no part of the play. */
const FIXED = ["Dockerfile", ".dockerignore"];

/** A context that is edited. */
export class Workspace {
  root: string;
  #ignore = 0;
  readonly #elsewhere: () => string;

  /** @param elsewhere makes an empty folder, for a fresh checkout */
  constructor(root: string, elsewhere: () => string) {
    this.root = root;
    this.#elsewhere = elsewhere;
    writeFileSync(`${root}/Dockerfile`, "FROM scratch\nCOPY . /\n");
  }

  /** What of it belongs to the build, with the directories that lead to it. */
  get wanted(): Described[] {
    const keeps = IGNORES[this.#ignore]?.[1] ?? (() => true);
    const all = describe(this.root).map(({ path }) => path);
    const kept = new Set(all.filter(keeps).flatMap((path) => [path, ...parentsOf(path)]));
    return describe(this.root, (path) => kept.has(path));
  }

  edit({ kind, at, to, what }: Edit): void {
    if (kind === "ignore") {
      this.#ignore = what % IGNORES.length;
      writeFileSync(`${this.root}/.dockerignore`, IGNORES[this.#ignore]?.[0] ?? "");
      return;
    }
    if (kind === "checkout") {
      const checkout = this.#elsewhere();
      // Modes and links stay, times do not.
      const kept = what % 2 ? "mode,links" : "mode";
      execFileSync("/bin/cp", ["-R", "-P", `--preserve=${kept}`, `${this.root}/.`, checkout]);
      this.root = checkout;
      return;
    }
    const all = describe(this.root).filter(({ path }) => !FIXED.includes(path));
    const pick = (from: readonly Described[], number: number): { path: string } | undefined =>
      from[number % from.length];
    const [some, other, file] = [
      pick(all, at),
      pick(all, to),
      pick(
        all.filter((entry) => entry.kind === "file"),
        at,
      ),
    ];
    const folder = ["", ...all.filter((entry) => entry.kind === "directory").map(({ path }) => `${path}/`)];
    const place = (): Buffer => {
      const fresh = this.#at(`${folder[at % folder.length]}${NAMES[to % NAMES.length]}`);
      rmSync(fresh, { recursive: true, force: true });
      return fresh;
    };
    KINDS[kind]({
      ...{ root: this.root, place, what, content: CONTENTS[what % CONTENTS.length] ?? "" },
      ...(some && { some: this.#at(some.path) }),
      ...(other && { other: this.#at(other.path) }),
      ...(file && { file: this.#at(file.path) }),
    });
  }

  #at(path: string): Buffer {
    return Buffer.concat([Buffer.from(`${this.root}/`), Buffer.from(path, "latin1")]);
  }
}

function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
