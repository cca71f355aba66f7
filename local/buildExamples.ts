/** Builds the examples with the runner, through its command line, as a user would. */
import { join } from "node:path";
import { execa } from "execa";
import { LocalError } from "./errors.ts";
import { repositoryRoot } from "./paths.ts";
import type { Note } from "./progress.ts";
import type { BuiltImage } from "./summary.ts";

/** The runner's program, run under this very Node. */
export const RUNNER = join(repositoryRoot, "builders", "cli", "main.ts");

/**
 * Builds everything below `examples/` in one mode, from what the stack provisioned; what is there is left as it is.
 * Throws with the runner's own last lines when a build fails.
 */
export async function buildExamples(options: {
  readonly mode: string;
  /** with KUBECONFIG: the runner finds the BuildSetup in the cluster, in ConfigMap pergola-setup */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly note: Note;
}): Promise<BuiltImage[]> {
  const args = ["build", join(repositoryRoot, "examples"), "--mode", options.mode, "--skip-present"];
  const child = execa(process.execPath, [RUNNER, ...args, "--output", "json", "--progress", "plain"], {
    env: options.variables,
    stdin: "ignore",
    reject: false,
    lines: true,
  });
  const recent: string[] = [];
  for await (const line of child.iterable({ from: "stderr" })) {
    options.note(line);
    recent.push(line);
    if (recent.length > 40) recent.shift();
  }
  const result = await child;
  if (result.exitCode !== 0) {
    throw new LocalError(
      `building the examples in ${options.mode} failed with exit code ${result.exitCode ?? result.signal}`,
      {
        hint: `what the runner said:\n${recent.join("\n")}\n${result.stdout.join("\n")}`,
      },
    );
  }
  return (JSON.parse(result.stdout.join("\n")) as { images: BuiltImage[] }).images;
}
