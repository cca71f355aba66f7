/** Loads an image that Docker's daemon holds into another store: what was built there needs no second build. */
import { spawn } from "node:child_process";
import { PergolaError } from "../../errors.ts";
import type { LoadPlan, LocalDockerPlan } from "../../plan/plan.ts";
import type { BuildEvent } from "../../report/events.ts";
import { interrupted } from "../kube/errors.ts";
import { ask } from "./ask.ts";
import { startLoader } from "./loader.ts";
import { lastLine } from "./program.ts";

/**
 * @param plan its references are names that the image has in Docker, and gets in the store
 * @param state what to say of the image when it cannot be loaded: "host/name:tag@sha256:... is pushed"
 * @throws PergolaError load-failed, interrupted
 */
export async function loadFromDocker(
  plan: LoadPlan,
  save: NonNullable<LocalDockerPlan["save"]>,
  state: string,
  io: { readonly environment: NodeJS.ProcessEnv; emit(event: BuildEvent): void; readonly signal: AbortSignal },
): Promise<void> {
  const { environment, signal } = io;
  const failed = (error: Error): PergolaError =>
    new PergolaError({
      code: "load-failed",
      message: `${state}, but cannot be loaded into ${plan.place}: Docker does not give it out: ${error.message}.`,
      hint: "Look whether docker image ls has it, and whether the daemon has room for temporary files.",
    });
  let id: string;
  try {
    id = (await ask(save.identify, environment, signal)).trim();
  } catch (error) {
    throw signal.aborted ? interrupted() : failed(error as Error);
  }
  const [program = "", ...args] = save.archive;
  const saving = spawn(program, args, {
    env: environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  saving.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-8192);
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    saving.once("error", (error) => reject(failed(error)));
    saving.once("close", (code, by) => resolve(code ?? by));
  });
  ended.catch(() => {});
  const end = (): void => void saving.kill("SIGKILL");
  signal.addEventListener("abort", end);
  const loader = startLoader(plan, saving.stdout, io);
  try {
    const how = await Promise.race([ended, loader.failed]);
    if (signal.aborted) throw interrupted();
    if (how !== 0) throw failed(new Error(lastLine(said) || `docker save ended with ${how}`));
    await loader.finish({ state, ids: [id] }, signal);
  } finally {
    signal.removeEventListener("abort", end);
    end();
    await loader.drop();
  }
}
