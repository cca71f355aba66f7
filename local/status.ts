/** `status`: what of the embedded environment runs. */
import { type ClusterStatus, clusterStatus } from "./cluster/index.ts";
import { stateDirectory } from "./paths.ts";
import { toolchainObstacle } from "./toolchain/index.ts";

/** The status as lines for a person. */
export function statusText(status: ClusterStatus, obstacle: string | null): string {
  const lines = [
    `cluster    ${status.running ? (status.problems.length === 0 ? "running" : "running, with problems") : "not running"}`,
    ...status.problems.map((problem) => `           ${problem}`),
    ...(status.clone === undefined ? [] : [`clone      ${status.clone}`]),
    ...(status.startedAt === undefined ? [] : [`started    ${status.startedAt}`]),
    ...(status.kubeconfig === undefined ? [] : [`kubeconfig ${status.kubeconfig} (context ${status.context})`]),
    ...(status.registryEndpoint === undefined ? [] : [`registry   ${status.registryEndpoint}`]),
    `toolchain  ${obstacle ?? "complete"}`,
    ...(status.running ? [] : ["next       npm start"]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Prints the status on stdout. Returns 0 when the cluster runs and is healthy, else 1. */
export async function showStatus(output: "text" | "json"): Promise<number> {
  const status = await clusterStatus({ state: stateDirectory() });
  const obstacle = await toolchainObstacle();
  process.stdout.write(
    output === "json"
      ? `${JSON.stringify({ ...status, toolchain: obstacle }, null, 2)}\n`
      : statusText(status, obstacle),
  );
  return status.running && status.problems.length === 0 ? 0 : 1;
}
