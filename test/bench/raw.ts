/** `buildctl` as a user would call it by hand, on the same daemon as the runner. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { BuildkitPlan } from "../../builders/plan/plan.ts";
import { openBridge } from "../../builders/run/buildkit/bridge.ts";
import { Kube } from "../../builders/run/index.ts";
import type { ExecTarget } from "../../builders/run/kube/exec.ts";
import { pods } from "../cluster/access.ts";
import { NAMESPACE } from "./place.ts";
import { emptyFolder, environment, planOf } from "./project.ts";

/** Where a daemon is. */
export type Daemon = Omit<ExecTarget, "command">;

/** The bench's own daemon. @throws Error when none runs */
export async function daemon(): Promise<Daemon> {
  const pod = (await pods(NAMESPACE)).find(({ status }) => status.phase === "Running");
  if (pod === undefined) throw new Error(`no builder runs in ${NAMESPACE}`);
  return { namespace: NAMESPACE, pod: pod.metadata.name, container: "buildkitd" };
}

/**
 * Does something with a bridge, the runner's own way to a daemon.
 * @param socket in a private directory; nothing may be there yet
 */
export async function overBridge<T>(
  kube: Kube,
  target: Daemon,
  socket: string,
  run: (address: string) => Promise<T>,
): Promise<T> {
  const bridge = await openBridge(socket, () => kube.exec({ ...target, command: ["buildctl", "dial-stdio"] }));
  try {
    return await run(bridge.address);
  } finally {
    await bridge.close();
  }
}

/** The address by which buildctl itself starts kubectl (moby/buildkit, client/connhelper/kubepod). */
export function kubePod(kube: Kube, { namespace, pod, container }: Daemon): string {
  const where = new URLSearchParams({ context: kube.context, namespace, container });
  return `kube-pod://${pod}?${where}`;
}

/** Runs buildctl in a folder of its own; resolves to its stderr. @throws Error with it, when it fails */
export async function buildctl(address: string, args: readonly string[]): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), "pergola-raw-"));
  try {
    return (await execa("buildctl", args, { cwd, env: { ...environment, BUILDKIT_HOST: address } })).stderr;
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
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
