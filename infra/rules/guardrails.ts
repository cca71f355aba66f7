/** Rules of a stack file about what builders reach. Amounts are in amounts.ts. */
import type { ParsedSections } from "../config.ts";
import { listedTwice, type Problem, problem } from "../configProblems.ts";

/** All violations. */
export function guardrailProblems({ cluster }: ParsedSections): Problem[] {
  if (cluster === undefined) return [];
  const { hosts, networkPolicy } = cluster.guardrails;
  const path = ["cluster", "guardrails", "hosts"];
  if (hosts.length > 0 && !networkPolicy) {
    return [
      problem(path, "have no effect: networkPolicy is false, so builders reach everything; remove one of the two"),
    ];
  }
  return listedTwice(path, hosts);
}
