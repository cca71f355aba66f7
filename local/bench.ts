/** `npm run bench`: measures the runner, as it is published, in the embedded environment. */
import { join } from "node:path";
import { execa } from "execa";
import { toolEnvironment } from "./environment.ts";
import { runForeground } from "./foreground.mjs";
import { STACK } from "./localStack.ts";
import { kubeconfigFile, repositoryRoot } from "./paths.ts";
import { Progress } from "./progress.ts";
import { start, TOOLS } from "./start.ts";
import { ensureToolchain } from "./toolchain/index.ts";

/** What is measured in this clone alone. */
const WITHOUT_ENVIRONMENT: readonly string[] = ["program"];

/** Brings the environment up where it does not run, builds `dist/`, and hands over. Returns the exit code. */
export async function bench(args: readonly string[]): Promise<number> {
  const helpOnly = args.length === 0 || args.some((arg) => arg === "--help" || arg === "-h");
  const main = join(repositoryRoot, "test", "bench", "main.ts");
  if (helpOnly || WITHOUT_ENVIRONMENT.includes(args[0] as string)) {
    return await runForeground(process.execPath, [main, ...args]);
  }
  await start({ output: "none", verbose: false });
  await execa("npm", ["run", "build"], { cwd: repositoryRoot, stdin: "ignore", stdout: "ignore", stderr: "inherit" });
  const toolchain = await ensureToolchain(new Progress(), TOOLS);
  const tools = await toolEnvironment(toolchain, { own: true });
  const env = {
    ...process.env,
    ...tools.variables,
    PERGOLA_TEST_KUBECONFIG: kubeconfigFile(),
    PERGOLA_TEST_KUBERNETES: toolchain.path("kubernetes"),
    PERGOLA_TEST_STACK: STACK,
  };
  return await runForeground(process.execPath, [main, ...args], { env });
}
