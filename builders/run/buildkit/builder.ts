/** The buildkitd Deployment of a namespace: brings it to the planned state and finds the pod that serves builds. */
import { setTimeout as delay } from "node:timers/promises";
import { PergolaError } from "../../errors.ts";
import type { BuilderPlan, BuildkitPlan } from "../../plan/plan.ts";
import { SPEC_HASH } from "../../plan/specHash.ts";
import type { BuildEvent } from "../../report/events.ts";
import type { Kube } from "../kube/kube.ts";
import type { Deployment, Pod, PodTemplate, ReplicaSet } from "../kube/objects.ts";
import type { Limits } from "../pods/limits.ts";
import { PodWatch } from "../pods/podWatch.ts";
import { containerStatus } from "../pods/state.ts";
import { waitUntilRunning } from "../pods/waiting.ts";

export interface Builder {
  readonly pod: Pod;
  /** goes on watching the builder's pods */
  readonly pods: PodWatch;
  /** ends the watching, unless others share it; to be called once, when the build is over */
  release(): Promise<void>;
}

interface Io {
  readonly kube: Kube;
  emit(event: BuildEvent): void;
  readonly signal: AbortSignal;
  readonly limits: Limits;
}

/** Label that the Deployment controller adds to the templates of its ReplicaSets. */
const TEMPLATE_HASH = "pod-template-hash";
/** Refusals that do not go away by waiting. */
const REFUSED_FOR_GOOD =
  /violates PodSecurity|serviceaccount "[^"]*" not found|unable to validate against any security context/;

/**
 * Applies the plan's objects and waits until buildkitd of the current generation answers.
 * @throws PergolaError: builder-not-ready, pending, image-pull, forbidden, namespace-not-provisioned, interrupted ...
 */
export async function ensureBuilder(plan: BuildkitPlan, io: Io): Promise<Builder> {
  const { kube, signal } = io;
  const { container } = plan.builder;
  const labelSelector = labelSelectorOf(plan);
  const pods = new PodWatch(kube, { namespace: plan.namespace, labelSelector });
  try {
    const deployment = await deployed(plan, io);
    const hash = await currentTemplateHash(kube, deployment, labelSelector, signal);
    const find = () => podOf(pods, hash);
    const pod = await waitUntilRunning({
      ...io,
      namespace: plan.namespace,
      container,
      pods,
      find,
      restarts: true,
      whyNone: () => whyNoPod(kube, plan),
    });
    if (!containerStatus(pod, container)?.ready) await untilAnswering(plan, pod, pods, io);
    return { pod, pods, release: () => pods.stop() };
  } catch (error) {
    await pods.stop();
    throw error;
  }
}

/** What selects the builder's pods. */
export function labelSelectorOf(plan: BuilderPlan): string {
  return Object.entries(planned(plan).spec?.selector?.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** The pod of a generation, unless it is being deleted. @param hash see {@link templateHash} */
export function podOf(pods: PodWatch, hash: string): Pod | null {
  const found = [...pods.pods.values()].find(
    ({ metadata }) => !metadata.deletionTimestamp && metadata.labels?.[TEMPLATE_HASH] === hash,
  );
  return found ?? null;
}

/** The Deployment as it shall be. The API server lets nobody change its selector, so that is the same in the cluster. */
function planned({ builder }: BuilderPlan): Deployment {
  const found = builder.manifests.find(
    ({ kind, metadata }) => kind === "Deployment" && metadata.name === builder.deployment,
  );
  if (found) return found as Deployment;
  throw new PergolaError({ code: "internal", message: `The plan has no Deployment ${builder.deployment}.` });
}

/** Whether the cluster has the Deployment as it shall be. */
export function isPlanned(found: Deployment | null, { builder }: BuilderPlan): found is Deployment {
  return (
    found?.metadata.annotations?.[SPEC_HASH] === builder.specHash &&
    found.metadata.deletionTimestamp === undefined &&
    // Somebody may have scaled it down without looking at its annotation.
    found.spec?.replicas !== 0
  );
}

/** The Deployment in its planned state; written only when the cluster has another one or none. */
async function deployed(plan: BuildkitPlan, { kube, signal }: Io): Promise<Deployment> {
  const { deployment: name, manifests } = plan.builder;
  const found = await kube.get("Deployment", plan.namespace, name, signal);
  if (isPlanned(found, plan)) return found;
  let deployment = planned(plan);
  for (const manifest of manifests) {
    const applied = await kube.apply<Deployment>(manifest, signal);
    if (manifest.kind === "Deployment" && manifest.metadata.name === name) deployment = applied;
  }
  return deployment;
}

/** Label value of the pods that the Deployment's current generation makes. */
async function currentTemplateHash(
  kube: Kube,
  applied: Deployment,
  labelSelector: string,
  signal: AbortSignal,
): Promise<string> {
  const { namespace = "", name } = applied.metadata;
  let deployment: Deployment | null = applied;
  for (let tries = 0; ; tries++) {
    if (deployment && isObserved(deployment)) {
      const hash = templateHash(deployment, await kube.list("ReplicaSet", { namespace, labelSelector, signal }));
      if (hash) return hash;
    }
    if (tries >= 150) {
      throw new PergolaError({
        code: "builder-not-ready",
        message: `The cluster does not act on Deployment ${name} in namespace ${namespace} (waited 30 s).`,
        hint: "Is the controller manager healthy?",
      });
    }
    await delay(tries < 10 ? 50 : 200);
    deployment = await kube.get("Deployment", namespace, name, signal);
  }
}

/** Whether the cluster has acted on what was written last. */
function isObserved({ status, metadata }: Deployment): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 1);
}

/**
 * Label value of the pods that the Deployment's current generation makes; null while it makes none.
 * @param sets all that its selector selects
 */
export function templateHash(deployment: Deployment, sets: readonly ReplicaSet[]): string | null {
  if (!isObserved(deployment)) return null;
  // By the template, not by the revision: with strategy Recreate the new set is made only when the old pods are gone,
  // and until then the Deployment still bears the old set's revision.
  const wanted = JSON.stringify(deployment.spec?.template);
  const current = sets.find(
    ({ metadata, spec }) =>
      metadata.ownerReferences?.some((owner) => owner.uid === deployment.metadata.uid) &&
      templateText(spec?.template) === wanted,
  );
  return current?.metadata.labels?.[TEMPLATE_HASH] ?? null;
}

/** Text of a ReplicaSet's pod template as its Deployment has it; the API server writes both in one order. */
function templateText(template: PodTemplate | undefined): string | undefined {
  if (template === undefined) return undefined;
  const { [TEMPLATE_HASH]: _, ...labels } = template.metadata?.labels ?? {};
  return JSON.stringify({ ...template, metadata: { ...template.metadata, labels } });
}

/** Why the Deployment has no pod: what admission, a quota or a missing account said. */
async function whyNoPod(kube: Kube, plan: BuildkitPlan): Promise<string | null> {
  const deployment = await kube.get("Deployment", plan.namespace, plan.builder.deployment);
  const failure = deployment?.status?.conditions?.find(
    ({ type, status }) => type === "ReplicaFailure" && status === "True",
  );
  if (!failure) return null;
  const message = `Deployment ${plan.builder.deployment} in namespace ${plan.namespace} cannot make its pod: ${failure.message}`;
  if (!REFUSED_FOR_GOOD.test(failure.message ?? "")) return message;
  throw new PergolaError({
    code: "builder-not-ready",
    message,
    hint: "The namespace must be the one that the stack provisions for this mode: run pulumi up.",
  });
}

/** A container that runs is not yet a daemon that answers. */
async function untilAnswering(
  plan: BuildkitPlan,
  pod: Pod,
  pods: PodWatch,
  { kube, signal, limits, emit }: Io,
): Promise<void> {
  const { namespace } = plan;
  const { container } = plan.builder;
  const { name } = pod.metadata;
  const started = Date.now();
  for (let tries = 0; ; tries++) {
    const answer = await kube.run(
      { namespace, pod: name, container, command: ["buildctl", "debug", "workers"] },
      "",
      signal,
    );
    if (answer.exitCode === 0) return;
    const said = (answer.stderr || answer.message).trim();
    const current = pods.pods.get(name);
    if (!current || !containerStatus(current, container)?.state?.running) {
      const logTail = await kube.logTail({ namespace, pod: name, container }, 20, current !== undefined);
      throw new PergolaError({
        code: "builder-not-ready",
        message: `buildkitd in pod ${name} ended before it answered.`,
        ...(logTail ? { logTail } : {}),
      });
    }
    const seconds = (Date.now() - started) / 1000;
    if (seconds > limits.answer) {
      throw new PergolaError({
        code: "builder-not-ready",
        message: `buildkitd in pod ${name} does not answer within ${limits.answer} s: ${said}`,
        logTail: await kube.logTail({ namespace, pod: name, container }, 20),
      });
    }
    if (tries === 50) emit({ type: "status", text: `waiting: buildkitd in pod ${name} does not answer yet: ${said}` });
    await pods.next(100);
  }
}
