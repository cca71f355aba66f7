/** Carries out build plans in a cluster. The only part of the runner that starts programs and talks to Kubernetes. */
import { PergolaError } from "../errors.ts";
import type { BuilderPlan, BuildPlan } from "../plan/plan.ts";
import type { BuildEvent } from "../report/events.ts";
import type { Outcome } from "../report/result.ts";
import type { ReadyConnections } from "./buildkit/readyConnections.ts";
import type { WarmBuilders } from "./buildkit/warmBuilders.ts";
import { interrupted } from "./kube/errors.ts";
import type { Kube } from "./kube/kube.ts";
import { LIMITS } from "./pods/limits.ts";

export { Kube, type KubeOptions } from "./kube/kube.ts";
export type { ExecTransport } from "./kube/podCommands.ts";
export { checkStore } from "./load/store.ts";
export { LIMITS, type Limits } from "./pods/limits.ts";

export interface ExecuteIo {
  emit(event: BuildEvent): void;
  /** aborting cancels the build in the cluster, removes what it made there and rejects with code `interrupted` */
  readonly signal: AbortSignal;
}

/** The builds of one run in one cluster, with what they share. */
export class Executors {
  /** null where no cluster has a part in the builds */
  readonly kube: Kube | null;
  readonly #ready: ReadyConnections;
  #warm: Promise<WarmBuilders> | null = null;
  #ended = false;

  /** @param ready is closed by whoever made it */
  constructor(kube: Kube | null, ready: ReadyConnections) {
    this.kube = kube;
    this.#ready = ready;
  }

  /** Begins to look for a builder that builds will go to. It changes nothing in the cluster, and tells of no failure. */
  async expect(plan: BuilderPlan): Promise<void> {
    // Nobody would end a watch that begins now, and it would keep the process alive.
    if (this.#ended) return;
    // What carries out the build is loaded while the cluster answers.
    await Promise.all([import("./buildkit/session.ts"), this.#warmBuilders().then((warm) => warm.find(plan))]);
  }

  /**
   * Builds and pushes one image.
   * @throws PergolaError, always: what is not one is wrapped as code `internal`
   */
  async execute(plan: BuildPlan, { emit, signal }: ExecuteIo): Promise<Outcome> {
    const tell = (event: BuildEvent): void => emit(event);
    try {
      if (signal.aborted) throw interrupted();
      if (plan.mode === "local-docker") {
        return await (await import("./localDocker/build.ts")).runLocalDocker(plan, { emit: tell, signal });
      }
      const io = { emit: tell, signal, kube: this.#cluster(), limits: LIMITS };
      if (plan.freshNamespace) {
        await (await import("./freshNamespace.ts")).ensureFreshNamespace(plan.namespace, plan.freshNamespace, io);
      }
      if ("parts" in plan) return await (await import("./kaniko/platforms.ts")).runPlatforms(plan, io);
      if (plan.mode === "kaniko") return await (await import("./kaniko/build.ts")).runKaniko(plan, io);
      const { runBuildkit } = await import("./buildkit/session.ts");
      return await runBuildkit(plan, { ...io, warm: await this.#warmBuilders(), ready: this.#ready });
    } catch (error) {
      if (signal.aborted) throw interrupted();
      if (error instanceof PergolaError) throw error;
      throw new PergolaError(
        { code: "internal", message: `Building ${plan.name}: ${(error as Error).message}` },
        { cause: error },
      );
    }
  }

  /** Ends what the builds shared, the connections to the cluster too: to be called when all are over. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await (await this.#warm)?.close();
    this.kube?.close();
  }

  #cluster(): Kube {
    if (this.kube === null) throw new Error("there is no cluster");
    return this.kube;
  }

  #warmBuilders(): Promise<WarmBuilders> {
    this.#warm ??= import("./buildkit/warmBuilders.ts").then(({ WarmBuilders }) => new WarmBuilders(this.#cluster()));
    return this.#warm;
  }
}
