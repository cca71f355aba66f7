// That the tables of bad stack files are complete: a field or a rule that none of them has is named here.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stackFileSchema } from "../../../infra/schema.ts";

const infra = join(import.meta.dirname, "..", "..", "..", "infra");
const read = (folder: string, files: RegExp): string[] =>
  readdirSync(folder)
    .filter((name) => files.test(name))
    .map((name) => readFileSync(join(folder, name), "utf8"));

/** The tables, with the paths written out that they have by name. */
const TABLES = withConstants(read(import.meta.dirname, /^(stackFile(\..+)?\.test|\w+Changes)\.ts$/).join("\n"));

function withConstants(text: string): string {
  const constants = [...text.matchAll(/const (\w+) = "(pergola:[^"]*)"/g)];
  return constants.reduce((all, [, name, value]) => all.replaceAll(`\${${name}}`, value as string), text);
}

/** What the problems in the tables are of: `pergola:registry.lifecycle.rules[0].days`. */
const PATHS = [
  ...new Set(
    [...TABLES.matchAll(/["'`](pergola:(?:[^\s:"'`[]|\[\d+\]|\["[^"]*"\])+)(?:: |["'`],)/g)].map(
      ([, path]) => path as string,
    ),
  ),
];

// biome-ignore lint/suspicious/noExplicitAny: a JSON schema
type Schema = any;

/** The leaves of a schema as expressions for their paths. What is in a list or a map stands for all of it. */
function leaves(schema: Schema, path: string): string[] {
  const forms: Schema[] = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (forms !== undefined) return forms.flatMap((form) => leaves(form, path));
  const index = String.raw`(?:\[\d+\])`;
  if (schema.items !== undefined && schema.type === "array") {
    const below = leaves(schema.items, `${path}${index}`);
    return below.map((leaf) => (leaf === `${path}${index}` ? `${path}${index}?` : leaf));
  }
  const key = String.raw`(?:\.[\w-]+|\["[^"]*"\])`;
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([name, below]) => leaves(below, `${path}\\.${name}`));
  }
  if (typeof schema.additionalProperties === "object") {
    const below = leaves(schema.additionalProperties, `${path}${key}`);
    return below.map((leaf) => (leaf === `${path}${key}` ? `${path}${key}?` : leaf));
  }
  return [path];
}

const SECTIONS = (stackFileSchema() as Schema).properties.config.properties;
const FIELDS = Object.keys(SECTIONS)
  // What is in a secret is Pulumi's, and not this program's.
  .filter((key) => key.startsWith("pergola:") && key !== "pergola:secrets")
  .flatMap((key) => leaves(SECTIONS[key], key));

test("every field is wrong in a table", () => {
  const missing = [...new Set(FIELDS)].filter((leaf) => !PATHS.some((path) => new RegExp(`^${leaf}$`).test(path)));
  expect(FIELDS.length).toBeGreaterThan(150);
  expect(missing).toEqual([]);
});

/** Texts of a source that are said to people: of three words at least, without what is put in. */
function messages(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const literals = [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`|'((?:[^'\\\n]|\\.)*)'/g)];
  return literals.flatMap(([, double, template, single]) => {
    // What is left of a text within a text is no message.
    const parts = (double ?? template ?? single ?? "")
      .split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/)
      .map((part) => (part.includes("${") ? "" : part.replaceAll(/^[\s:;,.]+|\s+$/g, "")));
    const longest = parts.sort((a, b) => b.length - a.length)[0] ?? "";
    return longest.split(/\s+/).length >= 3 ? [longest.replaceAll("\\`", "`").replaceAll('\\"', '"')] : [];
  });
}

test("every rule is broken in a table", () => {
  // Texts of several lines are one.
  const tables = TABLES.replaceAll(/["'`] \+\n\s*["'`]/g, "").replaceAll(/\\(["'`])/g, "$1");
  const rules = read(join(infra, "rules"), /\.ts$/).flatMap(messages);
  expect(rules.length).toBeGreaterThan(100);
  expect([...new Set(rules)].filter((text) => !tables.includes(text))).toEqual([]);
});
