/** Configuration for the tests of AWS environments: an example stack file, as the engine passes it, with changes. */
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

/** The checked configuration of an example stack after a change. Throws when it has problems. */
export function awsConfig(change: Change = () => {}, stack = "aws-dev"): StackConfig {
  const parsed = parseAfter(change, stack);
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems, null, 1));
  return parsed.config;
}

/** The problems of an example stack after a change, as `path: message`. */
export function awsProblems(change: Change, stack = "aws-dev"): string[] {
  const parsed = parseAfter(change, stack);
  return "problems" in parsed ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

/** Tests that each change of an example stack has exactly its problems. */
export function awsCases(title: string, list: readonly Case[], stack = "aws-dev"): void {
  describe(title, () => {
    test.each(list)("%s", (_, change, problems) => expect(awsProblems(change, stack)).toEqual(problems));
  });
}
