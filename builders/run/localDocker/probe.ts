/** Asks docker what it is, before anything is planned. */
import { execFile } from "node:child_process";
import type { DockerFacts } from "../../plan/plan.ts";
import { type Answer, readFacts } from "./facts.ts";

/** Milliseconds that docker may take to answer; a daemon behind ssh takes seconds. */
const PATIENCE = 20_000;

/** @throws PergolaError usage, builder-tool-missing, builder-not-ready, mode-unsupported */
export async function probeDocker(environment: NodeJS.ProcessEnv): Promise<DockerFacts> {
  const ask = (...args: string[]): Promise<Answer> => run(args, environment);
  const [version, buildx, builder, store] = await Promise.all([
    ask("version", "--format", "{{json .}}"),
    ask("buildx", "version"),
    ask("buildx", "inspect"),
    ask("info", "--format", "{{json .DriverStatus}}"),
  ]);
  return readFacts({ version, buildx, builder, store }, environment);
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Answer> {
  return new Promise((resolve) => {
    execFile("docker", args, { env, timeout: PATIENCE, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      if (error?.code === "ENOENT") return resolve(null);
      const silent = error?.killed ? `no answer within ${PATIENCE / 1000} s` : stderr || (error?.message ?? "");
      resolve({ code: error === null ? 0 : Number(error.code) || 1, stdout, stderr: error === null ? stderr : silent });
    });
  });
}
