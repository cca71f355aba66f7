/** From the global options to a BuildSetup and, when somebody needs it, the cluster. */
import type { BuildSetup } from "../../infra/setup.ts";
import type { ExecTransport, Kube } from "../run/index.ts";
import { checkCluster } from "../setup/cluster.ts";
import { loadSetup } from "../setup/load.ts";
import type { GlobalOptions } from "./output.ts";

export interface Session {
  readonly setup: BuildSetup;
  /** where the BuildSetup came from, for people */
  readonly source: string;
  /** namespace of the kubeconfig context; null while no cluster was needed */
  readonly contextNamespace: string | null;
  /** the cluster, connected to at the first call */
  kube(): Promise<Kube>;
  /**
   * Resolves when the cluster is known to be the one that the BuildSetup is about (at once when that was not asked for): the
   * answer is on its way while contexts are read.
   * @throws PergolaError wrong-cluster, cluster-unreachable
   */
  readonly verified: Promise<void>;
}

/**
 * Loads the BuildSetup. The cluster is the one of --context, else the context that the BuildSetup names, else the current one.
 * @param checkCluster whether to make sure that the cluster is the one that the BuildSetup is about; may depend on it
 * @param transport how commands in pods are run
 * @throws PergolaError as {@link loadSetup}, kubeconfig, cluster-unreachable
 */
export async function connect(
  options: GlobalOptions,
  want: {
    readonly checkCluster: boolean | ((setup: BuildSetup) => boolean);
    readonly transport?: ExecTransport;
    /** called with the cluster as soon as one is chosen, before it is asked anything */
    chosen?(kube: Kube): void;
  },
): Promise<Session> {
  let kube: Kube | null = null;
  const open = async (context: string | null): Promise<Kube> => {
    // Loaded late: commands that need no cluster start without it.
    const { Kube } = await import("../run/index.ts");
    if (kube === null) {
      kube = new Kube({ context, transport: want.transport });
      want.chosen?.(kube);
    }
    return kube;
  };
  const { setup, source } = await loadSetup({
    file: options.setup,
    stack: options.stack,
    namespace: options.namespace,
    cluster: () => open(options.context),
  });
  const reach = (): Promise<Kube> => open(options.context ?? setup.cluster.context);
  const check = typeof want.checkCluster === "function" ? want.checkCluster(setup) : want.checkCluster;
  const verified = check ? checkCluster(setup, await reach()) : Promise.resolve();
  // Said to whoever waits for it.
  verified.catch(() => {});
  return { setup, source, contextNamespace: (kube as Kube | null)?.namespace ?? null, kube: reach, verified };
}
