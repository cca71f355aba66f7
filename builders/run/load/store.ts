/** The image store of this machine that images are loaded into: whether it is there, and what its client's failures mean. */
import { execFile } from "node:child_process";
import net from "node:net";
import { promisify } from "node:util";
import { PergolaError } from "../../errors.ts";
import type { LoadPlan } from "../../plan/plan.ts";

/** Milliseconds that a store may take to answer; a Docker daemon behind ssh takes seconds. */
const PATIENCE = 20_000;

/**
 * Finds out before anything is built whether the store answers.
 * @throws PergolaError load-failed, builder-tool-missing
 */
export async function checkStore(
  plan: Pick<LoadPlan, "place" | "check">,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const { place, check } = plan;
  try {
    if ("socket" in check) await connectTo(check.socket);
    else {
      const [program = "", ...args] = check.argv;
      await promisify(execFile)(program, args, { env: environment, timeout: PATIENCE, killSignal: "SIGKILL", signal });
    }
  } catch (error) {
    signal.throwIfAborted();
    const { killed, stderr, message } = error as Error & { killed?: boolean; stderr?: string };
    const said = killed ? `no answer within ${PATIENCE / 1000} s` : stderr?.trim() || message;
    throw new PergolaError({
      code: "load-failed",
      message: `Images cannot be loaded into ${place}: ${lastLine(said)}`,
      hint: `${hintOf(said, place) ?? "Mend that"}, or leave out --load. Nothing was built.`,
    });
  }
}

async function connectTo(socket: string): Promise<void> {
  const connection = net.connect(socket);
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once("connect", resolve).once("error", reject);
    });
  } finally {
    connection.destroy();
  }
}

/** What to do about a failure that clients are known to word so; null for any other. The beginning of a sentence. */
export function hintOf(said: string, place: string): string | null {
  const docker = place === "Docker";
  if (/permission denied|EACCES/.test(said)) {
    return docker
      ? "Use an account that may talk to the daemon (the group docker), or another daemon (DOCKER_HOST)"
      : "Use an account that may open the socket, root in most installations";
  }
  if (/no space left on device|ENOSPC|disk quota exceeded/i.test(said)) return "Make room on that disk";
  if (/Cannot connect to the Docker daemon|connection refused|ECONNREFUSED|ENOENT|failed to dial/.test(said)) {
    return docker
      ? "Start the daemon, or name another one (DOCKER_HOST, docker context use)"
      : "Start containerd, or name its socket: --load=containerd,address=SOCKET";
  }
  return null;
}

/** Clients say what went wrong last. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
