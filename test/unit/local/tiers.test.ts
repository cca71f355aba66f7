import { describe, expect, it } from "vitest";
import { closing, decideTiers, type Surroundings, TIERS, type TierOutcome, verdict } from "../../../local/tiers.ts";

const bare: Surroundings = { obstacle: null, gardenObstacle: null, running: false, ci: false, wanted: [] };
const ran = (tier: TierOutcome["tier"], passed: number, failed = 0, skipped = 0): TierOutcome => ({
  tier,
  skipped: null,
  counts: { passed, failed, skipped },
  seconds: 1,
});

describe("which tiers run", () => {
  it("runs all of them where the toolchain is there", () => {
    expect(decideTiers(bare).map((decision) => decision.skipped)).toEqual(Array(TIERS.length).fill(null));
  });

  it("runs the npm-only tiers and names the reason for the others where it is not", () => {
    const decisions = decideTiers({ ...bare, obstacle: "the toolchain is not built yet: npm start builds it" });
    expect(decisions.filter((decision) => decision.skipped === null).map((decision) => decision.tier)).toEqual([
      "unit",
      "program",
      "garden",
    ]);
    expect(decisions.at(-1)?.skipped).toBe("the toolchain is not built yet: npm start builds it");
  });

  it("leaves out Garden's judge alone where npm could not install it", () => {
    const decisions = decideTiers({ ...bare, gardenObstacle: "npm ci ended with 1" });
    expect(decisions.filter((decision) => decision.skipped !== null)).toEqual([
      { tier: "garden", skipped: "npm ci ended with 1" },
    ]);
  });

  it("does not stop an environment that the user had running", () => {
    const decisions = decideTiers({ ...bare, running: true });
    expect(decisions.filter((decision) => decision.skipped !== null).map((decision) => decision.tier)).toEqual([
      "stop",
    ]);
  });

  it("stops it in CI, and when the user asks for that tier by name", () => {
    expect(decideTiers({ ...bare, running: true, ci: true }).every((decision) => decision.skipped === null)).toBe(true);
    expect(decideTiers({ ...bare, running: true, wanted: ["stop"] })).toEqual([{ tier: "stop", skipped: null }]);
  });
});

describe("the verdict", () => {
  const skipped: TierOutcome = { tier: "engine", skipped: "no toolchain", counts: null, seconds: 0 };

  it.each<[string, TierOutcome[], boolean, boolean]>([
    ["everything passed", [ran("unit", 3)], true, true],
    ["a test failed", [ran("unit", 3, 1)], false, false],
    ["a tier ran no test", [ran("unit", 0)], false, false],
    ["a tier broke down", [{ tier: "unit", skipped: null, counts: null, seconds: 0 }], false, false],
    ["a tier was skipped on a user's machine", [ran("unit", 3), skipped], false, true],
    ["a tier was skipped in CI", [ran("unit", 3), skipped], true, false],
    ["a test was skipped in CI", [ran("unit", 3, 0, 1)], true, false],
    ["a test was skipped on a user's machine", [ran("unit", 3, 0, 1)], false, true],
  ])("%s", (_what, outcomes, ci, ok) => {
    expect(verdict(outcomes, ci).ok).toBe(ok);
  });
});

describe("the closing lines", () => {
  it("end with the sum, after the parts and the reason for each skipped tier", () => {
    const lines = closing(
      [ran("unit", 3), { tier: "engine", skipped: "no toolchain", counts: null, seconds: 0 }],
      "none ran",
      false,
    ).split("\n");
    expect(lines).toContain("engine      skipped: no toolchain");
    expect(lines).toContain("parts: none ran");
    expect(lines.at(-1)).toBe("3 passed, 0 failed");
  });

  it("count a tier that broke down as a failure", () => {
    const text = closing(
      [ran("unit", 3), { tier: "program", skipped: null, counts: null, seconds: 0 }],
      "none ran",
      true,
    );
    expect(text.split("\n").at(-1)).toBe("3 passed, 1 failed");
  });
});
