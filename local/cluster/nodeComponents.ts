/** Programs of a Kubernetes node with their configuration files. Pure. */
import { join } from "node:path";
import {
  ADDRESSES,
  BUILDER_MARK,
  DNS_ADDRESS,
  DNS_DOMAIN,
  KUBELET_PORT,
  type NodeName,
  PAUSE_IMAGE,
  POD_NETWORKS,
  POD_SUPERNET,
  REGISTRY,
  type Resources,
} from "./layout.ts";
import type { ConfigurationFile, Program } from "./specification.ts";
import type { StateFolder } from "./stateFolder.ts";
import type { ClusterTools } from "./tools.ts";

/** A program and the files that it reads. */
export interface Component {
  readonly program: Program;
  readonly files: readonly ConfigurationFile[];
}

/** containerd's socket, on the node's own /run. */
export const CONTAINERD_SOCKET = "/run/containerd.sock";

/** Left free before the kubelet evicts pods, and so not allocatable (KiB). */
const EVICTION_KI = 100 * 1024;

const json = (path: string, content: unknown): ConfigurationFile => ({
  path,
  content: `${JSON.stringify(content, null, 2)}\n`,
});

/**
 * containerd with its CNI network and the registry's plain HTTP address. `restrict_oom_score_adj` is needed where
 * CAP_SYS_RESOURCE is missing, else every sandbox fails. Point-to-point links, not a bridge: with a bridge, pods of one
 * node reach each other past the packet filter, and no NetworkPolicy could hold.
 */
export function containerd(node: NodeName, state: StateFolder, tools: ClusterTools): Component {
  const folder = state.member(node);
  const cri = `plugins."io.containerd.grpc.v1.cri"`;
  const configuration = `version = 2
root = "${folder.file("containerd")}"
state = "/run/containerd"
disabled_plugins = [${["btrfs", "zfs", "devmapper", "aufs"].map((name) => `"io.containerd.snapshotter.v1.${name}"`).join(", ")}, "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
path = "${folder.file("opt")}"
[${cri}]
sandbox_image = "${PAUSE_IMAGE}"
restrict_oom_score_adj = true
[${cri}.cni]
bin_dir = "${tools.cni}"
conf_dir = "${folder.file("cni")}"
[${cri}.registry]
config_path = "${folder.file("certs.d")}"
[${cri}.containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
`;
  const hosts = `server = "http://${REGISTRY}"
[host."http://${REGISTRY}"]
capabilities = ["pull", "resolve", "push"]
`;
  const ipam = { type: "host-local", dataDir: folder.file("cni-addresses") };
  const network = {
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        type: "ptp",
        ipMasq: false,
        ipam: { ...ipam, ranges: [[{ subnet: POD_NETWORKS[node] }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  const path = folder.file("containerd.toml");
  return {
    program: { name: "containerd", arguments: [tools.containerd, "--config", path] },
    files: [
      { path, content: configuration },
      { path: join(folder.file("certs.d"), REGISTRY, "hosts.toml"), content: hosts },
      json(join(folder.file("cni"), "10-pods.conflist"), network),
    ],
  };
}

/**
 * Kernel settings that the kubelet demands for the whole machine (k8s.io/kubernetes pkg/kubelet/cm,
 * setupKernelTunables). They are no namespace's own, so the node shows the kubelet files with these values instead, and
 * `protectKernelDefaults` makes sure that it only compares.
 */
export const KERNEL_SETTINGS: Readonly<Record<string, string>> = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};

/**
 * The kubelet. Capacity is the whole machine on both nodes; what is reserved leaves `share` as allocatable, so that the
 * nodes' allocatable resources add up to the machine.
 */
export function kubelet(
  node: NodeName,
  sizes: { readonly machine: Resources; readonly share: Resources },
  state: StateFolder,
  tools: ClusterTools,
): Component {
  const folder = state.member(node);
  const { machine, share } = sizes;
  const path = folder.file("kubelet.json");
  const resolvConf = folder.file("resolv.conf");
  const configuration = {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: ADDRESSES[node],
    port: KUBELET_PORT,
    readOnlyPort: 0,
    healthzPort: 0,
    tlsCertFile: join(state.pki, `${node}.crt`),
    tlsPrivateKeyFile: join(state.pki, `${node}.key`),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(state.pki, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: "cgroupfs",
    protectKernelDefaults: true,
    makeIPTablesUtilChains: false,
    enforceNodeAllocatable: ["pods"],
    kubeReserved: {
      cpu: `${machine.milliCpu - share.milliCpu}m`,
      memory: `${machine.memoryKi - share.memoryKi - EVICTION_KI}Ki`,
    },
    evictionHard: { "memory.available": `${EVICTION_KI}Ki`, "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    failSwapOn: false,
    serializeImagePulls: false,
    resolvConf,
    clusterDNS: [DNS_ADDRESS],
    clusterDomain: DNS_DOMAIN,
    hairpinMode: "none",
    volumePluginDir: folder.file("volume-plugins"),
    podLogsDir: folder.file("pod-logs"),
    registerNode: true,
    registerWithTaints: node === "builder" ? [BUILDER_MARK] : [],
    nodeStatusUpdateFrequency: "10s",
  };
  const labels = node === "builder" ? [`--node-labels=${BUILDER_MARK.key}=${BUILDER_MARK.value}`] : [];
  return {
    program: {
      name: "kubelet",
      arguments: [
        ...[tools.kubernetes, "kubelet", `--config=${path}`, `--kubeconfig=${join(state.pki, `${node}.kubeconfig`)}`],
        ...["--root-dir=/var/lib/kubelet", "--cert-dir=/var/lib/kubelet/pki"],
        ...[`--hostname-override=${node}`, `--node-ip=${ADDRESSES[node]}`, ...labels, "--v=2"],
      ],
    },
    files: [json(path, configuration), { path: resolvConf, content: "" }],
  };
}

/** kube-proxy in nftables mode: Service addresses and NodePorts, in the node's network namespace. */
export function proxy(node: NodeName, state: StateFolder, tools: ClusterTools): Component {
  const path = state.member(node).file("proxy.json");
  const configuration = {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    bindAddress: ADDRESSES[node],
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
    mode: "nftables",
    nftables: { syncPeriod: "30s", minSyncPeriod: "100ms" },
    clusterCIDR: POD_SUPERNET,
    nodePortAddresses: [`${ADDRESSES[node]}/32`],
    hostnameOverride: node,
    clientConnection: { kubeconfig: join(state.pki, "proxy.kubeconfig") },
    // connection tracking limits are the machine's: leave them alone
    conntrack: { maxPerCore: 0, min: 0 },
  };
  return {
    program: { name: "kube-proxy", arguments: [tools.kubernetes, "kube-proxy", `--config=${path}`] },
    files: [json(path, configuration)],
  };
}
