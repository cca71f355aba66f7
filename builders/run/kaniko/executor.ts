/** Whether a pod failed because its image is no kaniko that can be given a context. Pure. */
import type { ErrorData } from "../../errors.ts";
import type { KanikoPlan } from "../../plan/plan.ts";
import type { Pod } from "../kube/objects.ts";
import { containerStatus, imageOf } from "../pods/state.ts";

/** What containerd and the kubelet call a container whose program cannot be started. */
const NOT_STARTED = /^(?:StartError|ContainerCannotRun|RunContainerError|CreateContainerError)$/;
const NO_PROGRAM = /exec: "([^"]+)": (?:executable file not found|stat|no such file)|stat (\S+?):? no such file/;

/** Null where the image is not at fault, as far as the pod's status tells. */
export function executorProblem(
  pod: Pod,
  { transfer, container }: Pick<KanikoPlan, "transfer" | "container">,
): ErrorData | null {
  for (const name of [transfer.container, container]) {
    const { waiting, terminated } = containerStatus(pod, name)?.state ?? {};
    const words = (terminated?.message ?? waiting?.message ?? "").trim();
    const started = !NOT_STARTED.test(terminated?.reason ?? waiting?.reason ?? "");
    // The first container says by this code and its message which of the programs it looked for is not there.
    const looked = name === transfer.container && terminated?.exitCode === 127 && words !== "";
    if (started && !looked) continue;
    const missing = looked ? words : (NO_PROGRAM.exec(words)?.slice(1).find(Boolean) ?? null);
    if (missing === null && words === "") continue;
    return {
      code: "builder-tool-missing",
      message: `The image ${imageOf(pod, name)} cannot build in mode kaniko: ${missing === null ? words : `it has no ${missing}`}.`,
      hint: "Name a debug image of kaniko in the stack file (builder.modes.kaniko.image): of its images, that one has the shell and the programs that bring the context in.",
    };
  }
  return null;
}
