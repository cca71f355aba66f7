/** The embedded cluster, as the rest of `local` uses it. */
export { Interruption, interruptible } from "./interruption.ts";
export { kubeconfigText, REGISTRY_ENDPOINTS } from "./kubeconfig.ts";
export { CLUSTER_NAME, REGISTRY } from "./layout.ts";
export { refuseUnfitMachine } from "./machine.ts";
export { withMachineLock } from "./machineLock.ts";
export { madeHere } from "./record.ts";
export { type Cluster, type StartArguments, startCluster } from "./start.ts";
export { stateFolder } from "./stateFolder.ts";
export { type ClusterStatus, clusterStatus } from "./status.ts";
export { describeStop, type StopArguments, type StopReport, stopCluster } from "./stop.ts";
export type { ToolchainForCluster } from "./tools.ts";
