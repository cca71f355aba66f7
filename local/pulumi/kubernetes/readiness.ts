// When an object counts as ready, per kind. Pure: what has to be looked at beside the object is handed in.

import type { Value, ValueMap } from "../wire.ts";
import { at, isList, isMap, sameValue, stringAt } from "../wire.ts";
import { groupOf } from "./kinds.ts";

/** How far an object is. */
export type Readiness =
  | { readonly state: "ready" }
  /** Not yet; `detail` says what is missing, in a few words. */
  | { readonly state: "waiting"; readonly detail: string }
  /** It will not become ready by itself. */
  | { readonly state: "failed"; readonly reason: string };

/** What some kinds need beside the object itself. */
export interface Surroundings {
  /** EndpointSlices of a Service. */
  readonly endpointSlices?: readonly ValueMap[];
  /** The StorageClass of a PersistentVolumeClaim. */
  readonly storageClass?: ValueMap | undefined;
}

type Rule = (object: ValueMap, surroundings: Surroundings) => Readiness;

const ready: Readiness = { state: "ready" };
const waiting = (detail: string): Readiness => ({ state: "waiting", detail });
const failed = (reason: string): Readiness => ({ state: "failed", reason });

const rules: Readonly<Record<string, Rule>> = {
  "apps/Deployment": rollout(deployment),
  "apps/StatefulSet": rollout(statefulSet),
  "apps/DaemonSet": rollout(daemonSet),
  "/Pod": pod,
  "batch/Job": job,
  "/Service": service,
  "/PersistentVolumeClaim": claim,
  "/Namespace": (object) =>
    stringAt(object, "status", "phase") === "Active"
      ? ready
      : waiting(`phase is ${stringAt(object, "status", "phase") ?? "not set"}`),
  "/ResourceQuota": (object) =>
    sameValue(at(object, "spec", "hard") ?? {}, at(object, "status", "hard") ?? {})
      ? ready
      : waiting("the quota is not in force yet"),
  "/Secret": (object) =>
    object.type !== "kubernetes.io/service-account-token" || at(object, "data", "token") !== undefined
      ? ready
      : waiting("the token is not there yet"),
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
};

/** Says how far an object is. Kinds without a rule are ready once they exist. */
export function readinessOf(object: ValueMap, surroundings: Surroundings = {}): Readiness {
  const rule = rules[`${groupOf(stringAt(object, "apiVersion") ?? "")}/${stringAt(object, "kind") ?? ""}`];
  return rule === undefined ? ready : rule(object, surroundings);
}

/** Whether a kind is waited for at all. */
export function hasReadiness(apiVersion: string, kind: string): boolean {
  return `${groupOf(apiVersion)}/${kind}` in rules;
}

/** Controllers report on the generation that they have seen: an older report says nothing about this change. */
function rollout(rule: Rule): Rule {
  return (object, surroundings) =>
    number(object, "status", "observedGeneration") < number(object, "metadata", "generation")
      ? waiting("its controller has not seen the change yet")
      : rule(object, surroundings);
}

function deployment(object: ValueMap): Readiness {
  const progressing = condition(object, "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded")
    return failed(`${progressing.message ?? "its progress deadline passed"}`);
  const wanted = number(object, "spec", "replicas");
  const [total, updated, available] = counts(object, "replicas", "updatedReplicas", "availableReplicas");
  if (updated! < wanted) return waiting(`${updated} of ${wanted} replicas updated`);
  if (total! > updated!) return waiting(`${total! - updated!} old replicas left`);
  return available! < wanted ? waiting(`${available} of ${wanted} replicas available`) : ready;
}

function statefulSet(object: ValueMap): Readiness {
  if (stringAt(object, "spec", "updateStrategy", "type") === "OnDelete") return ready;
  const wanted = number(object, "spec", "replicas");
  const [updated, readyReplicas] = counts(object, "updatedReplicas", "readyReplicas");
  const partition = number(object, "spec", "updateStrategy", "rollingUpdate", "partition");
  if (updated! < wanted - partition) return waiting(`${updated} of ${wanted - partition} replicas updated`);
  return readyReplicas! < wanted ? waiting(`${readyReplicas} of ${wanted} replicas ready`) : ready;
}

function daemonSet(object: ValueMap): Readiness {
  if (stringAt(object, "spec", "updateStrategy", "type") === "OnDelete") return ready;
  const [wanted, updated, available] = counts(
    object,
    "desiredNumberScheduled",
    "updatedNumberScheduled",
    "numberAvailable",
  );
  if (updated! < wanted!) return waiting(`${updated} of ${wanted} pods updated`);
  return available! < wanted! ? waiting(`${available} of ${wanted} pods available`) : ready;
}

function pod(object: ValueMap): Readiness {
  const phase = stringAt(object, "status", "phase");
  if (phase === "Succeeded") return ready;
  if (phase === "Failed") return failed(stringAt(object, "status", "message") ?? "the pod failed");
  return condition(object, "Ready")?.status === "True" ? ready : waiting(`phase is ${phase ?? "not set"}`);
}

function job(object: ValueMap): Readiness {
  if (at(object, "spec", "suspend") === true || condition(object, "Complete")?.status === "True") return ready;
  const failure = condition(object, "Failed");
  if (failure?.status === "True") return failed(`${failure.message ?? failure.reason ?? "the job failed"}`);
  const wanted = number(object, "spec", "completions") || 1;
  return waiting(`${number(object, "status", "succeeded")} of ${wanted} completions`);
}

function service(object: ValueMap, { endpointSlices = [] }: Surroundings): Readiness {
  const type = stringAt(object, "spec", "type");
  const selector = at(object, "spec", "selector");
  if (type === "LoadBalancer") {
    const ingress = at(object, "status", "loadBalancer", "ingress");
    if (!isList(ingress) || ingress.length === 0) return waiting("the load balancer has no address yet");
  }
  // Who writes the endpoints of a Service without a selector is not ours to know.
  if (type === "ExternalName" || !isMap(selector) || Object.keys(selector).length === 0) return ready;
  const reachable = endpointSlices
    .flatMap((slice) => (isList(slice.endpoints) ? slice.endpoints : []))
    .some((endpoint) => at(endpoint, "conditions", "ready") !== false);
  return reachable ? ready : waiting("no ready pod matches its selector");
}

function claim(object: ValueMap, { storageClass }: Surroundings): Readiness {
  const phase = stringAt(object, "status", "phase");
  if (phase === "Lost") return failed("its volume is lost");
  if (phase === "Bound" || stringAt(storageClass, "volumeBindingMode") === "WaitForFirstConsumer") return ready;
  return waiting("it is not bound to a volume yet");
}

function definition(object: ValueMap): Readiness {
  const names = condition(object, "NamesAccepted");
  if (names?.status === "False") return failed(`${names.message ?? "its names are taken"}`);
  return condition(object, "Established")?.status === "True" ? ready : waiting("the API server does not serve it yet");
}

/** A condition of an object's status, by type. */
export function condition(object: ValueMap, type: string): ValueMap | undefined {
  const conditions: Value | undefined = at(object, "status", "conditions");
  return (isList(conditions) ? conditions : []).find((item): item is ValueMap => isMap(item) && item.type === type);
}

function counts(object: ValueMap, ...names: string[]): number[] {
  return names.map((name) => number(object, "status", name));
}

function number(object: ValueMap, ...path: string[]): number {
  const value = at(object, ...path);
  return typeof value === "number" ? value : 0;
}
