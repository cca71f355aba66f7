/** Configuration for the tests of `infra/`: the stack file `local`, as the engine passes it, with changes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { StackConfig } from "../../../infra/config.ts";
import { parseStackFile } from "../../../infra/stackFile.ts";

const file = join(import.meta.dirname, "..", "..", "..", "stacks", "Pulumi.local.yaml");

/** The `config` of stacks/Pulumi.local.yaml; a new object each time. */
// biome-ignore lint/suspicious/noExplicitAny: tests write wrong values into it
export function localConfig(): Record<string, any> {
  return parse(readFileSync(file, "utf8")).config;
}

/** As the engine passes a configuration to the program. */
export function values(config: Record<string, unknown>): Record<string, string> {
  const text = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, text(value)]));
}

/** The problems of `local` after a change, as `path: message`. Secrets count as encrypted, and what else is said to be. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function problemsAfter(change: (config: Record<string, any>) => void, encrypted: string[] = []): string[] {
  const config = localConfig();
  change(config);
  const parsed = parseStackFile("local", values(config), ["pergola:secrets", ...encrypted]);
  return "problems" in parsed ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

/** The checked configuration of `local` after a change. Throws when it has problems. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function configAfter(change: (config: Record<string, any>) => void): StackConfig {
  const config = localConfig();
  change(config);
  const parsed = parseStackFile("local", values(config), ["pergola:secrets"]);
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

/** A change of the stack file `local` that makes it wrong. */
// biome-ignore lint/suspicious/noExplicitAny: wrong values are written into it
export type Change = (config: any) => void;

/** name, change, problems */
export type Case = [string, Change, string[]];

/** Tests that each change has exactly its problems. */
export function cases(title: string, list: readonly Case[]): void {
  describe(title, () => {
    test.each(list)("%s", (_, change, problems) => expect(problemsAfter(change)).toEqual(problems));
  });
}
