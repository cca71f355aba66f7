/** The image store that images are loaded into: whether it is there, and what its client's failures mean. */
import net from "node:net";
import { PergolaError } from "../../errors.ts";
import type { LoadPlan, LoadTarget } from "../../plan/plan.ts";
import { ask } from "./ask.ts";
import { checkProfile, parseProfiles } from "./minikube.ts";
import { findNodes } from "./nodes.ts";
import { lastLine } from "./program.ts";
import { StoreError } from "./storeError.ts";

/**
 * Finds out before anything is built whether the store answers, and all nodes of a cluster run.
 * @throws PergolaError load-failed
 */
export async function checkStore(
  plan: Pick<LoadPlan, "target" | "place" | "check">,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const { target, place, check } = plan;
  try {
    if ("socket" in check) await connectTo(check.socket);
    else if ("nodes" in check) await findNodes(target.into as "kind" | "k3d", check.nodes, environment, signal);
    else {
      const printed = await ask(check.argv, environment, signal);
      if ("profile" in check) checkProfile(parseProfiles(printed), check.profile);
    }
  } catch (error) {
    signal.throwIfAborted();
    const said = (error as Error).message;
    throw new PergolaError({
      code: "load-failed",
      message: `Images cannot be loaded into ${place}: ${lastLine(said)}`,
      hint: `${hintOf(error as Error, target.into) ?? "Mend that"}, or leave out --load. Nothing was built.`,
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
export function hintOf(error: Error, into: LoadTarget["into"]): string | null {
  if (error instanceof StoreError && error.hint !== null) return error.hint;
  const said = error.message;
  const docker = into !== "containerd";
  if (into !== "docker" && into !== "containerd" && /containerd\.sock|failed to dial/.test(said)) {
    return "Restart the node: its containerd does not answer";
  }
  if (/permission denied|EACCES/.test(said)) {
    return docker
      ? "Use an account that may talk to the daemon (the group docker), or another daemon (DOCKER_HOST)"
      : "Use an account that may open the socket, root in most installations";
  }
  if (/no space left on device|ENOSPC|disk quota exceeded/i.test(said)) {
    return into === "docker" || into === "containerd"
      ? "Make room on that disk"
      : "Make room on that disk (of the node)";
  }
  if (/Cannot connect to the Docker daemon|connection refused|ECONNREFUSED|ENOENT|failed to dial/.test(said)) {
    return docker
      ? "Start the daemon, or name another one (DOCKER_HOST, docker context use)"
      : "Start containerd, or name its socket: --load=containerd,address=SOCKET";
  }
  return null;
}
