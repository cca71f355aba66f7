import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { runTiers } from "../../../local/tierRun.ts";
import type { Tier } from "../../../local/tiers.ts";

const modules = join(import.meta.dirname, "../../../local");

/**
 * A process that runs two tiers, as a rule in an environment that is a word on stdout, and that gets `signal` while
 * `during`. What it said and how it ended.
 */
async function interrupted(
  signal: NodeJS.Signals,
  during: "building" | "begin" | "tier",
  tiers: readonly Tier[] = ["engine", "cluster"],
) {
  const program = `import { runTiers } from ${JSON.stringify(join(modules, "tierRun.ts"))};
    const say = (text) => process.stdout.write(text + "\\n");
    setInterval(() => {}, 1000); // what is waited for here keeps no process alive
    let made = false;
    const terminated = () => new Promise((resolve) => process.once("SIGTERM", () => setImmediate(resolve)));
    const here = async (name) => { if (name === ${JSON.stringify(during)}) { say("now"); await terminated(); } };
    const decide = (tier) => ({ tier, skipped: null });
    const { outcomes, error } = await runTiers(${JSON.stringify(tiers)}.map(decide), {
      began: () => made,
      obstacle: () => null,
      begin: async () => {
        say("building");
        await here("building");
        made = true;
        say("made");
        await here("begin");
      },
      run: async (tier, signal) => {
        say("tier " + tier);
        say("now");
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return { passed: 1, failed: 0, skipped: 0 };
      },
      end: async () => { made = false; say("taken down"); },
    });
    say(error?.message);
    process.exitCode = error?.exitCode ?? 0;
    process.exit();`;
  const child = execa(process.execPath, ["--input-type=module", "--eval", program], { reject: false });
  child.stdout.on("data", (text: Buffer) => {
    if (text.toString().includes("now")) child.kill(signal);
  });
  const { stdout, exitCode } = await child;
  return { said: stdout.split("\n").filter((line) => line !== "now"), exitCode };
}

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s while a tier runs takes down what was begun for it, runs no other tier and exits %i",
  async (signal, exitCode) => {
    expect(await interrupted(signal, "tier")).toEqual({
      said: [
        "building",
        "made",
        "tier engine",
        "taken down",
        `interrupted by ${signal}: everything that was made is removed again`,
      ],
      exitCode,
    });
  },
);

it("SIGTERM while the environment comes up takes it down and runs no tier", async () => {
  const { said, exitCode } = await interrupted("SIGTERM", "begin");
  expect({ said: said.slice(0, 3), exitCode }).toEqual({ said: ["building", "made", "taken down"], exitCode: 143 });
});

it("SIGTERM while the toolchain is built, when nothing is there to take down, is not waited with", async () => {
  expect(await interrupted("SIGTERM", "building")).toEqual({ said: ["building"], exitCode: 143 });
});

it("SIGINT in a run that needs no environment says nothing of things that were removed", async () => {
  expect(await interrupted("SIGINT", "tier", ["unit", "program"])).toEqual({
    said: ["tier unit", "interrupted by SIGINT"],
    exitCode: 130,
  });
});

it("an environment that another process's start made in between is neither stopped by a tier nor at the end", async () => {
  const said: string[] = [];
  const ran = async (text: string) => void said.push(text);
  const decisions = (["unit", "engine", "stop"] as const).map((tier) => ({ tier, skipped: null }));
  const { outcomes } = await runTiers(decisions, {
    began: () => false,
    begin: () => ran("begin"),
    obstacle: (tier) => (tier === "stop" ? "not ours" : null),
    run: async (tier) => {
      await ran(tier);
      return { passed: 1, failed: 0, skipped: 0 };
    },
    end: () => ran("end"),
  });
  expect(said).toEqual(["unit", "begin", "engine"]);
  expect(outcomes.map(({ skipped }) => skipped)).toEqual([null, null, "not ours"]);
});
