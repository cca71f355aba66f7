import { describe, expect, test } from "vitest";
import { cgroupDirectories, cgroupMountPoints, parseHierarchies } from "../../../../local/cluster/cgroups.ts";

const HYBRID = `24 1 0:22 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
25 24 0:23 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
26 24 0:24 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,release_agent=/lib/systemd/agent,name=systemd
27 24 0:25 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
28 24 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
`;
const UNIFIED = "30 1 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";

describe("the machine's cgroup hierarchies", () => {
  test("a hybrid machine: the controllers' own ones, with what selects each, and not the one beside them", () => {
    expect(parseHierarchies(HYBRID)).toEqual([
      { mountPoint: "/sys/fs/cgroup/systemd", version: 1, data: "name=systemd" },
      { mountPoint: "/sys/fs/cgroup/cpu,cpuacct", version: 1, data: "cpu,cpuacct" },
      { mountPoint: "/sys/fs/cgroup/memory", version: 1, data: "memory" },
    ]);
  });

  test("a version 2 machine has one for all", () => {
    expect(parseHierarchies(UNIFIED)).toEqual([{ mountPoint: "/sys/fs/cgroup", version: 2, data: "" }]);
  });

  test("a machine without cgroups has none", () => {
    expect(parseHierarchies("24 1 0:22 / / rw - ext4 /dev/vda rw\n")).toEqual([]);
  });

  test("a node hides every cgroup mount of the host, also the one that it does not use", () => {
    expect(cgroupMountPoints(HYBRID).sort()).toEqual([
      "/sys/fs/cgroup/cpu,cpuacct",
      "/sys/fs/cgroup/memory",
      "/sys/fs/cgroup/systemd",
      "/sys/fs/cgroup/unified",
    ]);
  });

  test("each part of the environment is below one cgroup", () => {
    expect(cgroupDirectories(parseHierarchies(UNIFIED), "forwarders")).toEqual([
      "/sys/fs/cgroup/pergola-local/forwarders",
    ]);
  });
});
