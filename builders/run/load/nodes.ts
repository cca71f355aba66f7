/** Nodes of local clusters that are containers of Docker. */
import type { NodeQuery } from "../../plan/plan.ts";
import { ask } from "./ask.ts";
import { StoreError } from "./storeError.ts";

export interface Node {
  readonly name: string;
  /** Docker's word: running, exited, paused, created ... */
  readonly state: string;
  readonly cluster: string;
  readonly role: string;
}

/** Reads what a {@link NodeQuery} prints. */
export function parseNodes(text: string): Node[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", state = "", cluster = "", role = ""] = line.split("\t");
    return name === "" ? [] : [{ name, state, cluster, role }];
  });
}

/** The nodes of the cluster that run pods, by name. @throws StoreError when there is no such cluster, or a node is not running */
export function usableNodes(into: "kind" | "k3d", all: readonly Node[], { cluster, roles }: NodeQuery): string[] {
  const nodes = all.filter((node) => node.cluster === cluster && roles.includes(node.role));
  if (nodes.length === 0) {
    const others = clustersOf(all);
    throw new StoreError(
      `there is no such cluster in this Docker${others.length > 0 ? `; there are: ${others.join(", ")}` : ", and no other"}`,
      others.length > 0
        ? `Name one: --load=${into},name=CLUSTER`
        : `Create it (${into === "kind" ? `kind create cluster --name ${cluster}` : `k3d cluster create ${cluster}`}), or name the Docker that has it (DOCKER_HOST, docker context use)`,
    );
  }
  const down = nodes.filter(({ state }) => state !== "running");
  if (down.length > 0) {
    const names = down.map(({ name }) => name);
    throw new StoreError(
      `its ${names.length > 1 ? "nodes" : "node"} ${down.map(({ name, state }) => `${name} (${state})`).join(", ")} ${names.length > 1 ? "do" : "does"} not run`,
      `Start it: ${startCommand(into, cluster, down)}`,
    );
  }
  return nodes.map(({ name }) => name).sort();
}

function startCommand(into: "kind" | "k3d", cluster: string, down: readonly Node[]): string {
  if (down.some(({ state }) => state === "paused")) return `docker unpause ${down.map(({ name }) => name).join(" ")}`;
  return into === "k3d" ? `k3d cluster start ${cluster}` : `docker start ${down.map(({ name }) => name).join(" ")}`;
}

/** Names of all clusters, sorted. */
export function clustersOf(all: readonly Node[]): string[] {
  return [...new Set(all.map(({ cluster }) => cluster))].sort();
}

/** Asks Docker. @throws StoreError, Error in Docker's words */
export async function findNodes(
  into: "kind" | "k3d",
  query: NodeQuery,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string[]> {
  return usableNodes(into, parseNodes(await ask(query.argv, environment, signal)), query);
}
