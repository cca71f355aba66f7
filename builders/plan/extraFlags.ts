/** Flags that an image or a stack file brings for the builder's own command, beside those of the plan: each is there exactly once. */
import { type ErrorCode, PergolaError } from "../errors.ts";
import type { Image } from "../images/image.ts";

/** What is known of a command's flags. */
export interface FlagRules {
  /** flags without a value, or with one after `=` */
  readonly switches: ReadonlySet<string>;
  /** short and old names -> the one in use */
  readonly aliases: Readonly<Record<string, string>>;
  /** what two flags have in common when only one of them can hold: `opt target`, `no-cache` */
  key(name: string, value: string): string;
  /** why a flag cannot be given: the plan, or reading what the command says, stands on it; null when it can */
  refused(key: string, value: string): string | null;
  /** a flag as the plan writes it; as it was given if left out */
  write?(name: string, value: string | null): readonly string[];
}

/** A flag that was read. */
export interface Flag {
  /** as it is given to the command */
  readonly words: readonly string[];
  /** as somebody wrote it */
  readonly typed: string;
  /** "" for a word that belongs to no flag */
  readonly name: string;
  /** null where there is none */
  readonly value: string | null;
  readonly key: string;
}

/** Flags that somebody brings. */
export interface FlagSource {
  readonly flags: readonly string[];
  /** for people: "image api" */
  readonly of: string;
  readonly file: string;
  /** where they stand in that file: "spec.extraFlags" */
  readonly path: string;
  /** of the error for one that cannot be given */
  readonly code: ErrorCode;
}

/** An image's own. */
export function imageFlags({ extraFlags, name, definedIn }: Image): FlagSource {
  return { flags: extraFlags, of: `image ${name}`, file: definedIn, path: "spec.extraFlags", code: "image-definition" };
}

/**
 * The plan's own words and those of the sources, of which later ones win. Where two say the same thing the last is kept, as its
 * author knew what it does.
 * @throws PergolaError for a flag that the plan stands on
 */
export function withExtraFlags(own: readonly string[], sources: readonly FlagSource[], rules: FlagRules): string[] {
  const extra = sources.flatMap((source) => checkedFlags(source, rules));
  const last = new Map(extra.map((flag) => [flag.key, flag]));
  const kept = readFlags(own, rules).filter(({ key }) => !last.has(key));
  return [...kept, ...extra.filter((flag) => last.get(flag.key) === flag)].flatMap(({ words }) => words);
}

/** The flags of a source. @throws PergolaError for one that the plan stands on */
export function checkedFlags(source: FlagSource, rules: FlagRules): Flag[] {
  const flags = readFlags(source.flags, rules);
  for (const { key, value, typed } of flags) {
    const why = rules.refused(key, value ?? "");
    if (why === null) continue;
    throw new PergolaError({
      code: source.code,
      message: `The extra flag ${typed} of ${source.of} cannot be given.`,
      hint: why,
      path: source.path,
      file: source.file,
    });
  }
  return flags;
}

/** Words as flags; a word that belongs to none stands for itself. */
export function readFlags(words: readonly string[], rules: FlagRules): Flag[] {
  const flags: Flag[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const [, typed, given] = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (typed === undefined) {
      flags.push({ words: [word], typed: word, name: "", value: word, key: `word ${at} ${word}` });
      continue;
    }
    const name = rules.aliases[typed] ?? typed;
    const next = words[at + 1];
    const takesNext = rules.switches.has(name) ? /^(?:true|false)$/.test(next ?? "") : next?.startsWith("-") === false;
    const value = given ?? (takesNext ? (next as string) : null);
    const read = given === undefined && takesNext ? [word, next as string] : [word];
    at += read.length - 1;
    const written = rules.write?.(name, value) ?? read;
    flags.push({ words: written, typed: read.join(" "), name, value, key: rules.key(name, value ?? "") });
  }
  return flags;
}

/** `a=b` -> `a` */
export function keyOf(value: string): string {
  return value.split("=", 1)[0] as string;
}

/** Value of a field of `a=b,c=d`. */
export function field(value: string, name: string): string {
  const found = value.split(",").find((part) => part.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? "";
}

const KEYED = new Set(["opt", "local"]);

const BUILDCTL_REPEATABLE = new Set(["allow", "oci-layout", "registry-auth-tlscontext"]);

/** cmd/buildctl/build.go of moby/buildkit 0.33.1 */
export const BUILDCTL_FLAGS: FlagRules = {
  switches: new Set(["no-cache", "proxy-network", "help"]),
  aliases: { o: "output", h: "help" },
  key(name, value) {
    if (KEYED.has(name)) return `${name} ${keyOf(value)}`;
    if (name === "secret") return `secret ${field(value, "id")}`;
    if (name === "ssh") return `ssh ${keyOf(value)}`;
    if (name.endsWith("-cache") && value !== "") return `${name} ${field(value, "type")} ${field(value, "ref")}`;
    return BUILDCTL_REPEATABLE.has(name) ? `${name} ${value}` : name;
  },
  refused(key) {
    switch (key) {
      case "output":
        return "Use --tag, --annotation or --output-oci, or attestations by --provenance and --sbom.";
      case "opt platform":
        return "Use --platform, or spec.platforms in the Garden Build action.";
      case "opt filename":
        return "Use --file, or spec.dockerfile in the Garden Build action.";
      case "frontend":
      case "progress":
      case "metadata-file":
      case "opt local-sessionid:context":
        return "Leave it out.";
      default:
        return /^local (.*-)?context$|^local dockerfile$/.test(key) ? "Leave it out." : null;
    }
  },
};
