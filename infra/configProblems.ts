/** What is wrong with a stack file, in words: where, what was found, what is allowed, and what was probably meant. */
import type { z } from "zod";
import { GONE, goneName } from "./config.ts";
import { nearest } from "./documents/nearest.ts";

/** One problem of a stack file. */
export interface Problem {
  /** as it stands in the file: `pergola:cluster.builderNodes[0].kind` */
  readonly path: string;
  readonly message: string;
}

type Path = readonly PropertyKey[];

/** In the place of a value that may be secret, or is long. */
const NOT_SHOWN = "the value (not shown)";

/** What is wrong at a place of the file, for rules. */
export function problem(path: Path, message: string): Problem {
  return { path: pathText(path), message };
}

/** The entries of a list that are there before. */
export function listedTwice(path: Path, list: readonly string[]): Problem[] {
  return list.flatMap((entry, index) =>
    list.indexOf(entry) === index ? [] : [problem([...path, index], `${JSON.stringify(entry)} is listed twice`)],
  );
}

/** `pergola:registry.mirrors["docker.io"][0]` */
export function pathText(path: Path): string {
  const [section, ...rest] = path;
  return rest.reduce<string>(
    (text, part) => {
      if (typeof part === "number") return `${text}[${part}]`;
      const name = String(part);
      return /^[\w-]+$/.test(name) ? `${text}.${name}` : `${text}[${JSON.stringify(name)}]`;
    },
    `pergola:${String(section)}`,
  );
}

/**
 * The result of parsing one section: its value, or its problems. `section` is part of every path. Values below
 * `pergola:secrets` are not repeated.
 */
export function parseSection<T>(
  section: string,
  schema: z.ZodType<T>,
  value: unknown,
): { readonly value: T } | { readonly problems: Problem[] } {
  const result = schema.safeParse(value, { error: (issue) => inWords(issue) });
  if (result.success) return { value: result.data };
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, [section], value));
  return { problems };
}

/** Raw issues carry the schema and the value, which the final ones do not; so the words are made while they are raw. */
function inWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "unrecognized_keys": {
      const shape = (issue.inst as z.ZodObject | undefined)?._zod.def.shape ?? {};
      return JSON.stringify(Object.keys(shape));
    }
    case "invalid_type": {
      const type = issue.expected === "record" ? "object" : String(issue.expected);
      return issue.input === undefined ? wanted(article(type), descriptionOf(issue)) : article(type);
    }
    case "invalid_union":
      return descriptionOf(issue) ?? "";
    case "too_small":
      if (issue.origin === "array") return "is empty; at least one entry is needed";
      return issue.input === "" ? "is empty" : `is shorter than ${issue.minimum} characters`;
    case "too_big":
      return `has ${String(issue.input).length} characters, at most ${issue.maximum} are allowed`;
    default:
      return issue.message ?? "is not allowed";
  }
}

function problemsOf(issue: z.core.$ZodIssue, before: Path, section: unknown): Problem[] {
  const path = [...before, ...issue.path];
  const at = pathText(path);
  const value = valueAt(section, path.slice(1));
  switch (issue.code) {
    case "unrecognized_keys": {
      const allowed = JSON.parse(issue.message) as string[];
      return issue.keys.map((key) => ({ path: at, message: unknownKey(key, allowed, path) }));
    }
    case "invalid_key":
      return [
        { path: at, message: `the key ${JSON.stringify(path.at(-1))} ${issue.issues[0]?.message ?? issue.message}` },
      ];
    case "invalid_value":
      return [{ path: at, message: notAmong(value, issue.values.map(String), path) }];
    case "invalid_union":
      return unionProblems(issue, path, section);
    case "invalid_type":
      if (value === undefined) return [{ path: at, message: `is missing (${issue.message})` }];
      return [
        {
          path: at,
          message: `is ${shown(value, path)}; allowed is ${issue.message}${quoted(value, issue.message, path)}`,
        },
      ];
    default:
      return [{ path: at, message: `${shown(value, path)} ${issue.message}` }];
  }
}

function unionProblems(issue: z.core.$ZodIssueInvalidUnion, path: Path, section: unknown): Problem[] {
  const value = valueAt(section, path.slice(1));
  if (issue.errors.length === 0) {
    // By a discriminator: the path already ends in it.
    return [{ path: pathText(path), message: notAmong(value, discriminators(issue), path) }];
  }
  // By form (a name, or an object that says more): the form that was used is the one that has its keys, and of these the one with
  // the fewest complaints about it.
  const wrongForm = (branch: readonly z.core.$ZodIssue[]) =>
    branch.some(
      (inner) => inner.path.length === 0 && (inner.code === "invalid_type" || inner.code === "invalid_value"),
    );
  const strangeKeys = (branch: readonly z.core.$ZodIssue[]) =>
    branch.filter((inner) => inner.path.length === 0 && inner.code === "unrecognized_keys").length;
  const branches = issue.errors
    .filter((branch) => !wrongForm(branch))
    .sort((a, b) => strangeKeys(a) - strangeKeys(b) || a.length - b.length);
  if (branches[0] === undefined) {
    const forms = [...new Set(issue.errors.flatMap((branch) => branch.flatMap(formOf)))];
    const found =
      value === undefined
        ? `is missing (${issue.message === "" ? forms.join(" or ") : issue.message})`
        : `is ${shown(value, path)}; allowed is ${forms.join(" or ")}`;
    return [{ path: pathText(path), message: found }];
  }
  return branches[0].flatMap((inner) => problemsOf(inner, path, section));
}

/** The form that a branch of a union wanted instead of another: `a string`, `"*"`. */
function formOf(issue: z.core.$ZodIssue): string[] {
  if (issue.path.length > 0) return [];
  if (issue.code === "invalid_type") return [article(issue.expected === "record" ? "object" : issue.expected)];
  return issue.code === "invalid_value" ? issue.values.map((value) => JSON.stringify(value)) : [];
}

/** Values that a discriminator may have; zod sets them beside what its types declare. */
function discriminators(issue: z.core.$ZodIssueInvalidUnion): string[] {
  return ((issue as { options?: unknown[] }).options ?? []).map(String);
}

/** The message for a key that is not known; also used for `pergola:` keys themselves. */
export function unknownKey(key: string, allowed: readonly string[], path: Path): string {
  const gone = goneReason(key, path);
  if (gone !== null) return `the key ${JSON.stringify(key)} ${gone}; ${list(allowed)}`;
  return `unknown key ${JSON.stringify(key)}; ${list(allowed)}${suggestion(key, allowed)}`;
}

function notAmong(value: unknown, allowed: readonly string[], path: Path): string {
  if (value === undefined) return `is missing; ${list(allowed)}`;
  const gone = typeof value === "string" ? goneReason(value, path) : null;
  if (gone !== null) return `${JSON.stringify(value)} ${gone}; ${list(allowed)}`;
  const meant = typeof value === "string" ? suggestion(value, allowed) : "";
  return `is ${shown(value, path)}; ${list(allowed)}${meant}`;
}

/** Why what is found here is no longer to be had; null for anything else. */
function goneReason(found: string, path: Path): string | null {
  const gone = GONE[versionPath(path)] ?? {};
  const name = goneName(found);
  return Object.hasOwn(gone, name) ? (gone[name] ?? null) : null;
}

function suggestion(found: string, allowed: readonly string[]): string {
  const meant = nearest(found, allowed);
  return meant === null ? "" : `; did you mean ${meant}?`;
}

function list(allowed: readonly string[]): string {
  return `allowed: ${allowed.join(", ")}`;
}

/** What the schema says of what is wrong. */
function descriptionOf(issue: z.core.$ZodRawIssue): string | undefined {
  return (issue.inst as z.ZodType | undefined)?.description;
}

/** What is missing, in words: what the schema says of it, and its type where that does not tell. */
function wanted(type: string, description: string | undefined): string {
  if (description === undefined) return type;
  return type === "true or false" ? `${type}: ${description}` : description;
}

/** What YAML takes for a number is text in quotes. */
function quoted(value: unknown, allowed: string, path: Path): string {
  if (typeof value !== "number" || allowed !== "a string" || shown(value, path) === NOT_SHOWN) return "";
  return `: "${value}"`;
}

function versionPath(path: Path): string {
  return path.filter((part) => typeof part !== "number").join(".");
}

function article(type: string): string {
  if (type === "array") return "a list";
  if (type === "boolean") return "true or false";
  if (type === "int") return "a whole number";
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** A value as a message may show it. */
function shown(value: unknown, path: Path): string {
  // Where the name of a secret belongs, there may be the secret itself.
  if (path[0] === "secrets" || path.includes("dockerConfigSecrets") || String(path.at(-1)).endsWith("Secret"))
    return NOT_SHOWN;
  // Long, and whoever puts a certificate there may have put its key there too.
  if (path.at(-1) === "caBundle") return NOT_SHOWN;
  if (typeof value === "string" && holdsPassword(value, path)) return NOT_SHOWN;
  const text = JSON.stringify(value, withoutPasswords) ?? "nothing";
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}

/** Whether a password was probably written here, where it does not belong: as USER:PASSWORD, before a host, or as the file of a key. */
function holdsPassword(value: string, path: Path): boolean {
  const place = path.findLast((part) => typeof part !== "number");
  if (place === "login" || place === "logins") return true;
  if (place === "username") return value.includes(":");
  if (place === "host") return value.includes("@");
  return /-----BEGIN|"private_key"/.test(value);
}

/** For JSON.stringify: an object where another one belongs, without what its keys say is secret. */
function withoutPasswords(key: string, value: unknown): unknown {
  return typeof value === "string" && /pass|token|key|secret|auth/i.test(key) ? "(not shown)" : value;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[part] : undefined,
    value,
  );
}
