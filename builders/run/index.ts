/** Carries out build plans in a cluster. The only part of the runner that starts programs and talks to Kubernetes. */
import { PergolaError } from "../errors.ts";
import type { BuildPlan } from "../plan/plan.ts";
import type { BuildEvent } from "../report/events.ts";
import type { Outcome } from "../report/result.ts";
import { interrupted } from "./kube/errors.ts";
import type { Kube } from "./kube/kube.ts";
import { LIMITS, type Limits } from "./pods/limits.ts";

export { Kube, type KubeOptions } from "./kube/kube.ts";
export type { ExecTransport } from "./kube/podCommands.ts";
export { checkStore } from "./load/store.ts";
export { LIMITS, type Limits } from "./pods/limits.ts";

export interface ExecuteIo {
  emit(event: BuildEvent): void;
  /** aborting cancels the build in the cluster, removes what it made there and rejects with code `interrupted` */
  readonly signal: AbortSignal;
  readonly kube: Kube;
  /** waiting times other than {@link LIMITS} */
  readonly limits?: Partial<Limits>;
}

/**
 * Builds and pushes one image.
 * @throws PergolaError, always: what is not one is wrapped as code `internal`
 */
export async function execute(plan: BuildPlan, io: ExecuteIo): Promise<Outcome> {
  const { emit, signal, kube } = io;
  const executor = { emit: (event: BuildEvent) => emit(event), signal, kube, limits: { ...LIMITS, ...io.limits } };
  try {
    if (signal.aborted) throw interrupted();
    if (plan.freshNamespace) {
      await (await import("./freshNamespace.ts")).ensureFreshNamespace(plan.namespace, plan.freshNamespace, executor);
    }
    if (plan.mode === "kaniko") return await (await import("./kaniko/build.ts")).runKaniko(plan, executor);
    return await (await import("./buildkit/session.ts")).runBuildkit(plan, executor);
  } catch (error) {
    if (signal.aborted) throw interrupted();
    if (error instanceof PergolaError) throw error;
    throw new PergolaError(
      { code: "internal", message: `Building ${plan.name}: ${(error as Error).message}` },
      { cause: error },
    );
  }
}
