/** `npm test`: runs the tiers, brings up the embedded environment for those that need it, and sums up. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { clusterStatus, Interruption, madeHere, stateFolder } from "./cluster/index.ts";
import { toolEnvironment } from "./environment.ts";
import { describeError, LocalError } from "./errors.ts";
import { ensureGardenCore } from "./gardenCore.ts";
import { STACK } from "./localStack.ts";
import { kubeconfigFile, repositoryRoot, stateDirectory } from "./paths.ts";
import { Progress } from "./progress.ts";
import { start, TOOLS } from "./start.ts";
import { stop } from "./stop.ts";
import { partsText } from "./summary.ts";
import { runTiers } from "./tierRun.ts";
import { type Counts, closing, decideTiers, TIERS, type Tier, verdict } from "./tiers.ts";
import { ensureDebianSets } from "./toolchain/debian.ts";
import { DOCKER } from "./toolchain/debianPackages.ts";
import { ensureToolchain, toolchainObstacle } from "./toolchain/index.ts";

/**
 * `args`: names of tiers, then whatever vitest takes (a file name, `-t PATTERN`).
 * Returns the exit code: 0 when everything that was to run passed.
 */
export async function test(args: readonly string[]): Promise<number> {
  const ci = process.env.CI !== undefined && process.env.CI !== "" && process.env.CI !== "false";
  const wanted = args.filter((arg): arg is Tier => (TIERS as readonly string[]).includes(arg));
  const rest = args.filter((arg) => !(wanted as readonly string[]).includes(arg));
  const state = stateDirectory();
  const running = (await clusterStatus({ state })).running;
  // In CI a missing toolchain is not a reason to skip: building it is part of what is tested.
  const obstacle = ci ? null : await toolchainObstacle(TOOLS);
  const asked = wanted.length === 0 || wanted.includes("garden");
  const garden = asked ? await gardenCore() : { variables: {}, obstacle: null };
  const given = { obstacle, gardenObstacle: garden.obstacle, running, ci, wanted };
  const decisions = decideTiers(given);
  // Another process's start may come first: then the environment is that one's, to be used and left alone.
  let made: boolean | undefined;
  const began = () => !running && (made ?? madeHere(state)) && existsSync(stateFolder(state).record);
  let parts = "none ran";
  let environment: Record<string, string | undefined> = garden.variables;
  const { outcomes, error } = await runTiers(decisions, {
    began,
    begin: async () => {
      await start({ output: "none", verbose: false });
      made = madeHere(state); // from here on a test may make it anew
      const toolchain = await ensureToolchain(new Progress(), TOOLS);
      const tools = await toolEnvironment(toolchain, { own: true });
      parts = partsText({ ...tools.parts });
      const cluster = decisions.some(
        ({ tier, skipped }) => ["cluster", "conformance"].includes(tier) && skipped === null,
      );
      const [docker] = cluster ? await ensureDebianSets([DOCKER], new Progress()) : [];
      const buildx = cluster ? (await ensureToolchain(new Progress(), ["buildx"])).path("buildx") : undefined;
      environment = {
        ...garden.variables,
        ...tools.variables,
        PERGOLA_TEST_DEBIAN: toolchain.debianRoot,
        PERGOLA_TEST_DOCKER: docker,
        PERGOLA_TEST_BUILDX: buildx,
        PERGOLA_TEST_NODE_INIT: toolchain.path("node-init"),
        PERGOLA_TEST_PULUMI: tools.pulumi,
        PERGOLA_TEST_KUBERNETES: toolchain.path("kubernetes"),
        PERGOLA_TEST_KUBECONFIG: kubeconfigFile(),
        PERGOLA_TEST_STACK: STACK,
      };
    },
    obstacle: (tier) => {
      const anew = decideTiers({ ...given, running: !began() });
      return anew.find((decision) => decision.tier === tier)?.skipped ?? null;
    },
    run: (tier, signal) => runTier(tier, rest, environment, signal),
    end: () => stop({ keepCaches: true, output: "none" }),
  });
  if (error !== undefined) process.stderr.write(`${describeError(error)}\n`);
  const text = closing(outcomes, parts, ci);
  process.stdout.write(`\n${text}\n`);
  if (process.env.PERGOLA_TEST_SUMMARY) await writeFile(process.env.PERGOLA_TEST_SUMMARY, `${text}\n`);
  if (error instanceof LocalError) return error.exitCode;
  return error === undefined && verdict(outcomes, ci).ok ? 0 : 1;
}

/** Garden's core for its tier; without a registry to install it from, the tier is skipped. */
async function gardenCore(): Promise<{ variables: Record<string, string>; obstacle: string | null }> {
  try {
    return { variables: { PERGOLA_TEST_GARDEN: await ensureGardenCore(new Progress()) }, obstacle: null };
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    process.stderr.write(`${describeError(error)}\n`);
    return { variables: {}, obstacle: error.message };
  }
}

/** Runs one tier under vitest; null when it broke down before it could count. */
async function runTier(
  tier: Tier,
  rest: readonly string[],
  environment: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<Counts | null> {
  const folder = await mkdtemp(join(tmpdir(), "pergola-test-"));
  const report = join(folder, "report.json");
  try {
    const vitest = join(repositoryRoot, "node_modules", "vitest", "vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const child = execa(process.execPath, [vitest, "run", "--project", tier, ...reporters, ...rest], {
      cwd: repositoryRoot,
      env: environment,
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
      reject: false,
    });
    signal.addEventListener("abort", () => {
      const name = signal.reason instanceof Interruption ? signal.reason.signal : "SIGTERM";
      // The terminal's own Ctrl-C reached the whole process group; a second one would read as "at once, now".
      if (name !== "SIGINT" || !process.stdin.isTTY) child.kill(name);
    });
    await child;
    const text = await readFile(report, "utf8").catch(() => null);
    if (text === null) return null;
    const counted = JSON.parse(text) as {
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
      numTodoTests: number;
      numFailedTestSuites: number;
      success: boolean;
    };
    const failed = counted.numFailedTests;
    return {
      passed: counted.numPassedTests,
      // A file that could not be loaded fails without a failed test, and an unhandled error without either.
      failed: failed > 0 ? failed : counted.success ? 0 : Math.max(1, counted.numFailedTestSuites),
      skipped: counted.numPendingTests + counted.numTodoTests,
    };
  } catch (error) {
    throw new LocalError(`running tier ${tier} failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
