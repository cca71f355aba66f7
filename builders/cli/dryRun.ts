/** `pergola build --dry-run`: plans as text that can be read, compared and partly run by hand. */
import { stringify } from "yaml";
import type { BuildPlan, KanikoPlan } from "../plan/plan.ts";

/** A YAML document for each plan, in build order, with the builder's command line as a comment above it. */
export function plansAsText(plans: readonly BuildPlan[]): string {
  return plans.map(planAsText).join("---\n").trimEnd();
}

function planAsText(plan: BuildPlan): string {
  const commands =
    "parts" in plan
      ? plan.parts.map(kanikoCommand)
      : plan.mode === "kaniko"
        ? [kanikoCommand(plan)]
        : [plan.argv, ...(plan.mode === "local-docker" ? plan.push : [])];
  const place = plan.mode === "local-docker" ? "Docker of this machine" : `namespace ${plan.namespace}`;
  const heading = `# ${plan.name}: ${plan.mode}, ${place}`;
  const lines = commands.map((command) => `# $ ${command.map(shellQuote).join(" ")}`);
  return `${[heading, ...lines].join("\n")}\n${stringify(plan, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function kanikoCommand({ pod }: KanikoPlan): string[] {
  const { containers } = pod.spec as { containers: { args: string[] }[] };
  return ["/kaniko/executor", ...(containers[0]?.args ?? [])];
}

/** A word as a POSIX shell takes it. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
