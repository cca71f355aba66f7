/** Whether a pod failed because its image is no kaniko that can be given a context. Pure. */
import type { ErrorData } from "../../errors.ts";
import type { Pod } from "../kube/objects.ts";
import { containerStatus, imageOf } from "../pods/state.ts";

/** What containerd and the kubelet call a container whose program cannot be started. */
const NOT_STARTED = /^(?:StartError|ContainerCannotRun|RunContainerError|CreateContainerError)$/;
const NO_PROGRAM = /exec: "([^"]+)": (?:executable file not found|stat |no such file)/;

/** Null where the image is not at fault, as far as the pod's status tells. */
export function executorProblem(pod: Pod, container: string): ErrorData | null {
  const { waiting, terminated } = containerStatus(pod, container)?.state ?? {};
  const words = (terminated?.message ?? waiting?.message ?? "").trim();
  // What the container says itself when one of the programs that it looks for is not there.
  const looked = terminated?.exitCode === 127 ? /^missing (\S+)$/.exec(words) : null;
  const refused = NOT_STARTED.test(terminated?.reason ?? waiting?.reason ?? "") && words !== "";
  if (!looked && !refused) return null;
  const missing = looked?.[1] ?? NO_PROGRAM.exec(words)?.[1];
  return {
    code: "builder-tool-missing",
    message: `The image ${imageOf(pod, container)} cannot build in mode kaniko: ${missing === undefined ? words : `it has no ${missing}`}.`,
    hint: "Name a debug image of kaniko in the stack file (builder.modes.kaniko.image): of its images, that one has the shell and the programs that bring the context in.",
  };
}
