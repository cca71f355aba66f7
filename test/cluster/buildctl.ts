/** BuildKit's own client on the environment's daemon, without the runner. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { openBridge } from "../../builders/run/buildkit/bridge.ts";
import { Kube } from "../../builders/run/index.ts";
import { kubeconfig, pods } from "./access.ts";

/** Runs `buildctl ARGS` with rawjson progress. @throws Error with what it said, when it fails */
export async function buildctl(
  namespace: string,
  container: string,
  args: readonly string[],
): Promise<{ bytes: number }> {
  const directory = await mkdtemp(join(tmpdir(), "pergola-raw-"));
  const kube = new Kube({ environment: { KUBECONFIG: kubeconfig } });
  try {
    const [pod] = (await pods(namespace)).filter(({ status }) => status.phase === "Running");
    const target = { namespace, pod: pod?.metadata.name ?? "", container };
    const bridge = await openBridge(join(directory, "s"), () =>
      kube.exec({ ...target, command: ["buildctl", "dial-stdio"] }),
    );
    const done = await execa("buildctl", args, { cwd: directory, env: { BUILDKIT_HOST: bridge.address } });
    await bridge.close();
    return { bytes: bytesOf(done.stderr) };
  } finally {
    kube.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Bytes of the context that BuildKit's own records name: the last figure of each vertex. */
function bytesOf(rawjson: string): number {
  const last = new Map<string, number>();
  for (const line of rawjson.split("\n")) {
    if (!line.startsWith("{")) continue;
    const { statuses = [] } = JSON.parse(line) as { statuses?: { id: string; vertex: string; current?: number }[] };
    for (const { id, vertex, current } of statuses) {
      if (/^transferring .*context:/.test(id)) last.set(vertex, current ?? 0);
    }
  }
  return [...last.values()].reduce((sum, bytes) => sum + bytes, 0);
}
