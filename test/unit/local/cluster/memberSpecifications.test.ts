import { describe, expect, test } from "vitest";
import { divideMachine } from "../../../../local/cluster/layout.ts";
import {
  controlNetwork,
  controlPlanePlan,
  type Machine,
  nodePlan,
} from "../../../../local/cluster/memberSpecifications.ts";
import { KERNEL_SETTINGS } from "../../../../local/cluster/nodeComponents.ts";
import type { Step } from "../../../../local/cluster/specification.ts";
import { stateFolder } from "../../../../local/cluster/stateFolder.ts";
import { clusterTools } from "../../../../local/cluster/tools.ts";

const state = stateFolder("/state");
const toolchain = {
  path: (name: string) => `/tools/${name}`,
  has: () => true,
  debianRoot: "/debian",
  environment: () => ({ PATH: "/debian/usr/bin", LD_LIBRARY_PATH: "/debian/usr/lib" }),
};
const machine: Machine = {
  resources: { milliCpu: 4000, memoryKi: 16_000_000 },
  hierarchies: [{ mountPoint: "/sys/fs/cgroup/memory", version: 1, data: "memory" }],
  cgroupMountPoints: ["/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory"],
  nftablesQueue: false,
};
const shares = divideMachine(machine.resources);

function plan(node: "apps" | "builder", changes: { machine?: Partial<Machine>; enforcePolicies?: boolean } = {}) {
  const tools = clusterTools(toolchain, changes.enforcePolicies ?? false);
  return nodePlan(node, shares[node], ["/images/pause.tar"], { ...machine, ...changes.machine }, state, tools);
}

const startsOf = (steps: readonly Step[]) => steps.flatMap((step) => ("start" in step ? [step.start.name] : []));
const positionOf = (steps: readonly Step[], title: string) => {
  const position = steps.findIndex((step) => step.title === title);
  expect(position, title).toBeGreaterThanOrEqual(0);
  return position;
};
function fileOf(node: "apps" | "builder", name: string) {
  const found = plan(node).files.find((file) => file.path === `/state/${node}/${name}`);
  expect(found, name).toBeDefined();
  return found!.content;
}

describe("the plan of a node", () => {
  test("reserves what the other node has, so that both together offer the machine", () => {
    const reserved = { milliCpu: 0, memoryKi: 0 };
    for (const node of ["apps", "builder"] as const) {
      const { kubeReserved, evictionHard } = JSON.parse(fileOf(node, "kubelet.json"));
      reserved.milliCpu += Number.parseInt(kubeReserved.cpu, 10);
      reserved.memoryKi += Number.parseInt(kubeReserved.memory, 10);
      reserved.memoryKi += Number.parseInt(evictionHard["memory.available"], 10);
    }
    expect(reserved).toEqual(machine.resources);
  });

  test("only the builder has the label and the taint that builds are placed by", () => {
    const builder = plan("builder").specification.steps.find((step) => step.title === "start the kubelet");
    expect(JSON.stringify(builder)).toContain("--node-labels=garden-build=true");
    expect(JSON.stringify(plan("apps"))).not.toContain("garden-build");
    expect(JSON.parse(fileOf("builder", "kubelet.json")).registerWithTaints).toEqual([
      { key: "garden-build", value: "true", effect: "NoSchedule" },
    ]);
  });

  test("nothing is mounted before mounts are kept from the host", () => {
    const { steps } = plan("apps").specification;
    expect(steps[0]).toMatchObject({ mount: { target: "/", flags: ["recursive", "private"] } });
  });

  test("the kubelet finds every kernel setting as it wants it, and may not write any", () => {
    const { steps } = plan("apps").specification;
    const kubelet = positionOf(steps, "start the kubelet");
    for (const [name, value] of Object.entries(KERNEL_SETTINGS)) {
      const shown = steps.findIndex((step) => "mount" in step && step.mount.target === `/proc/sys/${name}`);
      expect(shown, name).toBeGreaterThan(positionOf(steps, "own /proc"));
      expect(shown, name).toBeLessThan(kubelet);
      expect(fileOf("apps", `kernel/${name}`)).toBe(`${value}\n`);
    }
    expect(JSON.parse(fileOf("apps", "kubelet.json")).protectKernelDefaults).toBe(true);
  });

  test("the host's cgroups are hidden before the node's own are mounted", () => {
    const { steps } = plan("apps").specification;
    const own = steps.findIndex((step) => "mount" in step && step.mount.type === "cgroup");
    expect(steps[own]).toMatchObject({ mount: { target: "/sys/fs/cgroup/memory", data: "memory" } });
    const hidden = steps.flatMap((step, position) => ("unmount" in step ? [{ target: step.unmount, position }] : []));
    expect(hidden.map(({ target }) => target)).toEqual(machine.cgroupMountPoints);
    expect(Math.max(...hidden.map(({ position }) => position))).toBeLessThan(own);
  });

  test("on one cgroup hierarchy the node's own processes move out of the way of its controllers", () => {
    const { steps } = plan("apps", {
      machine: {
        hierarchies: [{ mountPoint: "/sys/fs/cgroup", version: 2, data: "" }],
        cgroupMountPoints: ["/sys/fs/cgroup"],
      },
    }).specification;
    const moved = positionOf(steps, "move into it");
    expect(steps[moved]).toMatchObject({ write: { file: "/sys/fs/cgroup/init/cgroup.procs", content: "0" } });
    expect(moved).toBeLessThan(positionOf(steps, "start containerd"));
  });

  test("containerd speaks plain HTTP with the registry under its one name, and takes the pause image that is imported", () => {
    expect(fileOf("builder", "certs.d/172.30.0.11:30500/hosts.toml")).toContain('[host."http://172.30.0.11:30500"]');
    expect(fileOf("builder", "containerd.toml")).toContain('sandbox_image = "pergola.local/pause:1"');
  });

  test("is ready only when its images are imported and it has registered", () => {
    const { steps } = plan("apps").specification;
    expect(startsOf(steps)).toEqual(["containerd", "kubelet", "kube-proxy"]);
    positionOf(steps, "import /images/pause.tar");
    expect(positionOf(steps, "wait for the node to register")).toBeLessThan(positionOf(steps, "start kube-proxy"));
  });

  test("the policy enforcer's queue is fed by iptables only where nftables cannot", () => {
    const without = plan("apps", { enforcePolicies: true }).specification.steps;
    positionOf(without, "feed its queue");
    const withQueue = plan("apps", { enforcePolicies: true, machine: { nftablesQueue: true } }).specification.steps;
    expect(startsOf(withQueue)).toContain("network-policies");
    expect(withQueue.map((step) => step.title)).not.toContain("feed its queue");
    expect(startsOf(plan("apps").specification.steps)).not.toContain("network-policies");
  });
});

describe("the plan of the control plane", () => {
  const { specification } = controlPlanePlan(state, clusterTools(toolchain, false));
  const text = JSON.stringify(specification);

  test("stops the API server before the etcd that it writes to", () => {
    const order = specification.stop.map(({ process }) => process);
    expect(order.indexOf("apiserver")).toBeLessThan(order.indexOf("etcd"));
    expect(startsOf(specification.steps)).toEqual(expect.arrayContaining(order));
  });

  test("guards nodes, and issues tokens under the name that serves their discovery document", () => {
    expect(text).toContain("--authorization-mode=Node,RBAC");
    expect(text).toContain("--enable-admission-plugins=NodeRestriction");
    expect(text).toContain("--service-account-issuer=https://kubernetes.default.svc.cluster.local");
    expect(text).toContain("--service-account-jwks-uri=https://kubernetes.default.svc.cluster.local/openid/v1/jwks");
  });

  test("default service accounts come at once: no credentials per controller", () => {
    expect(text).not.toContain("use-service-account-credentials");
  });
});

test("the members' network: a link to each node and a route to its pods", () => {
  const lines = controlNetwork({ apps: 11, builder: 12 }).split("\n");
  expect(lines).toContain("link add builder type veth peer name eth0 netns 12");
  expect(lines).toContain("route add 10.89.12.0/24 via 172.30.0.12");
  expect(lines).toContain("route add 10.96.0.0/16 via 172.30.0.11");
});
