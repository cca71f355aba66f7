import { describe, expect, it } from "vitest";
import { isAbandoned } from "../../../../../builders/run/kaniko/leftovers.ts";
import type { ContainerStatus, Pod } from "../../../../../builders/run/kube/objects.ts";
import { endReason, startState } from "../../../../../builders/run/pods/state.ts";

const pod = (status: Pod["status"], container?: Partial<ContainerStatus>): Pod => ({
  metadata: { name: "p", namespace: "ns", creationTimestamp: "2026-11-21T04:00:00Z" },
  spec: { containers: [{ name: "c", image: "img:1", resources: { limits: { memory: "128Mi" } } }] },
  status: { ...status, ...(container ? { containerStatuses: [{ name: "c", ...container }] } : {}) },
});
const waiting = (reason: string, message = "") => pod({}, { image: "img:1", state: { waiting: { reason, message } } });

describe("startState", () => {
  it.each([
    ["running", pod({}, { state: { running: {} } }), { state: "running" }],
    ["ended", pod({}, { state: { terminated: { exitCode: 0 } } }), { state: "ended" }],
    ["starting without a problem", waiting("ContainerCreating"), { state: "starting", problem: null }],
    [
      "an image that is not there: most likely for good",
      waiting("ImagePullBackOff", 'Back-off pulling image "img:1": ErrImagePull: img:1: not found'),
      { state: "starting", problem: { code: "image-pull", final: false, lasting: true } },
    ],
    [
      "a registry that is slow to answer: worth waiting",
      waiting("ErrImagePull", "dial tcp 10.0.0.1:443: i/o timeout"),
      { state: "starting", problem: { code: "image-pull", final: false, lasting: false } },
    ],
    [
      "a crash loop",
      waiting("CrashLoopBackOff"),
      { state: "starting", problem: { code: "builder-not-ready", final: true } },
    ],
    [
      "no node, with the scheduler's words",
      pod({
        conditions: [
          { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/2 nodes are available" },
        ],
      }),
      {
        state: "starting",
        problem: { code: "pending", final: false, message: expect.stringContaining("0/2 nodes are available") },
      },
    ],
  ])("sees %s", (_, object, expected) => {
    expect(startState(object, "c")).toMatchObject(expected);
  });
});

describe("endReason", () => {
  it.each([
    [
      "memory, with the limit",
      pod({}, { state: { terminated: { exitCode: 137, reason: "OOMKilled" } } }),
      "was killed for using more memory than its limit of 128Mi",
    ],
    [
      "eviction, with the kubelet's words",
      pod({ phase: "Failed", reason: "Evicted", message: "low on ephemeral-storage" }),
      "was evicted: low on ephemeral-storage",
    ],
    [
      "preemption",
      pod({
        conditions: [
          { type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler", message: "preempted" },
        ],
      }),
      "was removed by the cluster (PreemptionByScheduler): preempted",
    ],
    ["an exit code", pod({}, { state: { terminated: { exitCode: 3, reason: "Error" } } }), "ended with exit code 3"],
    ["deletion", { ...pod({}), metadata: { name: "p", deletionTimestamp: "2026-11-21T04:00:00Z" } }, "was deleted"],
  ])("tells %s", (_, object, phrase) => {
    expect(endReason(object, "c")?.phrase).toBe(phrase);
  });

  it.each([
    ["Pod ephemeral local storage usage exceeds the total limit of containers 64Mi. ", true],
    ['Container kaniko exceeded its local ephemeral storage limit "64Mi". ', true],
    ['Usage of EmptyDir volume "build" exceeds the limit "1Gi". ', true],
    ["The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, available: 2Ki.", false],
  ])("knows whose disk was short: %s", (message, outOfDisk) => {
    expect(endReason(pod({ phase: "Failed", reason: "Evicted", message }), "c")).toEqual({
      phrase: `was evicted: ${message.replace(/\. ?$/, "")}`,
      outOfMemory: false,
      outOfDisk,
    });
  });

  it("is null for what runs or ended well", () => {
    expect(endReason(pod({}, { state: { running: {} } }), "c")).toBeNull();
    expect(endReason(pod({}, { state: { terminated: { exitCode: 0 } } }), "c")).toBeNull();
  });
});

describe("isAbandoned", () => {
  const ended = pod(
    { phase: "Failed" },
    { state: { terminated: { exitCode: 1, finishedAt: "2026-11-21T05:00:00Z" } } },
  );
  it.each([
    ["a pod that just ended", ended, "2026-11-21T05:01:00Z", false],
    ["a pod that ended long ago", ended, "2026-11-21T05:10:00Z", true],
    ["a pod that still runs, however old", pod({ phase: "Running" }), "2026-11-22T05:10:00Z", false],
  ])("%s", (_, object, now, expected) => {
    expect(isAbandoned(object, Date.parse(now))).toBe(expected);
  });

  it.each([
    ["has ended for certain", true],
    ["may still run", false],
  ])("a running pod whose runner %s: %s", (_, gone) => {
    const running = pod({ phase: "Running" });
    const metadata = { ...running.metadata, annotations: { "pergola.dev/runner": "a/1/2/3" } };
    const asked: string[] = [];
    const ended = (runner: string) => asked.push(runner) > 0 && gone;
    expect(isAbandoned({ ...running, metadata }, Date.parse("2026-11-21T05:00:00Z"), ended)).toBe(gone);
    expect(asked).toEqual(["a/1/2/3"]);
  });
});
