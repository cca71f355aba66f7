/** Plans of the modes that build in the cluster, for the tests of them. */
import type { Image } from "../../../../builders/images/image.ts";
import type { BuildkitPlan, KanikoPlan, Sibling } from "../../../../builders/plan/plan.ts";
import type { BuildSetup } from "../../../../infra/setup.ts";
import { image, localSetup, type PlanOptions, planBuild, planOptions } from "../samples.ts";

const options: PlanOptions = {
  ...planOptions,
  tags: ["v-1a2b3c4d5e"],
  contextSent: "/cache/contexts/1/tree",
};

export const buildkit = (
  fields: Partial<Image>,
  more: Partial<PlanOptions> = {},
  setup: BuildSetup = localSetup(),
): BuildkitPlan => planBuild(setup, image(fields), { ...options, ...more, mode: "cluster-buildkit" }) as BuildkitPlan;
export const kaniko = (
  fields: Parameters<typeof image>[0],
  more: Partial<PlanOptions> = {},
  setup: BuildSetup = localSetup(),
): KanikoPlan => planBuild(setup, image(fields), { ...options, ...more, mode: "kaniko" }) as KanikoPlan;

export const sibling: Sibling = {
  name: "base",
  reference: "172.30.0.11:30500/examples/base:v-1@sha256:aa",
  digest: "sha256:aa",
};

/** Fields of an image that has some of everything that both modes take. */
export const rich = {
  dockerfile: { path: "docker/dev.Dockerfile", text: "FROM base\nCOPY --from=base:latest /x /y\n" },
  buildArgs: { VERSION: "1, 2", EMPTY: "" },
  target: "run",
  platforms: ["linux/amd64"],
  extraFlags: ["--label-like=x y"],
};
