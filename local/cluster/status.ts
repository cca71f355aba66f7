/** Looks at the embedded cluster without changing anything. */
import { ApiClient } from "./apiClient.ts";
import { problemsOf } from "./health.ts";
import { CLUSTER_NAME } from "./layout.ts";
import { type EnvironmentRecord, readRecord } from "./record.ts";
import { type StateFolder, stateFolder } from "./stateFolder.ts";

/** What {@link clusterStatus} tells. */
export interface ClusterStatus {
  readonly running: boolean;
  /** what is wrong; empty when it runs and is healthy, or does not run at all */
  readonly problems: readonly string[];
  /** clone that it belongs to */
  readonly clone?: string;
  readonly startedAt?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly registryEndpoint?: string;
}

/** Looks at the cluster of a state folder. */
export async function clusterStatus({ state }: { readonly state: string }): Promise<ClusterStatus> {
  const folder = stateFolder(state);
  const record = await readRecord(folder);
  if (record === undefined) return { running: false, problems: [] };
  const known = { clone: record.clone, startedAt: record.startedAt };
  const problems = await findProblems(folder, record);
  if (record.endpoints === null) return { running: false, problems, ...known };
  const { registry: registryEndpoint } = record.endpoints;
  return { running: true, problems, ...known, kubeconfig: folder.kubeconfig, context: CLUSTER_NAME, registryEndpoint };
}

/** What is wrong with a recorded cluster; empty when nothing is. */
export async function findProblems(state: StateFolder, record: EnvironmentRecord): Promise<string[]> {
  if (record.phase !== "running" || record.endpoints === null) return ["its start did not end"];
  const pids = Object.fromEntries(Object.entries(record.members).map(([name, member]) => [name, member.pid]));
  try {
    const api = await ApiClient.open(state, record.endpoints.api);
    return await problemsOf(api, pids).finally(() => api.close());
  } catch (error) {
    return [(error as Error).message];
  }
}
