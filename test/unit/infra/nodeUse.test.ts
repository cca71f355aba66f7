// Where builders go: from the nodes of a stack file, by the BuildSetup, to the pods of a plan.
import { describe, expect, test } from "vitest";
import { makeBuildSetup } from "../../../infra/buildSetup.ts";
import { builderPlacement, modePlacement, needsUserNamespaces } from "../../../infra/cluster/nodeUse.ts";
import type { BuildSetup } from "../../../infra/setup.ts";
import { image, planBuild, planOptions } from "../builders/samples.ts";
import { configAfter } from "./config.ts";

const BOTH = builderPlacement([
  { kind: "existing", architecture: "amd64" },
  { kind: "existing", architecture: "arm64" },
]);
const LABEL = { "garden-build": "true" };

test.each([
  [
    "one architecture",
    builderPlacement([{ kind: "existing", architecture: "arm64" }]),
    undefined,
    LABEL,
    ["linux/arm64"],
  ],
  ["both, for whoever builds for both", BOTH, undefined, LABEL, ["linux/amd64", "linux/arm64"]],
  [
    "both, for whoever builds for one",
    BOTH,
    ["linux/arm64"],
    { ...LABEL, "kubernetes.io/arch": "arm64" },
    ["linux/arm64"],
  ],
  ["both, in another order", BOTH, ["linux/arm64", "linux/amd64"], LABEL, ["linux/arm64", "linux/amd64"]],
])("nodes of %s", (_, nodes, platforms, nodeSelector, expected) => {
  expect(modePlacement(nodes, platforms)).toEqual({
    tolerations: [{ key: "garden-build", operator: "Equal", value: "true", effect: "NoSchedule" }],
    nodeSelector,
    platforms: expected,
  });
});

test.each([
  ["gke", "arm64", true],
  ["gke", "amd64", false],
  ["existing", "arm64", false],
  ["eks", "arm64", false],
  ["autopilot", "amd64", false],
] as const)("nodes of kind %s that are %s: GKE's own taint is tolerated: %s", (kind, architecture, tolerated) => {
  const { tolerations, nodeSelector } = builderPlacement([{ kind, architecture }]);
  const arm = { key: "kubernetes.io/arch", operator: "Equal", value: "arm64", effect: "NoSchedule" };
  expect(tolerations).toEqual([
    // As GKE's documents have it for workload separation: the same key and value selected, tolerated and, by GKE, tainted.
    { key: "garden-build", operator: "Equal", value: "true", effect: "NoSchedule" },
    ...(tolerated ? [arm] : []),
  ]);
  expect(nodeSelector).toEqual(LABEL);
});

test("a mode tolerates that taint where it builds for such nodes, and nowhere else", () => {
  const both = builderPlacement([
    { kind: "gke", architecture: "amd64" },
    { kind: "gke", architecture: "arm64" },
  ]);
  const keys = (platforms?: string[]) => modePlacement(both, platforms).tolerations.map(({ key }) => key);
  expect(keys()).toEqual(["garden-build", "kubernetes.io/arch"]);
  expect(keys(["linux/arm64"])).toEqual(["garden-build", "kubernetes.io/arch"]);
  expect(keys(["linux/amd64"])).toEqual(["garden-build"]);
});

/** The BuildSetup of `local` with nodes of both architectures, where BuildKit is on those of one. */
function setupOf(architecture: "amd64" | "arm64", kaniko?: string[]): BuildSetup {
  const config = configAfter((it) => {
    it["pergola:cluster"].builderNodes.push({ kind: "existing", architecture: "arm64" });
    const { modes } = it["pergola:builder"];
    modes["cluster-buildkit"].platforms = [`linux/${architecture}`];
    if (kaniko) modes.kaniko.platforms = kaniko;
  });
  return makeBuildSetup(config, { stack: "local", clusterUid: "uid" });
}

interface PodSpec {
  readonly nodeSelector: object;
  readonly tolerations: object[];
}
const TOLERATIONS = [{ key: "garden-build", operator: "Equal", value: "true", effect: "NoSchedule" }];

describe("with nodes of both architectures", () => {
  test.each(["amd64", "arm64"] as const)("BuildKit's Deployment is on those that the stack file says: %s", (arch) => {
    const planned = planBuild(setupOf(arch), image({ platforms: [`linux/${arch}`] }), {
      ...planOptions,
      mode: "cluster-buildkit",
    });
    if (planned.mode !== "cluster-buildkit") throw new Error("another mode was planned");
    const deployment = planned.builder.manifests.find(({ kind }) => kind === "Deployment")!;
    const { template } = deployment.spec as { template: { spec: PodSpec } };
    expect(template.spec).toMatchObject({
      nodeSelector: { ...LABEL, "kubernetes.io/arch": arch },
      tolerations: TOLERATIONS,
    });
  });

  const kanikoPods = (setup: BuildSetup, platforms: string[]): PodSpec[] => {
    const planned = planBuild(setup, image({ platforms }), { ...planOptions, mode: "kaniko" });
    if (planned.mode !== "kaniko") throw new Error("another mode was planned");
    const parts = "parts" in planned ? planned.parts : [planned];
    return parts.map(({ pod }) => pod.spec as unknown as PodSpec);
  };

  test("a pod of kaniko is on those of its platform", () => {
    const pods = kanikoPods(setupOf("amd64"), ["linux/amd64", "linux/arm64"]);
    expect(pods).toMatchObject(
      ["amd64", "arm64"].map((arch) => ({
        nodeSelector: { ...LABEL, "kubernetes.io/arch": arch },
        tolerations: TOLERATIONS,
      })),
    );
  });

  test("a pod of kaniko is on those of the one platform that its mode has", () => {
    const [pod] = kanikoPods(setupOf("amd64", ["linux/arm64"]), ["linux/arm64"]);
    expect(pod?.nodeSelector).toEqual({ ...LABEL, "kubernetes.io/arch": "arm64" });
  });
});

test("user namespaces are for the nodes that rootless BuildKit is on", () => {
  const config = (profile: string) =>
    configAfter((it) => {
      it["pergola:cluster"].builderNodes.push({ kind: "existing", architecture: "arm64" });
      Object.assign(it["pergola:builder"].modes["cluster-buildkit"], { profile, platforms: ["linux/arm64"] });
    });
  expect(needsUserNamespaces(config("rootless"), "arm64")).toBe(true);
  expect(needsUserNamespaces(config("rootless"), "amd64")).toBe(false);
  expect(needsUserNamespaces(config("rootful"), "arm64")).toBe(false);
});
