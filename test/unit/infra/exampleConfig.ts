/** Configuration for the tests of environments in clouds: an example stack file, as the engine passes it, with changes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { StackConfig } from "../../../infra/config.ts";
import { parseStackFile } from "../../../infra/stackFile.ts";
import { type Case, type Change, values } from "./config.ts";

const stacks = join(import.meta.dirname, "..", "..", "..", "stacks");

function parseAfter(change: Change, stack: string) {
  const { config } = parse(readFileSync(join(stacks, `Pulumi.${stack}.yaml`), "utf8"));
  change(config);
  return parseStackFile(stack, values(config), ["pergola:secrets"]);
}

/** What tests do with an example stack; `stack` is the one where none is named. */
export function example(stack: string) {
  /** The problems of an example stack after a change, as `path: message`. */
  const problems = (change: Change, name = stack): string[] => {
    const parsed = parseAfter(change, name);
    return "problems" in parsed ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : [];
  };
  return {
    problems,
    /** The checked configuration of an example stack after a change. Throws when it has problems. */
    config(change: Change = () => {}, name = stack): StackConfig {
      const parsed = parseAfter(change, name);
      if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems, null, 1));
      return parsed.config;
    },
    /** Tests that each change of an example stack has exactly its problems. */
    cases(title: string, list: readonly Case[], name = stack): void {
      describe(title, () => {
        test.each(list)("%s", (_, change, expected) => expect(problems(change, name)).toEqual(expected));
      });
    },
  };
}
