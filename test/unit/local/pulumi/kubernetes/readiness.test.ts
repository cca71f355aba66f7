import { describe, expect, test } from "vitest";
import type { Readiness, Surroundings } from "../../../../../local/pulumi/kubernetes/readiness.ts";
import { readinessOf } from "../../../../../local/pulumi/kubernetes/readiness.ts";
import { podReasons } from "../../../../../local/pulumi/kubernetes/reasons.ts";
import type { ValueMap } from "../../../../../local/pulumi/wire.ts";

const ready: Readiness = { state: "ready" };
const waiting = (detail: string): Readiness => ({ state: "waiting", detail });
const failed = (reason: string): Readiness => ({ state: "failed", reason });
const condition = (type: string, status: string, more: ValueMap = {}) => ({ conditions: [{ type, status, ...more }] });

const replicas = (status: ValueMap, generation = 2) => ({
  metadata: { generation },
  spec: { replicas: 2 },
  status: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2, ...status },
});

describe("when an object is ready", () => {
  test.each<[string, string, ValueMap, Readiness, Surroundings?]>([
    ["apps/v1 Deployment", "rolled out", replicas({}), ready],
    [
      "apps/v1 Deployment",
      "not seen by its controller",
      replicas({}, 3),
      waiting("its controller has not seen the change yet"),
    ],
    ["apps/v1 Deployment", "half updated", replicas({ updatedReplicas: 1 }), waiting("1 of 2 replicas updated")],
    ["apps/v1 Deployment", "with old pods", replicas({ replicas: 3 }), waiting("1 old replicas left")],
    ["apps/v1 Deployment", "not available", replicas({ availableReplicas: 0 }), waiting("0 of 2 replicas available")],
    [
      "apps/v1 Deployment",
      "out of time",
      replicas({ ...condition("Progressing", "False", { reason: "ProgressDeadlineExceeded", message: "late" }) }),
      failed("late"),
    ],
    [
      "apps/v1 Deployment",
      "scaled to nothing",
      { metadata: { generation: 1 }, spec: { replicas: 0 }, status: { observedGeneration: 1 } },
      ready,
    ],
    ["apps/v1 StatefulSet", "not ready", replicas({ readyReplicas: 1 }), waiting("1 of 2 replicas ready")],
    [
      "apps/v1 DaemonSet",
      "not everywhere",
      { status: { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 } },
      waiting("1 of 2 pods available"),
    ],
    ["v1 Pod", "ready", { status: { phase: "Running", ...condition("Ready", "True") } }, ready],
    ["v1 Pod", "done", { status: { phase: "Succeeded" } }, ready],
    ["v1 Pod", "failed", { status: { phase: "Failed", message: "evicted" } }, failed("evicted")],
    ["v1 Pod", "starting", { status: { phase: "Pending" } }, waiting("phase is Pending")],
    ["batch/v1 Job", "complete", { status: condition("Complete", "True") }, ready],
    [
      "batch/v1 Job",
      "failed",
      { status: condition("Failed", "True", { message: "backoff limit" }) },
      failed("backoff limit"),
    ],
    ["batch/v1 Job", "running", { spec: { completions: 3 }, status: { succeeded: 1 } }, waiting("1 of 3 completions")],
    [
      "v1 Service",
      "without pods",
      { spec: { selector: { a: "b" } } },
      waiting("no ready pod matches its selector"),
      { endpointSlices: [{ endpoints: [{ conditions: { ready: false } }] }] },
    ],
    [
      "v1 Service",
      "with a pod",
      { spec: { selector: { a: "b" } } },
      ready,
      { endpointSlices: [{ endpoints: [{ conditions: { ready: true } }] }] },
    ],
    ["v1 Service", "without a selector", { spec: {} }, ready],
    ["v1 Service", "of an outside name", { spec: { type: "ExternalName", selector: { a: "b" } } }, ready],
    [
      "v1 PersistentVolumeClaim",
      "unbound",
      { status: { phase: "Pending" } },
      waiting("it is not bound to a volume yet"),
    ],
    [
      "v1 PersistentVolumeClaim",
      "bound on first use",
      { status: { phase: "Pending" } },
      ready,
      { storageClass: { volumeBindingMode: "WaitForFirstConsumer" } },
    ],
    ["v1 PersistentVolumeClaim", "bound", { status: { phase: "Bound" } }, ready],
    ["v1 Namespace", "active", { status: { phase: "Active" } }, ready],
    [
      "v1 ResourceQuota",
      "not in force",
      { spec: { hard: { pods: "1" } }, status: {} },
      waiting("the quota is not in force yet"),
    ],
    [
      "v1 Secret",
      "a token that is not there",
      { type: "kubernetes.io/service-account-token" },
      waiting("the token is not there yet"),
    ],
    ["v1 Secret", "of any other type", { type: "Opaque" }, ready],
    ["apiextensions.k8s.io/v1 CustomResourceDefinition", "served", { status: condition("Established", "True") }, ready],
    [
      "apiextensions.k8s.io/v1 CustomResourceDefinition",
      "with taken names",
      { status: condition("NamesAccepted", "False", { message: "taken" }) },
      failed("taken"),
    ],
    ["v1 ConfigMap", "always", {}, ready],
  ])("%s %s", (type, _title, object, expected, surroundings) => {
    const [apiVersion, kind] = type.split(" ") as [string, string];
    expect(readinessOf({ apiVersion, kind, ...object }, surroundings)).toEqual(expected);
  });
});

describe("why a pod is not ready", () => {
  const pod = (status: ValueMap) => podReasons({ metadata: { name: "p", namespace: "n" }, status });
  const container = (state: ValueMap, lastState: ValueMap = {}) => ({
    containerStatuses: [{ name: "c", state, lastState }],
  });

  test.each<[string, ValueMap, string[]]>([
    ["no node takes it", condition("PodScheduled", "False", { message: "0/2 nodes" }), ["Pod n/p: 0/2 nodes"]],
    [
      "its image is not there",
      container({ waiting: { reason: "ErrImagePull", message: "not found" } }),
      ["Pod n/p: container c: ErrImagePull: not found"],
    ],
    [
      "it crashes",
      container({ waiting: { reason: "CrashLoopBackOff" } }, { terminated: { exitCode: 2, message: "no such flag" } }),
      ["Pod n/p: container c: CrashLoopBackOff; exited with 2: no such flag"],
    ],
    ["it only just starts", container({ waiting: { reason: "ContainerCreating" } }), []],
    ["it runs", container({ running: {} }), []],
  ])("%s", (_title, status, reasons) => {
    expect(pod(status)).toEqual(reasons);
  });
});
