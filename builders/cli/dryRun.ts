/** `pergola build --dry-run`: plans as text that can be read, compared and partly run by hand. */
import { stringify } from "yaml";
import type { BuildPlan } from "../plan/plan.ts";

/** A YAML document for each plan, in build order, with the builder's command line as a comment above it. */
export function plansAsText(plans: readonly BuildPlan[]): string {
  return plans.map(planAsText).join("---\n").trimEnd();
}

function planAsText(plan: BuildPlan): string {
  const command = plan.mode === "kaniko" ? kanikoCommand(plan.pod.spec) : plan.argv;
  const heading = `# ${plan.name}: ${plan.mode}, namespace ${plan.namespace}`;
  return `${heading}\n# $ ${command.map(shellQuote).join(" ")}\n${stringify(plan, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function kanikoCommand(spec: unknown): string[] {
  const { containers } = spec as { containers: { args: string[] }[] };
  return ["/kaniko/executor", ...(containers[0]?.args ?? [])];
}

/** A word as a POSIX shell takes it. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
