/** Puts the members' specifications together: which steps, in which order. Pure. */
import { join } from "node:path";
import type { Hierarchy } from "./cgroups.ts";
import { apiServer, controllerManager, etcd, scheduler } from "./controlPlane.ts";
import {
  ADDRESSES,
  API_PORT,
  NODE_PREFIX,
  NODES,
  type NodeName,
  POD_NETWORKS,
  type Resources,
  SERVICE_NETWORK,
} from "./layout.ts";
import { CONTAINERD_SOCKET, containerd, KERNEL_SETTINGS, kubelet, proxy } from "./nodeComponents.ts";
import { networkPolicies, queueRule } from "./policyEnforcer.ts";
import type { ConfigurationFile, MountCall, Program, Specification, Step } from "./specification.ts";
import type { StateFolder } from "./stateFolder.ts";
import type { ClusterTools } from "./tools.ts";

/** What the machine is like, as far as specifications depend on it. */
export interface Machine {
  readonly resources: Resources;
  readonly hierarchies: readonly Hierarchy[];
  /** all cgroup mounts, deepest first */
  readonly cgroupMountPoints: readonly string[];
  /** whether the kernel's nftables can queue packets to a program */
  readonly nftablesQueue: boolean;
}

/** A member ready to be written down and spawned. */
export interface MemberPlan {
  readonly specification: Specification;
  readonly files: readonly ConfigurationFile[];
}

/** Seconds that the slowest wait may take on a busy machine. */
const PATIENCE = 120;

const API_URL = `https://${ADDRESSES.ctl}:${API_PORT}`;

/** The control plane: etcd, API server, then controller manager and scheduler when the API server is ready. */
export function controlPlanePlan(state: StateFolder, tools: ClusterTools): MemberPlan {
  const wait = { seconds: PATIENCE };
  const steps: Step[] = [
    ...ownNamespaces("ctl", state),
    { title: "wait for the network", wait: { ...wait, file: state.networkDone } },
    { title: "forward packets between the nodes", write: { file: "/proc/sys/net/ipv4/ip_forward", content: "1" } },
    { title: "start etcd", start: etcd(state, tools) },
    { title: "wait for keys and certificates", wait: { ...wait, file: state.pkiDone } },
    { title: "start the API server", start: apiServer(state, tools) },
    apiServerReady(state),
    { title: "start the controller manager", start: controllerManager(state, tools) },
    { title: "start the scheduler", start: scheduler(state, tools) },
  ];
  const stop = [
    { process: "scheduler", seconds: 1 },
    { process: "controller-manager", seconds: 1 },
    { process: "apiserver", seconds: 2 },
    { process: "etcd", seconds: 1 },
  ];
  return { specification: member("ctl", state, tools, steps, stop), files: [] };
}

/** A node: containerd, kubelet, images, kube-proxy and, when it was built, the NetworkPolicy enforcer. */
export function nodePlan(
  node: NodeName,
  share: Resources,
  images: readonly string[],
  machine: Machine,
  state: StateFolder,
  tools: ClusterTools,
): MemberPlan {
  const runtime = containerd(node, state, tools);
  const agent = kubelet(node, { machine: machine.resources, share }, state, tools);
  const services = proxy(node, state, tools);
  const network: ConfigurationFile = { path: state.member(node).file("network.batch"), content: nodeNetwork(node) };
  const settings = Object.entries(KERNEL_SETTINGS).map(([name, value]) => ({
    name,
    file: { path: join(state.member(node).file("kernel"), name), content: `${value}\n` },
  }));
  const wait = { seconds: PATIENCE };
  const pki = (file: string) => join(state.pki, file);
  const registered = {
    url: `${API_URL}/api/v1/nodes/${node}`,
    authority: pki("ca.crt"),
    certificate: pki(`${node}.crt`),
    key: pki(`${node}.key`),
  };
  const steps: Step[] = [
    ...ownNamespaces(node, state),
    ...cgroupSteps(machine),
    // "runc init" starts with an emptied environment: LD_LIBRARY_PATH does not reach it, the linker's cache does
    { title: "own linker cache", mount: bind(state.linkerCache, "/etc/ld.so.cache") },
    ...settings.map(({ name, file }) => ({
      title: `show the kubelet its value of ${name}`,
      mount: bind(file.path, `/proc/sys/${name}`),
    })),
    // the kubelet passes mounts on into pods, which works from shared mounts only
    { title: "share mounts with pods", mount: propagation("shared") },
    { title: "start containerd", start: runtime.program },
    { title: "wait for the network", wait: { ...wait, file: state.networkDone } },
    { title: "own network", run: run("network", tools.ip, "-batch", network.path) },
    { title: "forward packets to pods", write: { file: "/proc/sys/net/ipv4/ip_forward", content: "1" } },
    { title: "wait for keys and certificates", wait: { ...wait, file: state.pkiDone } },
    apiServerReady(state),
    { title: "wait for containerd", wait: { ...wait, process: "containerd", unix: CONTAINERD_SOCKET } },
    { title: "start the kubelet", start: agent.program },
    ...images.map((image) => ({ title: `import ${image}`, run: importImage(image, tools) })),
    { title: "wait for the node to register", wait: { ...wait, process: "kubelet", https: registered } },
    { title: "start kube-proxy", start: services.program },
    ...policySteps(node, machine, state, tools),
  ];
  return {
    specification: member(node, state, tools, steps, [{ process: "kubelet", seconds: 1 }]),
    files: [...runtime.files, ...agent.files, ...services.files, ...settings.map(({ file }) => file), network],
  };
}

/** Argument list that imports one OCI archive where the kubelet finds it. */
export function importImage(archive: string, tools: ClusterTools): Program {
  return run("images", tools.ctr, "--address", CONTAINERD_SOCKET, "--namespace", "k8s.io", "images", "import", archive);
}

/** `ip -batch` lines for the control plane's namespace, run from outside: the bridge, and a link to each node. */
export function controlNetwork(pids: Readonly<Record<NodeName, number>>): string {
  return [
    "link set lo up",
    "link add br0 type bridge",
    `address add ${ADDRESSES.ctl}/${NODE_PREFIX} dev br0`,
    "link set br0 up",
    ...NODES.flatMap((node) => [
      `link add ${node} type veth peer name eth0 netns ${pids[node]}`,
      `link set ${node} master br0 up`,
      `route add ${POD_NETWORKS[node]} via ${ADDRESSES[node]}`,
    ]),
    // admission webhooks are Services: kube-proxy of that node translates
    `route add ${SERVICE_NETWORK} via ${ADDRESSES.apps}`,
    "",
  ].join("\n");
}

/** `ip -batch` lines inside a node, whose end of the link is there already. */
function nodeNetwork(node: NodeName): string {
  return [
    "link set lo up",
    `address add ${ADDRESSES[node]}/${NODE_PREFIX} dev eth0`,
    "link set eth0 up",
    `route add default via ${ADDRESSES.ctl}`,
    ...NODES.filter((other) => other !== node).map(
      (other) => `route add ${POD_NETWORKS[other]} via ${ADDRESSES[other]}`,
    ),
    "",
  ].join("\n");
}

/** Mounts that every member has of its own: nothing of it reaches the host, which sees no mount at all. */
function ownNamespaces(name: "ctl" | NodeName, state: StateFolder): Step[] {
  return [
    { title: "keep mounts from the host", mount: propagation("private") },
    { title: "own /proc", mount: fresh("proc", "/proc", ["nosuid", "nodev", "noexec"]) },
    { title: "own host name", hostname: name },
    { title: "own /run", mount: fresh("tmpfs", "/run", ["nosuid", "nodev"]) },
    { title: "own /run/netns", makeDirectory: "/run/netns" },
    { title: "own /var", mount: bind(state.member(name).var, "/var") },
  ];
}

/** The member's own subtree instead of the host's cgroups. */
function cgroupSteps(machine: Machine): Step[] {
  return [
    ...machine.cgroupMountPoints.map((point) => ({ title: `hide the host's ${point}`, unmount: point })),
    ...machine.hierarchies.flatMap(({ mountPoint, version, data }): Step[] =>
      version === 1
        ? [{ title: `own ${mountPoint}`, mount: { ...fresh("cgroup", mountPoint, []), data } }]
        : [
            { title: `own ${mountPoint}`, mount: fresh("cgroup2", mountPoint, []) },
            // a cgroup that hands out controllers must hold no process itself (cgroup-v2.rst, "no internal process")
            { title: "cgroup of the node's own processes", makeDirectory: `${mountPoint}/init` },
            { title: "move into it", write: { file: `${mountPoint}/init/cgroup.procs`, content: "0" } },
          ],
    ),
  ];
}

function policySteps(node: NodeName, machine: Machine, state: StateFolder, tools: ClusterTools): Step[] {
  if (tools.networkPolicies === undefined) return [];
  const enforcer = networkPolicies(node, state, tools.networkPolicies);
  const start: Step = { title: "start the NetworkPolicy enforcer", start: enforcer };
  return machine.nftablesQueue ? [start] : [start, { title: "feed its queue", run: queueRule(tools) }];
}

function apiServerReady(state: StateFolder): Step {
  const https = { url: `${API_URL}/readyz`, authority: join(state.pki, "ca.crt") };
  return { title: "wait for the API server", wait: { seconds: PATIENCE, process: "apiserver", https } };
}

function member(
  name: "ctl" | NodeName,
  state: StateFolder,
  tools: ClusterTools,
  steps: Step[],
  stop: Specification["stop"],
): Specification {
  const folder = state.member(name);
  const environment = { ...tools.environment, HOME: folder.root, TMPDIR: folder.temporary };
  return { name, status: folder.status, logs: folder.logs, environment, steps, stop };
}

const run = (name: string, ...command: string[]): Program => ({ name, arguments: command });
const bind = (source: string, target: string): MountCall => ({ source, target, type: "", flags: ["bind"], data: "" });
const fresh = (type: string, target: string, flags: MountCall["flags"]): MountCall => ({
  source: type,
  target,
  type,
  flags,
  data: "",
});
const propagation = (kind: "private" | "shared"): MountCall => ({
  source: "none",
  target: "/",
  type: "",
  flags: ["recursive", kind],
  data: "",
});
