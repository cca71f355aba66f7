/** What a user would do with `buildctl` by hand, on the same daemon as the runner. */
import { join } from "node:path";
import type { BuildkitPlan } from "../../builders/plan/plan.ts";
import { Kube } from "../../builders/run/index.ts";
import { buildctl, type Daemon, daemonOf, overBridge } from "../cluster/buildctl.ts";
import { NAMESPACE } from "./place.ts";
import { emptyFolder, environment, planOf } from "./project.ts";

/** The bench's own daemon. @throws Error when none runs */
export const daemon = (): Promise<Daemon> => daemonOf(NAMESPACE);

/** The address by which buildctl itself starts kubectl (moby/buildkit, client/connhelper/kubepod). */
export function kubePod(kube: Kube, { namespace, pod, container }: Daemon): string {
  const where = new URLSearchParams({ context: kube.context, namespace, container });
  return `kube-pod://${pod}?${where}`;
}

/** Does by hand what the runner does for a project, with the plain context in the daemon's one place for contexts. */
export async function rawBuild(folder: string, name: string): Promise<() => Promise<unknown>> {
  const args = withoutSlot(await planOf(folder, name), folder);
  const target = await daemon();
  const socket = join(await emptyFolder(), "s");
  return async () => {
    const kube = new Kube({ environment });
    try {
      return await overBridge(kube, target, socket, (address) => buildctl(address, args));
    } finally {
      kube.close();
    }
  };
}

/** The plan's arguments without the slot, and with the context and its Dockerfile as they are. */
export function withoutSlot(plan: BuildkitPlan, folder: string): string[] {
  const kept = ["--local", `context=${folder}`, "--local", `dockerfile=${folder}`];
  const words = plan.argv.slice(2);
  while (words.length > 0) {
    const word = words.shift() ?? "";
    const dropped = word === "--local" || (word === "--opt" && words[0]?.startsWith("local-sessionid:"));
    if (dropped) words.shift();
    else kept.push(word);
  }
  return ["build", ...kept];
}
