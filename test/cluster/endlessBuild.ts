/** A build that goes on until something ends it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { context, eventually, type MODES, type pergola } from "./environment.ts";

const STARTED = "started-the-endless-step";

/** A running command line of the runner. */
export type Running = Pick<ReturnType<typeof pergola>, "stderr">;

/**
 * Starts a build that does not end, and waits until its step runs.
 * @param start starts the command line: the runner itself, or what starts it
 * @param step what its step does after it said that it runs
 * @param folder context to use, whose Dockerfile this writes; a new one if left out
 */
export async function endlessBuild<Child extends Running>(
  mode: (typeof MODES)[number],
  name: string,
  start: (args: readonly string[]) => Child,
  step = "sleep 100000",
  folder?: string,
): Promise<{ child: Child }> {
  const run = `RUN echo ${STARTED} && ${step}\n`;
  const own = folder ?? (await context({ nonce: `${Math.random()}` }));
  const copy = folder === undefined ? "" : "COPY . /context/\n";
  await writeFile(join(own, "Dockerfile"), `FROM busybox:1.36\n${copy}${run}`);
  const child = start(["build", own, "--mode", mode, "--name", name, "--output", "json", "--progress", "plain"]);
  let seen = "";
  child.stderr.on("data", (chunk) => {
    seen += chunk;
  });
  // The step's own output, not the command that BuildKit shows when the step begins.
  const started = new RegExp(`(^|\\s)${STARTED}\\s*$`, "m");
  await eventually("the endless step", async () => (started.test(seen) ? true : undefined), 90);
  // In an object, because a promise that is returned bare would be awaited here.
  return { child };
}
