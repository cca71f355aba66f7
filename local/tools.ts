/** The commands that hand over to another program, with the embedded environment set up around it. */
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { clusterVariables, toolEnvironment } from "./environment.ts";
import { LocalError } from "./errors.ts";
import { runForeground } from "./foreground.mjs";
import { prepareStack, selectionQuery, withStackFile } from "./localStack.ts";
import { repositoryRoot, stateDirectory } from "./paths.ts";
import { findToolchain, type Toolchain, toolchainObstacle } from "./toolchain/index.ts";

/** The toolchain as it is; these commands build nothing, since that takes long and nobody asked for it. */
async function presentToolchain(): Promise<Toolchain> {
  const toolchain = await findToolchain();
  if (toolchain !== undefined) return toolchain;
  throw new LocalError(`the toolchain is not there: ${await toolchainObstacle()}`, {
    hint: "npm start (npm start -- --plan shows what that builds)",
  });
}

/** `pulumi ARGS` in the clone. Returns its exit code. */
export async function runPulumi(args: readonly string[]): Promise<number> {
  const { pulumi, variables } = await toolEnvironment(await presentToolchain());
  const copy = await prepareStack({ pulumi, variables, state: stateDirectory() });
  const options = { cwd: repositoryRoot, env: { ...process.env, ...variables } };
  const query = selectionQuery(args);
  // Where none is selected this fails, and the command itself says what to do.
  const asked = query && (await execa(pulumi, query, { ...options, stdin: "ignore", reject: false }));
  return await runForeground(pulumi, withStackFile(args, copy, asked?.stdout.trim()), options);
}

/** `pergola ARGS`. Needs no toolchain of ours for a cluster elsewhere. Returns its exit code. */
export async function runPergola(args: readonly string[]): Promise<number> {
  const toolchain = await findToolchain();
  const env = {
    ...process.env,
    PATH: pathWith(toolchain?.clientPath ?? []),
    ...clusterVariables(),
  };
  const main = join(repositoryRoot, "builders", "cli", "main.ts");
  return await runForeground(process.execPath, [main, ...args], { env });
}

/** Any script under this Node. Returns its exit code. */
export async function runNode(args: readonly string[]): Promise<number> {
  return await runForeground(process.execPath, args);
}

/** Types and style; both are run, whatever the first finds. Returns 0 when both are content. */
export async function runChecks(): Promise<number> {
  const below = (path: string): string => join(repositoryRoot, "node_modules", path);
  const options = { cwd: repositoryRoot };
  const types = await runForeground(
    process.execPath,
    [below("@typescript/native/bin/tsc"), "-p", "tsconfig.json"],
    options,
  );
  const style = await runForeground(process.execPath, [below("@biomejs/biome/bin/biome"), "check"], options);
  return types === 0 && style === 0 ? 0 : 1;
}

/** One line for a POSIX shell: `export`, or `unset` when there is no value. */
export function shellLine(name: string, value: string | undefined): string {
  return value === undefined ? `unset ${name}` : `export ${name}='${value.replaceAll("'", "'\\''")}'`;
}

/** Prints the variables for `eval`. */
export async function printEnvironment(): Promise<void> {
  const toolchain = await presentToolchain();
  const { variables } = await toolEnvironment(toolchain, { own: true });
  for (const [name, value] of Object.entries(variables)) {
    // The shell's own PATH, not the one that npm made for this process; what else runs in it has no part in our cache.
    if (name !== "PATH" && name !== "NODE_COMPILE_CACHE") process.stdout.write(`${shellLine(name, value)}\n`);
  }
  process.stdout.write(`${shellLine("PATH", toolchain.clientPath.join(delimiter))}":$PATH"\n`);
}

function pathWith(folders: readonly string[]): string {
  return [...folders, ...(process.env.PATH ?? "").split(delimiter)].join(delimiter);
}
