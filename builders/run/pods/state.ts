/** Reads a pod's status: whether a container runs, why it does not, and how it came to an end. Pure. */
import type { ErrorCode } from "../../errors.ts";
import type { ContainerStatus, Pod } from "../kube/objects.ts";

/** Something that keeps a container from running. */
export interface StartProblem {
  readonly code: ErrorCode;
  /** a whole sentence, naming the pod */
  readonly message: string;
  readonly hint?: string;
  /** waiting longer cannot help */
  readonly final: boolean;
  /** another try of the cluster's own would most likely end the same way */
  readonly lasting?: boolean;
}

/** How a pod or its container came to an end. */
export interface PodEnd {
  /** continues "pod NAME ..." */
  readonly phrase: string;
  readonly outOfMemory: boolean;
  /** evicted for using more disk than its own limits allow; by default not */
  readonly outOfDisk?: boolean;
}

export type StartState =
  | { readonly state: "running" }
  | { readonly state: "ended" }
  | { readonly state: "starting"; readonly problem: StartProblem | null };

export function containerStatus(pod: Pod, container: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container);
}

/** Answers of a registry that another try seldom changes. */
const NO_SUCH_IMAGE =
  /not found|manifest unknown|name unknown|denied|unauthorized|forbidden|no such host|not present|invalid reference/i;

/** Whether `container` of `pod` runs, has ended, or what keeps it from starting. */
export function startState(pod: Pod, container: string): StartState {
  const status = containerStatus(pod, container);
  if (status?.state?.running) return { state: "running" };
  const { name, namespace } = pod.metadata;
  const problem = (code: ErrorCode, message: string, final: boolean, hint?: string): StartState => ({
    state: "starting",
    problem: { code, message, final, ...(hint ? { hint } : {}) },
  });
  const waiting = status?.state?.waiting;
  const said = waiting?.message?.trim() ?? "";
  switch (waiting?.reason) {
    case "ErrImagePull":
    case "ImagePullBackOff":
    case "RegistryUnavailable":
    case "ImageInspectError":
    case "InvalidImageName":
    case "ErrImageNeverPull": {
      const image = status?.image || imageOf(pod, container);
      return {
        state: "starting",
        problem: {
          code: "image-pull",
          message: `The node cannot get the image ${image} for pod ${name}: ${said || waiting.reason}`,
          hint: "Check the builder image in the stack file, and that the nodes may pull it.",
          // The kubelet tries every other pull again.
          final: /^(Invalid|ErrImageNever)/.test(waiting.reason),
          lasting: NO_SUCH_IMAGE.test(said),
        },
      };
    }
    case "CrashLoopBackOff":
      return problem("builder-not-ready", `${container} in pod ${name} ends again and again${lastExit(status)}.`, true);
    case "CreateContainerConfigError":
    case "CreateContainerError":
    case "RunContainerError":
      return problem(
        "builder-not-ready",
        `${container} in pod ${name} cannot be started: ${said || waiting.reason}`,
        true,
      );
  }
  if (status?.state?.terminated) return { state: "ended" };
  if (pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded") return { state: "ended" };
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") {
    return problem(
      "pending",
      `Pod ${name} in namespace ${namespace} is Pending, no node takes it: ${scheduled.message ?? scheduled.reason ?? "no reason given"}`,
      false,
      `See kubectl describe pod ${name} --namespace ${namespace}`,
    );
  }
  return { state: "starting", problem: null };
}

/** The kubelet's words of an eviction for a pod's own limits (pkg/kubelet/eviction/eviction_manager.go); others are for the node. */
const OWN_DISK_LIMIT = /exceeds the (?:total )?limit|exceeded its local ephemeral storage limit/;

/**
 * Why a pod or its container came to an end that the build did not ask for; null while it runs, or after exit code 0.
 * A phrase that continues "pod NAME ...": "was killed for memory (limit 2Gi)".
 */
export function endReason(pod: Pod, container: string): PodEnd | null {
  const status = containerStatus(pod, container);
  const ended = status?.state?.terminated;
  const plain = (phrase: string): PodEnd => ({ phrase, outOfMemory: false });
  if (ended?.reason === "OOMKilled") {
    return {
      phrase: `was killed for using more memory than its limit of ${memoryLimit(pod, container) ?? "the node"}`,
      outOfMemory: true,
    };
  }
  if (pod.status?.reason === "Evicted") {
    const why = (pod.status.message ?? "no reason given").replace(/[\s.]+$/, "");
    return { ...plain(`was evicted: ${why}`), outOfDisk: OWN_DISK_LIMIT.test(why) };
  }
  if (pod.status?.reason)
    return plain(`was ended by the cluster (${pod.status.reason}): ${pod.status.message ?? ""}`.replace(/: $/, ""));
  const disruption = pod.status?.conditions?.find(
    ({ type, status }) => type === "DisruptionTarget" && status === "True",
  );
  if (disruption)
    return plain(`was removed by the cluster (${disruption.reason}): ${disruption.message ?? ""}`.replace(/: $/, ""));
  if (ended && ended.exitCode !== 0) {
    const why = ended.reason && ended.reason !== "Error" ? ` (${ended.reason})` : "";
    return plain(`ended with exit code ${ended.exitCode}${why}`);
  }
  if (pod.metadata.deletionTimestamp) return plain("was deleted");
  return null;
}

/** A limit of a container ("512Mi"), undefined when it has none. */
export function limitOf(pod: Pod, container: string, resource: string): string | undefined {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return all.find(({ name }) => name === container)?.resources?.limits?.[resource];
}

/** The memory limit of a container ("512Mi"), undefined when it has none. */
export const memoryLimit = (pod: Pod, container: string): string | undefined => limitOf(pod, container, "memory");

/** The image that a pod's container was asked for. */
export function imageOf(pod: Pod, container: string): string {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return all.find(({ name }) => name === container)?.image ?? "(unknown)";
}

function lastExit(status: ContainerStatus | undefined): string {
  const last = status?.lastState?.terminated;
  return last ? `, last with exit code ${last.exitCode}${last.reason ? ` (${last.reason})` : ""}` : "";
}
