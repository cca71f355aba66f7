/** The BuildSetup that a cluster carries, and whether a cluster is the one that a BuildSetup is about. */
import type { BuildSetup } from "../../infra/setup.ts";
import { SETUP_CONFIG_MAP, SETUP_KEY, SETUP_LABEL } from "../../infra/setupNames.ts";
import { clusterModes } from "../clusterModes.ts";
import { PergolaError } from "../errors.ts";
import { parseSetup } from "./parse.ts";

interface SetupConfigMap {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** What is needed of a cluster; the runner's Kube has it. */
export interface SetupCluster {
  /** kubeconfig context */
  readonly context: string;
  /** namespace of the context */
  readonly namespace: string;
  readConfigMap(namespace: string, name: string): Promise<SetupConfigMap | null>;
  /** of all namespaces */
  listConfigMaps(labelSelector: string): Promise<readonly SetupConfigMap[]>;
  /** uid of the namespace kube-system */
  clusterUid(): Promise<string>;
}

export interface LoadedSetup {
  readonly setup: BuildSetup;
  /** where it came from, as it stands in messages */
  readonly source: string;
}

/**
 * Looks for the ConfigMap: in the namespace asked for, in the context's own, then in all that this identity may list.
 * One in a namespace that its environment does not list is a copy (or somebody's invention): then the one that counts is
 * read where the environment keeps it.
 * @throws PergolaError setup-missing, setup-invalid (also for several environments in one cluster), setup-version, and what
 *   the cluster says
 */
export async function setupFromCluster(cluster: SetupCluster, namespace: string | null): Promise<LoadedSetup> {
  const near = namespace ?? cluster.namespace;
  let denied: PergolaError | null = null;
  try {
    const found = await cluster.readConfigMap(near, SETUP_CONFIG_MAP);
    if (found) return await original(cluster, near, await read(found, cluster.context));
  } catch (error) {
    if (!isForbidden(error)) throw error;
    denied = error;
  }
  const others = await listAll(cluster, near, denied);
  const loaded = await Promise.all(others.map((map) => read(map, cluster.context)));
  const environments = [...new Set(loaded.map(({ setup }) => setup.environment))].sort();
  if (environments.length > 1) {
    throw new PergolaError({
      code: "setup-missing",
      message: `The cluster of context ${cluster.context} carries several environments: ${environments.join(", ")}.`,
      hint: `Choose a namespace with --namespace (${others.map((map) => map.metadata.namespace).join(", ")}), or name the stack with --stack.`,
    });
  }
  if (loaded[0]) return loaded[0];
  throw missing(cluster, near, "nor in any other namespace");
}

/**
 * Compares clusters before anything is built.
 * @throws PergolaError wrong-cluster
 */
export async function checkCluster(setup: BuildSetup, cluster: SetupCluster): Promise<void> {
  if (setup.cluster.uid === null) return;
  const uid = await cluster.clusterUid();
  if (uid === setup.cluster.uid) return;
  throw new PergolaError({
    code: "wrong-cluster",
    message: `The environment ${setup.environment} lives in the cluster ${setup.cluster.uid}, but the context ${cluster.context} leads to ${uid}.`,
    hint: "Choose the right context with --context, or run pulumi up if the cluster was made anew.",
  });
}

/** @param near namespace that `found` was read in */
async function original(cluster: SetupCluster, near: string, found: LoadedSetup): Promise<LoadedSetup> {
  const { environment, freshNamespaces } = found.setup;
  const listed = clusterModes(found.setup).some(([, mode]) => mode.namespaces.some(({ name }) => name === near));
  if (listed || freshNamespaces === null || freshNamespaces.source === near) return found;
  const { source } = freshNamespaces;
  try {
    const map = await cluster.readConfigMap(source, SETUP_CONFIG_MAP);
    if (map) return await read(map, cluster.context);
  } catch (error) {
    // Whoever has rights in this namespace only builds by the copy.
    if (isForbidden(error)) return found;
    throw error;
  }
  throw new PergolaError({
    code: "setup-missing",
    message: `The ${found.source} is a copy of the environment ${environment}, whose ConfigMap is not in namespace ${source} any more.`,
    hint: `Provision the environment with pulumi up; if it is gone, delete the copy: kubectl delete configmap ${SETUP_CONFIG_MAP} --namespace ${near}`,
  });
}

async function read(map: SetupConfigMap, context: string): Promise<LoadedSetup> {
  const source = `ConfigMap ${map.metadata.name} in namespace ${map.metadata.namespace} (context ${context})`;
  const text = map.data?.[SETUP_KEY];
  if (text === undefined) {
    throw new PergolaError({
      code: "setup-invalid",
      message: `The ${source} has no key ${SETUP_KEY}.`,
      hint: "Run pulumi up.",
    });
  }
  return { setup: await parseSetup(text, source), source };
}

/** @param denied what reading in the namespace itself was refused with: then nothing is known to be missing */
async function listAll(
  cluster: SetupCluster,
  near: string,
  denied: PergolaError | null,
): Promise<readonly SetupConfigMap[]> {
  try {
    const maps = await cluster.listConfigMaps(`${SETUP_LABEL.key}=${SETUP_LABEL.value}`);
    return maps.filter((map) => map.metadata.name === SETUP_CONFIG_MAP);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw denied ?? missing(cluster, near, "and this identity may not look in others");
  }
}

/** 403, not 401: without valid credentials there is no use in asking elsewhere. */
function isForbidden(error: unknown): error is PergolaError {
  if (!(error instanceof PergolaError) || error.data.code !== "forbidden") return false;
  return !("status" in error) || error.status !== 401;
}

function missing(cluster: SetupCluster, near: string, others: string): PergolaError {
  return new PergolaError({
    code: "setup-missing",
    message: `There is no ConfigMap ${SETUP_CONFIG_MAP} in namespace ${near} (context ${cluster.context}), ${others}.`,
    hint: "Provision the environment with pulumi up, or name the BuildSetup with --setup FILE, --stack NAME, or --namespace.",
  });
}
