/** The table of known differences between the builders: read, held against what was found, rendered for people. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const table = z.array(
  z.strictObject({
    /** what differs, for people */
    what: z.string(),
    "cluster-buildkit": z.string(),
    kaniko: z.string(),
    reason: z.string(),
    /** what a user can do about it */
    instead: z.string().optional(),
    /** case, or `any` for all of them -> lines of differencesBetween(BuildKit, kaniko); `*` stands for anything */
    occurs: z.record(z.string(), z.array(z.string()).min(1)),
  }),
);
export type Differences = z.infer<typeof table>;

/** The file that holds the table, and the one that it is rendered to. */
export const TABLE_FILE = join(import.meta.dirname, "differences.yaml");
export const RENDERED_FILE = join(import.meta.dirname, "..", "..", "docs", "differences.md");

/** @throws ZodError for a table that is not understood */
export function readDifferences(text: string = readFileSync(TABLE_FILE, "utf8")): Differences {
  return table.parse(parse(text));
}

export interface Judgement {
  /** case -> lines that no entry of the table explains */
  readonly unexplained: ReadonlyMap<string, readonly string[]>;
  /** `CASE: LINE` of the table that did not occur */
  readonly stale: readonly string[];
}

/** Holds what was found, by case, against the table. */
export function judge(differences: Differences, found: ReadonlyMap<string, readonly string[]>): Judgement {
  const listed = differences.flatMap(({ occurs }) =>
    Object.entries(occurs).flatMap(([where, lines]) => lines.map((line) => ({ where, line, matches: matcher(line) }))),
  );
  const applies = (where: string, name: string): boolean => where === "any" || where === name;
  const unexplained = new Map(
    [...found].map(([name, lines]) => [
      name,
      lines.filter((line) => !listed.some(({ where, matches }) => applies(where, name) && matches(line))),
    ]),
  );
  const stale = listed.filter(
    ({ where, matches }) => ![...found].some(([name, lines]) => applies(where, name) && lines.some(matches)),
  );
  return { unexplained, stale: stale.map(({ where, line }) => `${where}: ${line}`) };
}

function matcher(pattern: string): (line: string) => boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join(".*")}$`, "s");
  return (line) => expression.test(line);
}

/** The table as a page of documentation. */
export function rendered(differences: Differences): string {
  const rows = differences.map((entry) => {
    const instead = entry.instead === undefined ? "" : ` **Instead:** ${entry.instead}`;
    const cells = [entry.what, entry["cluster-buildkit"], entry.kaniko, "not compared yet", entry.reason + instead];
    return `| ${cells.map((cell) => cell.trim().replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  });
  return `# Where the builders differ

Made from \`test/conformance/differences.yaml\`; do not edit. The conformance suite builds each of its Dockerfiles in every mode and
compares contents, modes, owners, links and configuration of the images. A difference that is not in this table fails it, and so does
one of this table that no longer occurs. What kaniko would build otherwise and a Dockerfile shows beforehand is refused before a pod
starts, with file and line, and is not in this table.

| what | cluster-buildkit | kaniko 1.25.5 | local-docker | why |
|---|---|---|---|---|
${rows.join("\n")}
`;
}
