/** Runs tiers one after the other, and takes the embedded environment down again when it was begun for them. */
import { Interruption, interruptible } from "./cluster/index.ts";
import { describeError } from "./errors.ts";
import type { Counts, Tier, TierDecision, TierOutcome } from "./tiers.ts";

/** What is done around and in the tiers. */
export interface TierSteps {
  /** called once, before the first tier that needs the environment */
  begin(): Promise<void>;
  /** null when the tier broke down before it could count */
  run(tier: Tier, signal: AbortSignal): Promise<Counts | null>;
  /** whether {@link begin} has made something that was not there before */
  began(): boolean;
  /** why a tier that was to run must not, now that the environment is there; null when it may */
  obstacle(tier: Tier): string | null;
  /** called at the end, however that came, when {@link began} */
  end(): Promise<void>;
}

export interface TierRun {
  readonly outcomes: readonly TierOutcome[];
  /** an error beside the tiers: a start, a stop or an interruption */
  readonly error: unknown;
}

/**
 * Runs what was decided. SIGINT, SIGTERM and SIGHUP end the tier that runs and skip the rest; what was begun is taken
 * down first. Before there is anything to take down they end this process at once.
 */
export function runTiers(decisions: readonly TierDecision[], steps: TierSteps): Promise<TierRun> {
  return interruptible(async (signal) => {
    const outcomes: TierOutcome[] = [];
    let error: unknown;
    let environment: "not needed" | "being made" | "ready" = "not needed";
    // Building the toolchain takes many minutes and nothing has to be taken back: nobody should wait for its end.
    signal.addEventListener("abort", () => {
      const nothing = environment === "being made" && !steps.began();
      if (nothing && signal.reason instanceof Interruption) process.exit(signal.reason.exitCode);
    });
    try {
      for (const decision of decisions) {
        signal.throwIfAborted();
        // Each tier's own figures, not the bring-up's, should say what the tier takes.
        let before = performance.now();
        let counts: Counts | null = null;
        let { skipped } = decision;
        if (skipped === null) {
          if (needsEnvironment(decision.tier) && environment !== "ready") {
            environment = "being made";
            await steps.begin();
            environment = "ready";
            before = performance.now();
            signal.throwIfAborted();
          }
          skipped = needsEnvironment(decision.tier) ? steps.obstacle(decision.tier) : null;
          if (skipped === null) counts = await steps.run(decision.tier, signal);
        }
        // What an interrupted tier counted says nothing about the tier.
        signal.throwIfAborted();
        outcomes.push({ ...decision, skipped, counts, seconds: (performance.now() - before) / 1000 });
      }
    } catch (caught) {
      // A start that was interrupted has said already that it took back what it had made.
      error = signal.aborted && !(caught instanceof Interruption) ? signal.reason : caught;
    }
    for (const decision of decisions.slice(outcomes.length)) outcomes.push({ ...decision, counts: null, seconds: 0 });
    if (environment !== "not needed" && steps.began()) {
      try {
        await steps.end();
        if (error instanceof Interruption) error = error.takenBack();
      } catch (caught) {
        if (error === undefined) error = caught;
        else process.stderr.write(`${describeError(caught)}\n`);
      }
    }
    return { outcomes, error };
  });
}

function needsEnvironment(tier: Tier): boolean {
  return tier !== "unit" && tier !== "program" && tier !== "garden";
}
