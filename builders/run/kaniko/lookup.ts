/** Asks a kaniko pod what the registry holds under a tag. */
import { heldInKanikoLog, kanikoLookup } from "../../plan/lookup.ts";
import type { KanikoPlan } from "../../plan/plan.ts";
import type { Kube } from "../kube/kube.ts";

/** Longer than a pod takes to start on a node that has the image. */
const PATIENCE_MILLISECONDS = 60_000;

/** The digest. The pod is gone afterwards. @throws Error with the pod's last words, when it names none; PergolaError */
export async function heldByRegistry(
  plan: KanikoPlan,
  reference: string,
  { kube, signal }: { readonly kube: Kube; readonly signal: AbortSignal },
): Promise<string> {
  const pod = kanikoLookup(plan, reference);
  const { name } = pod.metadata;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MILLISECONDS)]);
  try {
    await kube.create(pod, signal);
    const target = { namespace: plan.namespace, pod: name, container: plan.container };
    let last = "nothing";
    for await (const line of kube.logs(target, patience)) {
      const held = heldInKanikoLog(line);
      if (held !== null) return held;
      if (line.trim() !== "") last = line.trim();
    }
    throw new Error(`pod ${name} said: ${last}`);
  } finally {
    await kube.delete("Pod", plan.namespace, name, { graceSeconds: 0 }).catch(() => {});
  }
}
