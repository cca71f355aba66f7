/** Rules of a stack file about documents that ECR would refuse, so that they are refused before anything is made. */
import type { ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { lifecycleProblem } from "../documents/aws/ecrLifecycle.ts";
import { repositoryPolicyProblem } from "../documents/aws/ecrRepositoryPolicy.ts";
import { type PlannedRepository, plannedRegistries } from "../registries/ecrPlan.ts";
import type { EcrLifecycleConfig } from "../sections/ecrRegistry.ts";

type Path = readonly (string | number)[];

/** Rules that a policy may have once, and documents that are too long. @param stack name of the stack */
export function ecrDocumentProblems(config: ParsedSections, stack: string): Problem[] {
  const { registry, access, cluster, builder, cache } = config;
  if (registry?.kind !== "ecr") return [];
  const lifecycles: [Path, EcrLifecycleConfig | undefined][] = [
    [["registry", "lifecycle"], registry.lifecycle],
    ...registry.repositories.map((entry, index): [Path, EcrLifecycleConfig | undefined] => [
      ["registry", "repositories", index, "lifecycle"],
      typeof entry === "string" ? undefined : entry.lifecycle,
    ]),
  ];
  const problems = lifecycles.flatMap(([path, lifecycle]) => (lifecycle ? onceEach(path, lifecycle) : []));
  if (access === undefined || cluster === undefined || builder === undefined || cache === undefined) return problems;
  const made = plannedRegistries({ registry, access, cluster, builder, cache }, stack).flatMap(
    ({ repositories }) => repositories,
  );
  return [...problems, ...tooLong(made, lifecycleOf), ...tooLong(made, policyOf)];
}

function lifecycleOf({ lifecycle }: PlannedRepository): string | null {
  const unfit = lifecycle && lifecycleProblem(lifecycle);
  return unfit === null ? null : `the lifecycle policy ${unfit}`;
}

function policyOf({ policy }: PlannedRepository): string | null {
  const unfit = policy && repositoryPolicyProblem(policy);
  return unfit === null ? null : `the policy of who may use it ${unfit}`;
}

/** One message for all repositories with the same: they mostly go by what holds for all. */
function tooLong(
  made: readonly PlannedRepository[],
  unfit: (repository: PlannedRepository) => string | null,
): Problem[] {
  const found = new Map<string, string[]>();
  for (const repository of made) {
    const message = unfit(repository);
    if (message !== null) found.set(message, [...(found.get(message) ?? []), repository.name]);
  }
  return [...found].map(([message, names]) => problem(["registry"], `${message}: that of ${names.join(", ")}`));
}

/** ECR takes one rule about untagged images, and one about any. */
function onceEach(path: Path, { untaggedDays, rules }: EcrLifecycleConfig): Problem[] {
  const problems = (["untagged", "any"] as const).flatMap((tags) =>
    rules.flatMap((rule, index) =>
      rule.tags === tags && rules.findIndex((other) => other.tags === tags) !== index
        ? [problem([...path, "rules", index, "tags"], `is ${tags} for a second time, ECR takes one such rule`)]
        : [],
    ),
  );
  if (typeof untaggedDays === "number" && rules.some(({ tags }) => tags === "untagged")) {
    const message = "is a rule about untagged images, and `rules` has one, too: ECR takes one; keep one of them";
    problems.push(problem([...path, "untaggedDays"], message));
  }
  return problems;
}
