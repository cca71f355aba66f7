/** Runs docker for a plan of local-docker: in the build's private directory, and until the caller gives up. */
import { homedir } from "node:os";
import path from "node:path";
import type { LocalDockerPlan } from "../../plan/plan.ts";
import type { BuildEvent } from "../../report/events.ts";
import { startBuildctl } from "../buildkit/buildctl.ts";
import { interrupted } from "../kube/errors.ts";
import { lines } from "../kube/lines.ts";

export interface Io {
  emit(event: BuildEvent): void;
  readonly signal: AbortSignal;
}

type Running = ReturnType<typeof startBuildctl>;

/** Where docker runs. */
export interface Place {
  readonly plan: Pick<LocalDockerPlan, "environment">;
  /** the private directory */
  readonly directory: string;
}

/** Starts a command of docker's. @param onLine gets each line of its stderr */
export function startDocker(
  [name = "", ...args]: readonly string[],
  { plan, directory, output }: Place & { readonly output: boolean },
  onLine: (line: string) => void,
): Running {
  const environment = { ...process.env, ...plan.environment };
  return startBuildctl({ file: name, args, directory, environment, output, group: true }, onLine);
}

/** How a command of docker's ended, and what it said. @throws PergolaError interrupted */
export async function runDocker(
  argv: readonly string[],
  place: Place,
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const said: string[] = [];
  const errors: string[] = [];
  const running = startDocker(argv, { ...place, output: true }, (line) => errors.push(line));
  const told = (async () => {
    if (running.stdout === null) return;
    for await (const line of lines(running.stdout)) said.push(line);
  })();
  const code = await untilEnded(running, [], signal);
  await told;
  return { code, stdout: said.join("\n"), stderr: errors.join("\n").trim() };
}

/** Waits for docker's end, and brings it about when the caller gives up or something else failed. */
export async function untilEnded(
  running: Running,
  failed: readonly Promise<never>[],
  signal: AbortSignal,
): Promise<number> {
  const over = new AbortController();
  const aborted = new Promise<"aborted">((resolve) => {
    if (signal.aborted) resolve("aborted");
    signal.addEventListener("abort", () => resolve("aborted"), { once: true, signal: over.signal });
  });
  try {
    const first = await Promise.race([running.ended, aborted, ...failed]);
    if (first === "aborted") throw interrupted();
    return first.code ?? -1;
  } catch (error) {
    await running.stop(false);
    throw error;
  } finally {
    over.abort();
  }
}

/** The config.json that docker logs in by. */
export function configFile(): string {
  return path.join(process.env.DOCKER_CONFIG || path.join(homedir(), ".docker"), "config.json");
}
