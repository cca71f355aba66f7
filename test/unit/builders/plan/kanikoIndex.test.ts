// Several platforms in mode kaniko: parts of their own, and the pod that joins them.
import { describe, expect, it } from "vitest";
import { plansAsText } from "../../../../builders/cli/dryRun.ts";
import type { Image } from "../../../../builders/images/image.ts";
import { NO_SETTINGS } from "../../../../builders/images/settings.ts";
import { TAG } from "../../../../builders/plan/destination.ts";
import type { KanikoIndexPlan, KanikoPlan, Manifest } from "../../../../builders/plan/plan.ts";
import { errorOf, image, localSetup, planBuild, planOptions, type SetupInput } from "../samples.ts";

const BOTH = ["linux/amd64", "linux/arm64"];
const REPOSITORY = "172.30.0.11:30500/examples/api";

const setupFor = (platforms: string[], change: (input: SetupInput) => void = () => {}) =>
  localSetup((input) => {
    Object.assign(input.builders.modes.kaniko, { platforms });
    change(input);
  });

function plan(one: Partial<Image> & { from?: string }, setup = setupFor(BOTH)): KanikoIndexPlan | KanikoPlan {
  const planned = planBuild(setup, image(one), { ...planOptions, tags: ["v1", "latest"], mode: "kaniko" });
  if (planned.mode !== "kaniko") throw new Error("another mode was planned");
  return planned;
}

function indexPlan(one: Partial<Image> & { from?: string } = {}, setup = setupFor(BOTH)): KanikoIndexPlan {
  const planned = plan({ platforms: BOTH, ...one }, setup);
  if (!("parts" in planned)) throw new Error("no index was planned");
  return planned;
}

interface Spec {
  readonly nodeSelector?: object;
  readonly tolerations: object[];
  readonly initContainers?: object[];
  readonly containers: { readonly name: string; readonly args?: string[]; readonly volumeMounts: { name: string }[] }[];
  readonly volumes: { name: string }[];
}
const specOf = ({ spec }: Manifest): Spec => spec as Spec;
const flags = (part: KanikoPlan, name: string): string[] =>
  (specOf(part.pod).containers[0]?.args ?? []).filter((word) => word.startsWith(`--${name}`));

describe("several platforms", () => {
  it("are parts for one each, under tags of this build alone", () => {
    const { parts, references, platforms } = indexPlan();
    expect(references).toEqual([`${REPOSITORY}:v1`, `${REPOSITORY}:latest`]);
    expect(platforms).toEqual(BOTH);
    expect(parts.map((part) => [part.platforms, part.references])).toEqual([
      [["linux/amd64"], [`${REPOSITORY}:_part-0a1b2c3d4e-linux-amd64`]],
      [["linux/arm64"], [`${REPOSITORY}:_part-0a1b2c3d4e-linux-arm64`]],
    ]);
    expect(parts.map((part) => [flags(part, "custom-platform"), flags(part, "destination")])).toEqual(
      parts.map((part) => [[`--custom-platform=${part.platforms[0]}`], [`--destination=${part.references[0]}`]]),
    );
    for (const { references } of parts) expect(references[0]?.split(":").at(-1)).toMatch(TAG);
    expect(new Set(parts.map(({ pod }) => pod.metadata.name)).size).toBe(2);
  });

  it("are placed on nodes of their architecture, where there are several", () => {
    const selectors = (planned: KanikoIndexPlan) => planned.parts.map(({ pod }) => specOf(pod).nodeSelector);
    expect(selectors(indexPlan())).toEqual([
      { "garden-build": "true", "kubernetes.io/arch": "amd64" },
      { "garden-build": "true", "kubernetes.io/arch": "arm64" },
    ]);
    const arms = ["linux/arm/v6", "linux/arm/v7"];
    expect(selectors(indexPlan({ platforms: arms }, setupFor(arms)))).toEqual([
      { "garden-build": "true" },
      { "garden-build": "true" },
    ]);
    const alone = plan({ platforms: ["linux/arm64"] }) as KanikoPlan;
    expect(specOf(alone.pod).nodeSelector).toEqual({ "garden-build": "true", "kubernetes.io/arch": "arm64" });
  });

  it("are one where the same is asked for twice", () => {
    expect(plan({ platforms: ["linux/arm64", "linux/arm64"] })).not.toHaveProperty("parts");
  });

  it("each have their own arguments", () => {
    const { parts } = indexPlan({ from: "FROM a\nARG TARGETARCH\nCOPY x-$TARGETARCH /x\n" });
    expect(parts.map((part) => flags(part, "build-arg"))).toEqual([
      ["--build-arg=TARGETARCH=amd64"],
      ["--build-arg=TARGETARCH=arm64"],
    ]);
  });

  it("are joined by a pod with their account, place and login, and without the context", () => {
    const setup = setupFor(BOTH, (input) => {
      input.pullSecrets = [{ namespace: "pergola-kaniko", name: "login", hosts: [] }];
      Object.assign(input.registry, { caBundle: "pem" });
    });
    const { join, parts } = indexPlan({}, setup);
    const part = specOf(parts[0]?.pod as Manifest);
    const spec = specOf(join.pod);
    expect(join).toMatchObject({ container: "join", insecure: true, caBundle: "pem", dockerConfig: "/kaniko/.docker" });
    expect(spec).toMatchObject({ serviceAccountName: "garden-in-cluster-builder", tolerations: part.tolerations });
    expect(spec).not.toHaveProperty("initContainers");
    expect(spec.containers.map(({ name, volumeMounts }) => [name, volumeMounts.map((one) => one.name)])).toEqual([
      ["join", ["docker-config"]],
    ]);
    expect(spec.volumes.map(({ name }) => name)).toEqual(["docker-config"]);
    expect(join.pod.metadata.labels).toEqual(parts[0]?.pod.metadata.labels);
    expect(join.pod.metadata.name).toBe("pergola-api-0a1b2c3d4e-join");
  });

  it("may have annotations on the index, which one platform has not", () => {
    const annotations = [
      { level: "index" as const, key: "a", value: "1" },
      { level: "manifest" as const, key: "b", value: "2" },
    ];
    const settings = { ...NO_SETTINGS, annotations };
    const { join, parts } = indexPlan({ settings });
    expect(join.annotations).toEqual({ a: "1" });
    expect(parts.map((part) => flags(part, "annotation"))).toEqual([["--annotation=b=2"], ["--annotation=b=2"]]);
    expect(errorOf(() => plan({ settings, platforms: ["linux/arm64"] })).message).toContain("annotation of the index");
  });

  it("are refused for what one of them cannot have", () => {
    const { message } = errorOf(() => plan({ platforms: BOTH, from: "FROM --platform=linux/amd64 a" }));
    expect(message).toContain("it takes every base image for linux/arm64");
  });

  it("are in a dry run with a command each", () => {
    const text = plansAsText([indexPlan()]);
    expect(text.match(/^# \$ \/kaniko\/executor .*--custom-platform=linux\/a\w+64/gm)).toHaveLength(2);
  });
});
