/**
 * Everything about the embedded cluster that is decided before anything runs: names, addresses, ports,
 * and which part of the machine each node offers. Pure.
 */

/** Name of the cluster and of the kubeconfig's context, cluster and user. */
export const CLUSTER_NAME = "pergola-local";

/** The one cgroup that everything of the environment is in, below the root of each hierarchy. One per machine. */
export const CGROUP = "pergola-local";

/** Members of the cluster: `control` runs the control plane and the bridge, the others are Kubernetes nodes. */
export const MEMBERS = ["ctl", "apps", "builder"] as const;
export type Member = (typeof MEMBERS)[number];
export type NodeName = Exclude<Member, "ctl">;
export const NODES: readonly NodeName[] = ["apps", "builder"];

export const ADDRESSES: Readonly<Record<Member, string>> = {
  ctl: "172.30.0.1",
  apps: "172.30.0.11",
  builder: "172.30.0.12",
};
/** Length of the prefix that all {@link ADDRESSES} share. */
export const NODE_PREFIX = 24;
export const POD_NETWORKS: Readonly<Record<NodeName, string>> = { apps: "10.89.11.0/24", builder: "10.89.12.0/24" };
/** Contains all {@link POD_NETWORKS}. */
export const POD_SUPERNET = "10.89.0.0/16";
export const SERVICE_NETWORK = "10.96.0.0/16";
/** First address of {@link SERVICE_NETWORK}: the Service `default/kubernetes`. */
export const API_SERVICE_ADDRESS = "10.96.0.1";
export const DNS_ADDRESS = "10.96.0.10";
export const DNS_DOMAIN = "cluster.local";
export const API_PORT = 6443;
export const KUBELET_PORT = 10250;

/** The registry's one name, for nodes and pods: the NodePort of the Service that the stack `local` makes. */
export const REGISTRY = `${ADDRESSES.apps}:30500`;

/** Issuer of service account tokens; its discovery document is served by the API server under this very name. */
export const SERVICE_ACCOUNT_ISSUER = `https://kubernetes.default.svc.${DNS_DOMAIN}`;

/** Label and taint of the node that builds run on. */
export const BUILDER_MARK = { key: "garden-build", value: "true", effect: "NoSchedule" } as const;

/** Images of the cluster's own pods; imported into both nodes, never pulled. */
export const PAUSE_IMAGE = "pergola.local/pause:1";
export const COREDNS_IMAGE = "pergola.local/coredns:1.15.0";

/** What a machine or a part of it has: CPU in thousandths of a core, memory in KiB. */
export interface Resources {
  readonly milliCpu: number;
  readonly memoryKi: number;
}

/** The builder's share of the machine; builds are what the machine is for. */
const BUILDER_SHARE = 0.65;

/**
 * Divides the machine between the two nodes. Both parts add up to the machine exactly; the builder gets
 * about two thirds, in steps of a tenth of a core and of a MiB.
 */
export function divideMachine(machine: Resources): Readonly<Record<NodeName, Resources>> {
  const builder = {
    milliCpu: Math.round((machine.milliCpu * BUILDER_SHARE) / 100) * 100,
    memoryKi: Math.round((machine.memoryKi * BUILDER_SHARE) / 1024) * 1024,
  };
  return {
    apps: { milliCpu: machine.milliCpu - builder.milliCpu, memoryKi: machine.memoryKi - builder.memoryKi },
    builder,
  };
}

/** Reads `/proc/meminfo`'s MemTotal (KiB), the figure that the kubelet reports as capacity. */
export function parseMemoryTotal(meminfo: string): number {
  const found = /^MemTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  if (found === undefined) throw new Error("/proc/meminfo has no line MemTotal");
  return Number(found);
}
