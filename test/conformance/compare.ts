/** In what two images differ. Pure. */
import { hardLinks, type Node, type Tree } from "./tree.ts";

/** The fields of an image's configuration that say what runs and how; times, history and layer digests are not among them. */
export interface ImageFacts {
  readonly platform: string;
  /** field -> value; what is empty is left out, as runtimes read both alike */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tree: Tree;
}

/** What came of a build. */
export type Outcome = ImageFacts | { readonly failed: string };

/**
 * Each difference as one line: `WHAT: FIRST -> SECOND`, sorted. Equal images give none. Of builds that fail nothing is compared, so
 * that two of them are a difference too, unless they are to fail; then whatever they say is equal, and any that does not fail differs.
 */
export function differencesBetween(first: Outcome, second: Outcome, fails = false): string[] {
  if (fails || "failed" in first || "failed" in second) {
    const of = (outcome: Outcome): string => ("failed" in outcome ? "failed" : "built");
    const asDeclared = fails && "failed" in first && "failed" in second;
    return asDeclared ? [] : [`build: ${of(first)} -> ${of(second)}`];
  }
  return [
    ...lines("platform", first.platform, second.platform),
    ...keysOf(first.config, second.config).flatMap((key) =>
      lines(`config ${key}`, shown(first.config[key]), shown(second.config[key])),
    ),
    ...inTrees(first.tree, second.tree),
  ].sort();
}

function inTrees(first: Tree, second: Tree): string[] {
  const links = [hardLinks(first), hardLinks(second)] as const;
  return [...new Set([...first.keys(), ...second.keys()])].flatMap((path) => {
    const [one, other] = [first.get(path), second.get(path)];
    if (one === undefined || other === undefined || one.type !== other.type) {
      return lines(`/${path}`, one?.type ?? "nothing", other?.type ?? "nothing");
    }
    const aspects: [string, string, string][] = [
      ["mode", modeOf(one), modeOf(other)],
      ["owner", `${one.uid}:${one.gid}`, `${other.uid}:${other.gid}`],
      ["target", one.link ?? "", other.link ?? ""],
      ["content", one.sha256 ?? "", other.sha256 ?? ""],
      ["device", one.device ?? "", other.device ?? ""],
      ["attributes", shown(one.attributes), shown(other.attributes)],
      ["hard links", shown(links[0].get(path)), shown(links[1].get(path))],
    ];
    return aspects.flatMap(([aspect, a, b]) => lines(`/${path} ${aspect}`, a, b));
  });
}

function lines(what: string, first: string, second: string): string[] {
  return first === second ? [] : [`${what}: ${first} -> ${second}`];
}

/** A symbolic link has no mode of its own: archives hold whatever their writer put there. */
function modeOf({ type, mode }: Node): string {
  return type === "symlink" ? "" : mode.toString(8).padStart(4, "0");
}

function keysOf(...objects: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(objects.flatMap((object) => Object.keys(object)))];
}

/** JSON with sorted keys: the order in a list counts, that of an object's fields does not. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  return JSON.stringify(value, (_, part) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
