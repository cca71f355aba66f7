import { expect, it } from "vitest";
import { executorProblem } from "../../../../../builders/run/kaniko/executor.ts";
import type { ContainerState, Pod } from "../../../../../builders/run/kube/objects.ts";

const pod = (state: ContainerState): Pod => ({
  metadata: { name: "p", namespace: "n" },
  spec: { containers: [{ name: "kaniko", image: "img:1" }] },
  status: { containerStatuses: [{ name: "kaniko", state }] },
});
const NO_SHELL =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "sh": executable file not found in $PATH: unknown';

it.each<[string, ContainerState, string | null]>([
  ["without a shell", { terminated: { exitCode: 128, reason: "StartError", message: NO_SHELL } }, "it has no sh"],
  ["that the kubelet still tries", { waiting: { reason: "RunContainerError", message: NO_SHELL } }, "it has no sh"],
  ["without a program", { terminated: { exitCode: 127, reason: "Error", message: "missing tar\n" } }, "it has no tar"],
  [
    "of another architecture",
    { terminated: { exitCode: 128, reason: "StartError", message: "exec format error" } },
    "exec format error",
  ],
  [
    "whose step ended so, after layers were pushed",
    { terminated: { exitCode: 127, reason: "Error", message: `sha256:${"0".repeat(64)}` } },
    null,
  ],
  ["whose step failed", { terminated: { exitCode: 1, reason: "Error" } }, null],
  ["that is pulled", { waiting: { reason: "ErrImagePull", message: "not found" } }, null],
])("an image %s", (_, state, said) => {
  const problem = executorProblem(pod(state), "kaniko");
  if (said === null) return expect(problem).toBeNull();
  return expect(problem).toMatchObject({
    code: "builder-tool-missing",
    message: `The image img:1 cannot build in mode kaniko: ${said}.`,
  });
});
