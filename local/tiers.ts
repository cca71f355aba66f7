/** The tiers of `npm test`: what each needs, which run, and the closing lines. Pure. */

/** In the order in which they run. `stop` is last: it stops the embedded environment. */
export const TIERS = ["unit", "program", "garden", "engine", "cluster", "conformance", "stop"] as const;
export type Tier = (typeof TIERS)[number];

/** What `npm test` found. */
export interface Surroundings {
  /** why the engine and cluster tiers cannot run here, null when they can */
  readonly obstacle: string | null;
  /** why Garden's core is not there for the tier `garden`, null when it is */
  readonly gardenObstacle: string | null;
  /** the embedded environment was running before the tests */
  readonly running: boolean;
  readonly ci: boolean;
  /** tiers that the caller named; empty for all */
  readonly wanted: readonly Tier[];
}

export interface TierDecision {
  readonly tier: Tier;
  /** null when the tier runs */
  readonly skipped: string | null;
}

/** Which tiers run. A running environment belongs to the user: only CI lets the tests stop it. */
export function decideTiers(given: Surroundings): TierDecision[] {
  const named = given.wanted.length > 0;
  return TIERS.filter((tier) => !named || given.wanted.includes(tier)).map((tier) => {
    if (tier === "unit" || tier === "program") return { tier, skipped: null };
    if (tier === "garden") return { tier, skipped: given.gardenObstacle };
    if (given.obstacle !== null) return { tier, skipped: given.obstacle };
    if (tier === "stop" && given.running && !given.ci && !named) {
      return {
        tier,
        skipped: "the embedded environment was running before the tests; npm test -- stop stops it and checks",
      };
    }
    return { tier, skipped: null };
  });
}

/** Counts of one tier's run. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface TierOutcome extends TierDecision {
  /** null when it was skipped or the runner broke down before it could count */
  readonly counts: Counts | null;
  readonly seconds: number;
}

/**
 * Whether the whole run is good: everything passed, something ran in every tier that was to run,
 * and in CI nothing was skipped, neither a tier nor a test.
 */
export function verdict(
  outcomes: readonly TierOutcome[],
  ci: boolean,
): { readonly ok: boolean; readonly reasons: string[] } {
  const reasons: string[] = [];
  for (const { tier, skipped, counts } of outcomes) {
    if (skipped !== null) {
      if (ci) reasons.push(`tier ${tier} was skipped in CI: ${skipped}`);
    } else if (counts === null) reasons.push(`tier ${tier} did not finish`);
    else {
      if (counts.failed > 0) reasons.push(`tier ${tier}: ${counts.failed} failed`);
      if (counts.passed + counts.failed === 0) reasons.push(`tier ${tier} ran no test`);
      if (ci && counts.skipped > 0) reasons.push(`tier ${tier}: ${counts.skipped} tests were skipped in CI`);
    }
  }
  return { ok: reasons.length === 0, reasons };
}

/** The closing lines; the last one is `N passed, N failed` (`, N skipped`). */
export function closing(outcomes: readonly TierOutcome[], parts: string, ci: boolean): string {
  const sum = (key: keyof Counts) => outcomes.reduce((total, outcome) => total + (outcome.counts?.[key] ?? 0), 0);
  const { reasons } = verdict(outcomes, ci);
  // A tier that broke down or ran nothing is a failure that no test can stand for.
  const broken = outcomes.filter(
    (o) => o.skipped === null && (o.counts === null || o.counts.passed + o.counts.failed === 0),
  ).length;
  return [
    ...outcomes.map(({ tier, skipped, counts, seconds }) =>
      skipped === null
        ? `${tier.padEnd(11)} ${counts === null ? "did not finish" : `${counts.passed} passed, ${counts.failed} failed`} (${Math.round(seconds)} s)`
        : `${tier.padEnd(11)} skipped: ${skipped}`,
    ),
    `parts: ${parts}`,
    ...reasons.map((reason) => `not good: ${reason}`),
    `${sum("passed")} passed, ${sum("failed") + broken} failed${sum("skipped") > 0 ? `, ${sum("skipped")} skipped` : ""}`,
  ].join("\n");
}
