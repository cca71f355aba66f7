// What a person sees of a build, and what of it the result says.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasPython, onTerminal } from "../terminal/onTerminal.ts";
import { build, context, kubeconfig, pergola } from "./environment.ts";

const program = join(import.meta.dirname, "..", "..", "builders", "cli", "main.ts");
const buildkit = ["--mode", "cluster-buildkit"];
const nonce = () => `${Math.random()}`;
/** Not --no-cache: for WORKDIR, BuildKit reports what it still holds as cached even then. */
const DOCKERFILE = `FROM busybox:1.36 AS made
WORKDIR /made/${nonce()}
COPY input .
RUN cat input > output
FROM busybox:1.36
LABEL not=counted
COPY --from=made /made /
`;

describe("steps and the cache in cluster-buildkit", () => {
  it("are told for a build from nothing, one without a change, and one with an edited input", async () => {
    const files = (input: string) => context({ Dockerfile: DOCKERFILE, input });
    const input = nonce();
    const steps = async (folder: string) => {
      const { result } = await build([folder, ...buildkit, "--name", "test-steps"]);
      expect(result.images[0]?.error).toBeNull();
      return result.images[0]!;
    };
    const first = await steps(await files(input));
    expect(first).toMatchObject({ steps: 5 });
    expect(first.cachedSteps).toBeLessThanOrEqual(1);
    // Its base image was fetched, or was there.
    expect(first.firstUncachedStep).toMatch(/^\[made (?:1\/4\] FROM |2\/4\] WORKDIR )/);
    expect(await steps(await files(input))).toMatchObject({ steps: 5, cachedSteps: 5, firstUncachedStep: null });
    expect(await steps(await files(nonce()))).toMatchObject({
      steps: 5,
      cachedSteps: 2,
      firstUncachedStep: "[made 3/4] COPY input .",
    });
  });

  it("stand in the table, with the bytes that were sent and the digest", async () => {
    const folder = await context({ Dockerfile: DOCKERFILE, input: nonce() });
    const { exitCode, stdout } = await pergola(["build", folder, ...buildkit, "--name", "test-table"]);
    expect(exitCode).toBe(0);
    const [heading, row, ...below] = stdout.split("\n");
    expect(heading).toMatch(/^IMAGE +STATUS +TIME +STEPS CACHED +SENT +REFERENCE$/);
    expect(row).toMatch(
      /^test-table +built +\d+\.\d s +[0-3]\/5 +\d+ B +\S+\/test-table:v-\w{10}@sha256:[0-9a-f]{64}$/,
    );
    expect(below.join("\n")).toMatch(/^\nFirst step that was not in the cache:\n {2}test-table {2}\[made \d\/4\] /);
  });
});

it("kaniko names the first step that it did not find in its cache", async () => {
  const folder = await context({
    Dockerfile: "FROM busybox:1.36\nWORKDIR /w\nCOPY input .\nRUN cat input\n",
    input: nonce(),
  });
  const { result } = await build([folder, "--mode", "kaniko", "--name", "test-kaniko-steps"]);
  expect(result.images[0]).toMatchObject({
    error: null,
    firstUncachedStep: expect.stringMatching(/^(WORKDIR|COPY|RUN) /),
  });
});

it("none of 100,000 lines of a step is lost, in at most 150 MB", async () => {
  const folder = await context({
    "image/Dockerfile": "FROM busybox:1.36\nRUN seq 1 100000\n",
    "memory.cjs": "process.on('exit', () => console.error('maxRSS', process.resourceUsage().maxRSS))\n",
  });
  const args = [join(folder, "image"), ...buildkit, "--name", "test-lines", "--no-cache"];
  const { result, stderr } = await build(args, { NODE_OPTIONS: `--require=${join(folder, "memory.cjs")}` });
  expect(result.images[0]?.error).toBeNull();
  const lines = stderr.split("\n").filter((line) => line.startsWith("| "));
  expect(lines).toEqual(Array.from({ length: 100_000 }, (_, index) => `| ${index + 1}`));
  const kibibytes = Number(/^maxRSS (\d+)$/m.exec(stderr)?.[1]);
  expect(kibibytes * 1024).toBeLessThan(150_000_000);
});

describe.skipIf(!hasPython)("on a terminal", () => {
  it("two builds are shown while they run, and what is left is what came of them", async () => {
    const sleep = (name: string) => `FROM busybox:1.36\nRUN echo ${name} ${nonce()}; sleep 4\n`;
    const folder = await context({
      "one/garden.yml": "kind: Build\nname: test-live-one\ntype: container\n",
      "one/Dockerfile": sleep("one"),
      "two/garden.yml": "kind: Build\nname: test-live-two\ntype: container\n",
      "two/Dockerfile": `${sleep("two")}RUN echo last words; exit 3\n`,
    });
    const run = onTerminal([process.execPath, program, "build", folder, ...buildkit], {
      columns: 90,
      rows: 20,
      env: { KUBECONFIG: kubeconfig },
    });
    const both = ["one", "two"].map((name) => new RegExp(`^ {2}\\[2/[23]\\] RUN echo ${name} .* \\d s$`));
    await run.until("both steps run", ({ text }) => both.every((step) => text.some((line) => step.test(line))));
    expect(run.screen.text).toContainEqual(expect.stringMatching(/^2 images: 2 running {2}\d+ s$/));
    run.resize(80);
    const { code, stdout } = await run.ended;
    expect(code).toBe(1);
    const shown = run.screen.text.join("\n");
    expect(shown).toMatch(/^test-live-one {2}built in \d\.\d s, \d of 2 steps cached, sent \d+ B$/m);
    expect(shown).toMatch(/^test-live-two {2}failed: A step failed with exit code 3/m);
    expect(shown).toContain("| last words");
    expect(shown).not.toMatch(/running/);
    expect([run.screen.cursorVisible, run.screen.wraps]).toEqual([true, true]);
    expect(stdout).toMatch(/^IMAGE /);
  });
});
