import { expect, test } from "vitest";
import { controlPlanePlan } from "../../../../local/cluster/memberSpecifications.ts";
import { stateFolder } from "../../../../local/cluster/stateFolder.ts";
import { clusterTools } from "../../../../local/cluster/tools.ts";
import { REPLACED_IN_NODES, refuseReplacedFolder } from "../../../../local/paths.ts";

const refuse = (path: string) => refuseReplacedFolder(path, "the toolchain's program", "PERGOLA_CACHE");

test.each(["/var", "/var/lib/ci/cache/kubernetes", "/run/user/0/cache"])(
  "%s would not be seen inside a node",
  (path) => {
    expect(() => refuse(path)).toThrow(path);
  },
);

test.each(["/root/.cache/pergola", "/variable/cache", "/home/run/cache", "/tmp/cache"])("%s is seen there", (path) => {
  expect(() => refuse(path)).not.toThrow();
});

test("the refused folders are those that a member mounts anew, and no others", () => {
  const toolchain = { path: () => "/tool", has: () => false, debianRoot: "/debian", environment: () => ({}) };
  const { steps } = controlPlanePlan(stateFolder("/state"), clusterTools(toolchain, false)).specification;
  const mounted = steps.flatMap((step) => ("mount" in step ? [step.mount.target] : []));
  const kernels = ["/", "/proc"]; // the propagation of mounts, and a file system without files
  expect(mounted.filter((target) => !kernels.includes(target)).sort()).toEqual([...REPLACED_IN_NODES].sort());
});
