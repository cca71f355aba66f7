/**
 * Which files of a build context `.dockerignore` leaves out. The rules are those of moby's `patternmatcher` v0.6 and
 * `ignorefile` (github.com/moby/patternmatcher), which BuildKit and Docker use: the last pattern that matches a path or one of
 * its parents decides, `!` brings back, `**` crosses directories, `*` and `?` do not.
 */
import path from "node:path";

/** One line of an ignore file. */
interface Pattern {
  /** cleaned, without `!` */
  readonly text: string;
  /** a `!` line: brings back what earlier lines left out */
  readonly exception: boolean;
  matches(candidate: string): boolean;
}

/** Raised for a line that no matcher can be made of; `line` is the text as cleaned. */
export class IgnorePatternError extends Error {
  readonly line: string;
  constructor(line: string) {
    super(`"${line}" is not a valid pattern`);
    this.name = "IgnorePatternError";
    this.line = line;
  }
}

/** Lines of an ignore file as patterns: comments and blanks dropped, paths cleaned, leading slashes removed. */
export function readIgnoreLines(text: string): string[] {
  const patterns: string[] = [];
  for (const raw of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    if (raw.startsWith("#")) continue;
    const line = raw.trim();
    if (line === "") continue;
    const exception = line.startsWith("!");
    let pattern = exception ? line.slice(1).trim() : line;
    if (pattern !== "") {
      pattern = cleanPath(pattern);
      if (pattern.length > 1 && pattern.startsWith("/")) pattern = pattern.slice(1);
    }
    patterns.push(exception ? `!${pattern}` : pattern);
  }
  return patterns;
}

/** Decides for every path of a context; paths are relative, with forward slashes. */
export class IgnoreMatcher {
  readonly #patterns: readonly Pattern[];
  readonly #exceptions: readonly string[];
  readonly #exceptionsArePlain: boolean;

  /** @throws IgnorePatternError for a line with a malformed character class or a lone `!` */
  constructor(lines: readonly string[]) {
    this.#patterns = lines.map(compile);
    this.#exceptions = this.#patterns.filter((pattern) => pattern.exception).map((pattern) => pattern.text);
    this.#exceptionsArePlain = this.#exceptions.every((text) => !/[*?[\\]/.test(text));
  }

  /** Whether the path is left out, by itself or because of a parent directory. */
  ignores(candidate: string): boolean {
    let ignored = false;
    const parents = parentsOf(candidate);
    for (const pattern of this.#patterns) {
      if (pattern.exception !== ignored) continue;
      if (pattern.matches(candidate) || parents.some((parent) => pattern.matches(parent))) ignored = !pattern.exception;
    }
    return ignored;
  }

  /** Whether a left-out directory may still hold files that a later `!` line brings back. */
  mayKeepBelow(directory: string): boolean {
    if (this.#exceptions.length === 0) return false;
    return !this.#exceptionsArePlain || this.#exceptions.some((text) => text.startsWith(`${directory}/`));
  }
}

function parentsOf(candidate: string): string[] {
  const parents: string[] = [];
  for (let slash = candidate.indexOf("/"); slash !== -1; slash = candidate.indexOf("/", slash + 1)) {
    parents.push(candidate.slice(0, slash));
  }
  return parents;
}

/** Go's filepath.Clean: like normalize, but without a trailing slash. */
function cleanPath(text: string): string {
  const normal = path.posix.normalize(text);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

function compile(line: string): Pattern {
  const exception = line.startsWith("!");
  const text = exception ? line.slice(1) : line;
  if (text === "") throw new IgnorePatternError(line);
  const expression = toExpression(text);
  return {
    text,
    exception,
    matches: expression === null ? (candidate) => candidate === text : (candidate) => expression.test(candidate),
  };
}

/** The pattern as a regular expression; null when it has no wildcard and is compared as it is. */
function toExpression(text: string): RegExp | null {
  if (!/[*?[\]\\]/.test(text)) return null;
  // moby compares plain endings: `**foo` is anything that ends in foo, though `**foo*` must begin a path element.
  const ending = /^\*\*(\/?)([^*?[\]\\]*)$/.exec(text);
  if (ending)
    return new RegExp(`${ending[1] ? "(?:^|/)" : ""}${[...(ending[2] as string)].map(quote).join("")}$`, "su");
  const characters = [...text];
  let source = "";
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === "*" && characters[at + 1] === "*") {
      at += characters[at + 2] === "/" ? 2 : 1;
      source += at + 1 >= characters.length ? ".*" : "(?:.*/)?";
    } else if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const close = characters.indexOf("]", at + 2);
      if (close === -1) throw new IgnorePatternError(text);
      source += `[${characters.slice(at + 1, close).join("")}]`;
      at = close;
    } else if (character === "\\") {
      const next = characters[++at];
      // moby reads \d or \x41 as Go's regular expressions do: hardly what somebody means by a name.
      if (next === undefined || /[A-Za-z0-9]/.test(next)) throw new IgnorePatternError(text);
      source += quote(next);
    } else source += quote(character);
  }
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    throw new IgnorePatternError(text);
  }
}

function quote(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
