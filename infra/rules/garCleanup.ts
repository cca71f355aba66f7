/** Rules of a stack file about clean-up policies of Artifact Registry. How they are read is in documents/gcp/cleanupPolicies.ts. */
import { listedTwice, type Problem, problem } from "../configProblems.ts";
import { MOST_POLICIES, type OwnPolicy, secondsOf } from "../documents/gcp/cleanupPolicies.ts";
import type { CleanupConfig } from "../sections/artifactRegistry.ts";

type Path = readonly (string | number)[];

/** All violations: of the policies together, then of each. */
export function cleanupProblems(path: Path, { dryRun, policies }: CleanupConfig): Problem[] {
  const all = Object.entries<OwnPolicy>(policies);
  const at = [...path, "policies"];
  const problems: Problem[] = [];
  if (all.length > MOST_POLICIES) {
    const message = `are ${all.length}, a repository takes at most ${MOST_POLICIES}; write fewer, with several prefixes each`;
    problems.push(problem(at, message));
  }
  if (all.length > 0 && all.every(([, { action }]) => action === "keep")) {
    const message =
      "only keep, and a policy keeps what another one deletes; add one with action: delete, or remove them";
    problems.push(problem(at, message));
  }
  if (all.length === 0 && !dryRun) {
    problems.push(problem([...path, "dryRun"], "has no effect: there are no policies; add some, or remove it"));
  }
  return [...problems, ...all.flatMap(([id, policy]) => policyProblems([...at, id], policy))];
}

function policyProblems(path: Path, policy: OwnPolicy): Problem[] {
  if ("mostRecentVersions" in policy) {
    return listedTwice(
      [...path, "mostRecentVersions", "packageNamePrefixes"],
      policy.mostRecentVersions.packageNamePrefixes,
    );
  }
  const { action, condition } = policy;
  const { tagState, tagPrefixes, packageNamePrefixes, olderThan, newerThan } = condition;
  const at = [...path, "condition"];
  const problems = [
    ...listedTwice([...at, "tagPrefixes"], tagPrefixes),
    ...listedTwice([...at, "packageNamePrefixes"], packageNamePrefixes),
  ];
  const isNarrowed =
    tagState !== "any" ||
    tagPrefixes.length + packageNamePrefixes.length > 0 ||
    olderThan !== undefined ||
    newerThan !== undefined;
  if (action === "delete" && !isNarrowed) {
    problems.push(problem(at, "is true of every version: all images would be deleted; say which, or olderThan"));
  }
  if (tagState === "untagged" && tagPrefixes.length > 0) {
    const message =
      "is true of no version: those without a tag have none with a prefix; remove tagPrefixes or tagState";
    problems.push(problem(at, message));
  }
  if (olderThan !== undefined && newerThan !== undefined && secondsOf(olderThan) >= secondsOf(newerThan)) {
    problems.push(problem(at, `is true of no version: none is older than ${olderThan} and newer than ${newerThan}`));
  }
  return problems;
}
