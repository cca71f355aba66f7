/** The table of known differences between the builders: read, held against what was found, rendered for people. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** case, or `any` for all of them -> lines of differencesBetween(BuildKit, the other); `*` stands for anything */
const places = z.record(z.string(), z.array(z.string()).min(1));

const table = z.array(
  z.strictObject({
    /** what differs, for people */
    what: z.string(),
    "cluster-buildkit": z.string(),
    /** left out where it does the same as BuildKit, or refuses it */
    kaniko: z.string().optional(),
    "local-docker": z.string().optional(),
    reason: z.string(),
    /** what a user can do about it */
    instead: z.string().optional(),
    occurs: z.strictObject({ kaniko: places.optional(), "local-docker": places.optional() }),
  }),
);
export type Differences = z.infer<typeof table>;
/** Builders that are held against BuildKit in the cluster. */
export type Compared = "kaniko" | "local-docker";

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

/** Holds what was found of a builder, by case, against the table. */
export function judge(
  differences: Differences,
  builder: Compared,
  found: ReadonlyMap<string, readonly string[]>,
): Judgement {
  const listed = differences.flatMap(({ occurs }) =>
    Object.entries(occurs[builder] ?? {}).flatMap(([where, lines]) =>
      lines.map((line) => ({ where, line, matches: matcher(line) })),
    ),
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
    const others = [entry.kaniko ?? "-", entry["local-docker"] ?? "-"];
    const cells = [entry.what, entry["cluster-buildkit"], ...others, entry.reason + instead];
    return `| ${cells.map((cell) => cell.trim().replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  });
  return `# Where the builders differ

Made from \`test/conformance/differences.yaml\`; do not edit. The conformance suite builds each of its Dockerfiles in every mode and
compares contents, modes, owners, links and configuration of the images. A difference that is not in this table fails it, and so does
one of this table that no longer occurs. What kaniko would build otherwise and a Dockerfile shows beforehand is refused before a pod
starts, with file and line, and is not in this table. A dash stands for what is as in cluster-buildkit, or refused.

| what | cluster-buildkit | kaniko 1.25.5 | local-docker with Docker 20.10 | why |
|---|---|---|---|---|
${rows.join("\n")}
`;
}
