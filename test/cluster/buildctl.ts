/** `buildctl` as a user would call it by hand, over the runner's own way to a daemon. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { openBridge } from "../../builders/run/buildkit/bridge.ts";
import type { Kube } from "../../builders/run/index.ts";
import type { ExecTarget } from "../../builders/run/kube/exec.ts";
import { kubeconfig, pods } from "./access.ts";

/** Where a daemon is. */
export type Daemon = Omit<ExecTarget, "command">;

/** The daemon of a namespace. @throws Error when none runs */
export async function daemonOf(namespace: string): Promise<Daemon> {
  const pod = (await pods(namespace)).find(({ status }) => status.phase === "Running");
  if (pod === undefined) throw new Error(`no builder runs in ${namespace}`);
  return { namespace, pod: pod.metadata.name, container: "buildkitd" };
}

/**
 * Does something with a bridge.
 * @param socket in a private directory; nothing may be there yet
 */
export async function overBridge<T>(
  kube: Kube,
  target: Daemon,
  socket: string,
  run: (address: string) => Promise<T>,
): Promise<T> {
  const bridge = await openBridge(socket, () => kube.exec({ ...target, command: ["buildctl", "dial-stdio"] }));
  bridge.dial();
  try {
    return await run(bridge.address);
  } finally {
    await bridge.close();
  }
}

/** Runs buildctl in a folder of its own; resolves to its stderr. @throws Error with it, when it fails */
export async function buildctl(address: string, args: readonly string[]): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), "pergola-raw-"));
  try {
    const env = { ...process.env, KUBECONFIG: kubeconfig, BUILDKIT_HOST: address };
    return (await execa("buildctl", args, { cwd, env })).stderr;
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
