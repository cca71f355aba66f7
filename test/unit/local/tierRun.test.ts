import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";

const modules = join(import.meta.dirname, "../../../local");

/**
 * A process that runs the engine tier and the cluster tier in an environment that is a word on stdout, and that gets
 * `signal` while `during`. What it said and how it ended.
 */
async function interrupted(signal: NodeJS.Signals, during: "building" | "begin" | "tier") {
  const program = `import { runTiers } from ${JSON.stringify(join(modules, "tierRun.ts"))};
    const say = (text) => process.stdout.write(text + "\\n");
    setInterval(() => {}, 1000); // what is waited for here keeps no process alive
    let made = false;
    const terminated = () => new Promise((resolve) => process.once("SIGTERM", () => setImmediate(resolve)));
    const here = async (name) => { if (name === ${JSON.stringify(during)}) { say("now"); await terminated(); } };
    const decide = (tier) => ({ tier, skipped: null });
    const { outcomes, error } = await runTiers([decide("engine"), decide("cluster")], {
      began: () => made,
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
