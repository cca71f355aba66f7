/**
 * The connection to the one cluster of a stack. Nothing else in the program makes a provider, and default providers are
 * disabled, so nothing can reach another cluster.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config.ts";
import {
  type ContextServer,
  KubeconfigError,
  type KubeconfigText,
  sameServer,
  serverOf,
} from "../documents/kubeconfig.ts";
import type { Environment } from "../environment.ts";
import { liveValue } from "./live.ts";
import { isReachable } from "./reachable.ts";

/** The cluster, checked to be the one that the stack file means. */
export interface ClusterConnection {
  readonly provider: Provider;
  /**
   * Makes a provider for the same cluster that takes over an object which is there already under the name of a new one, by
   * server-side apply and without force. Only for what others make, too.
   */
  readonly adopting: () => Provider;
  /** uid of the namespace kube-system; null in a preview while the cluster cannot be reached */
  readonly uid: string | null;
  /** whether reads are answered; false only in a preview */
  readonly reachable: boolean;
}

/**
 * Connects, and refuses (RunError) a context that leads to another server or cluster than the stack file says, before
 * anything is registered in it. A preview works while the cluster cannot be reached: it says so, and leaves out what only the
 * live cluster knows.
 */
export async function connectCluster(environment: Environment): Promise<ClusterConnection> {
  const { cluster } = environment.config;
  const kubeconfig = cluster.kubeconfigSecret === undefined ? undefined : environment.secret(cluster.kubeconfigSecret);
  const { server, proxy } = checkedServer(
    cluster,
    kubeconfig === undefined ? ambientFiles() : [await secretFile(kubeconfig, cluster)],
  );
  const settings = {
    ...(cluster.context === undefined ? {} : { context: cluster.context }),
    // An output, though an empty one: for a plain undefined the SDK takes KUBECONFIG, whose path would get into the state.
    kubeconfig: kubeconfig ?? pulumi.output(undefined as unknown as string),
    // Names the cluster for the provider: with it, a new server address or credential updates, and only a new name replaces.
    clusterIdentifier: cluster.name ?? cluster.context ?? cluster.kubeconfigSecret!,
    enableServerSideApply: true,
    // A rotated credential is written into its Secret; replacing would take the Secret away from running builders first.
    enableSecretMutable: true,
    enableConfigMapMutable: true,
  };
  const provider = new Provider("cluster", settings);
  const adopting = () => new Provider("cluster-adopting", { ...settings, upsertExistingObjects: true });
  const reachable = await isReachable(server, proxy);
  if (!reachable && !pulumi.runtime.isDryRun()) {
    throw new pulumi.RunError(`the cluster at ${server} cannot be reached; nothing was changed`);
  }
  if (!reachable) {
    await pulumi.log.warn(
      `the cluster at ${server} cannot be reached: this preview leaves out its uid and what exists in it`,
    );
    return { provider, adopting, uid: null, reachable };
  }
  const kubeSystem = Namespace.get("kube-system", "kube-system", { provider });
  const uid = (await liveValue(kubeSystem.metadata, `the namespace kube-system of the cluster at ${server}`)).uid;
  if (cluster.uid !== undefined && uid !== cluster.uid) {
    throw new pulumi.RunError(
      `pergola:cluster.uid is ${JSON.stringify(cluster.uid)}, but the cluster at ${server} has ${JSON.stringify(uid)}: ` +
        "another cluster answers there; nothing was changed",
    );
  }
  return { provider, adopting, uid, reachable: true };
}

function checkedServer(cluster: ClusterConfig, files: readonly KubeconfigText[]): ContextServer {
  const key = cluster.context === undefined ? "kubeconfigSecret" : "context";
  try {
    const found = serverOf(files, cluster.context ?? null);
    const { context, server } = found;
    if (cluster.server === undefined || sameServer(cluster.server, server)) return found;
    throw new pulumi.RunError(
      `pergola:cluster.server is ${cluster.server}, but the context ${JSON.stringify(context)} leads to ${server}: ` +
        "correct the one that is wrong; nothing was changed",
    );
  } catch (error) {
    if (!(error instanceof KubeconfigError)) throw error;
    throw new pulumi.RunError(`pergola:cluster.${key}: ${error.message}; nothing was changed`);
  }
}

/** The files that kubectl and the provider take when none is given: KUBECONFIG (a list), else ~/.kube/config. */
function ambientFiles(): KubeconfigText[] {
  const listed = (process.env.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
  const paths = listed.length > 0 ? listed : [join(homedir(), ".kube", "config")];
  const files = paths.flatMap((path): KubeconfigText[] => {
    try {
      return [{ path, text: readFileSync(path, "utf8") }];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw new pulumi.RunError(`the kubeconfig ${path} cannot be read: ${(error as Error).message}`);
    }
  });
  if (files.length === 0) {
    throw new pulumi.RunError(`there is no kubeconfig at ${paths.join(", ")}; set KUBECONFIG to one that exists`);
  }
  return files;
}

async function secretFile(kubeconfig: pulumi.Output<string>, cluster: ClusterConfig): Promise<KubeconfigText> {
  return {
    path: `the secret ${cluster.kubeconfigSecret}`,
    text: await liveValue(kubeconfig, `the secret ${cluster.kubeconfigSecret}`),
  };
}
