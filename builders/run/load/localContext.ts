/** Whether the current kubeconfig context leads to a cluster of this machine, by what its maker calls it. */
import { readFileSync } from "node:fs";
import type { LoadTarget } from "../../plan/plan.ts";
import { type Kubeconfig, kubeconfigFiles, mergeKubeconfigs, parseKubeconfig } from "../kube/kubeconfig.ts";

export interface LocalContext {
  /** the context's name */
  readonly name: string;
  readonly target: Extract<LoadTarget, { into: "kind" | "k3d" | "minikube" }>;
}

/** Reads what the environment points to; null when that cannot be read, which is no concern of `--load`. */
export function readLocalContext(environment: NodeJS.ProcessEnv): LocalContext | null {
  try {
    const files = kubeconfigFiles(environment);
    return localContext(mergeKubeconfigs(files.map((file) => parseKubeconfig(readFileSync(file, "utf8"), file))));
  } catch {
    return null;
  }
}

/**
 * kind calls its contexts kind-NAME, k3d k3d-NAME (kind, pkg/cluster/internal/kubeconfig; k3d, pkg/client/kubeconfig.go);
 * minikube's bear the profile's name and say by an extension whose they are (minikube, pkg/minikube/kubeconfig).
 */
export function localContext({ currentContext: name, contexts }: Kubeconfig): LocalContext | null {
  if (name === null) return null;
  const [, into, cluster] = /^(kind|k3d)-(.+)$/.exec(name) ?? [];
  if (into !== undefined && cluster !== undefined) return { name, target: { into: into as "kind" | "k3d", cluster } };
  const minikube = contexts
    .get(name)
    ?.extensions?.some(({ extension }) => (extension as { provider?: unknown } | null)?.provider === MINIKUBE);
  return minikube || name === "minikube" ? { name, target: { into: "minikube", profile: name } } : null;
}

const MINIKUBE = "minikube.sigs.k8s.io";
