/** What operations of a stack did, for tests of its life. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { parseDocument } from "yaml";
import type { EngineResult, EngineStack, Operation } from "./engine.ts";

/** Steps that change something, sorted: reads do not. */
export function changes({ steps }: EngineResult): string[] {
  return steps.filter((step) => !step.startsWith("read ")).sort();
}

/** Names of the resources that had a kind of step, sorted. */
export function names(result: EngineResult, operation: string): string[] {
  return changes(result)
    .filter((step) => step.startsWith(`${operation} `))
    .map((step) => step.slice(operation.length + 1));
}

/** Paths that an update of a resource changes. */
export function changedPaths({ events }: EngineResult, name: string): string[] {
  return events.flatMap(({ resOutputsEvent }) =>
    resOutputsEvent?.metadata.urn.endsWith(`::${name}`) ? Object.keys(resOutputsEvent.metadata.detailedDiff ?? {}) : [],
  );
}

/** Runs an operation that has to work. */
export async function succeed(stack: EngineStack, operation: Operation, ...flags: string[]): Promise<EngineResult> {
  const result = await stack.operate(operation, { flags });
  expect(result.code, result.shown).toBe(0);
  return result;
}

/** Writes the stack file anew, with the salt that the engine put into it. */
export async function rewriteStackFile(stack: EngineStack, text: string): Promise<void> {
  const before = parseDocument(readFileSync(await stack.configFile(), "utf8"));
  const after = parseDocument(text);
  if (before.has("encryptionsalt")) after.set("encryptionsalt", before.get("encryptionsalt"));
  await stack.writeConfig(String(after));
}
