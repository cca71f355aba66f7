import { describe, expect, it } from "vitest";
import {
  dockerPull,
  heldInBuildkitStep,
  heldInKanikoLog,
  kanikoLookup,
  pulledDigest,
} from "../../../../builders/plan/lookup.ts";
import type { KanikoPlan, LocalDockerPlan } from "../../../../builders/plan/plan.ts";

const DIGEST = `sha256:${"3b".repeat(32)}`;

it.each([
  [`No file found for cache key ${DIGEST} stat /.pergola/none/${DIGEST}: no such file or directory`, DIGEST],
  [`Mapping stage idx 0 to digest ${DIGEST}`, null],
])("kaniko's line %s", (line, held) => {
  expect(heldInKanikoLog(`time="2026-11-21T14:05:05Z" level=debug msg="${line}"`)).toBe(held);
});

it.each([
  [`[1/1] FROM 172.30.0.11:30500/g/x:1@${DIGEST}`, DIGEST],
  ["[internal] load metadata for 172.30.0.11:30500/g/x:1", null],
])("BuildKit's step %s", (name, held) => {
  expect(heldInBuildkitStep(name)).toBe(held);
});

describe("docker", () => {
  it.each([
    [["linux/amd64"], ["docker", "pull", "r:1/g/x:1"]],
    [["linux/arm64"], ["docker", "pull", "--platform", "linux/arm64", "r:1/g/x:1"]],
  ])("fetches what was built for %s", (platforms, argv) => {
    const plan = { platforms, docker: { platform: "linux/amd64" } } as unknown as LocalDockerPlan;
    expect(dockerPull(plan, "r:1/g/x:1")).toEqual(argv);
  });

  it("names the digest of what it fetched", () => {
    const said = `1: Pulling from g/x\nDigest: ${DIGEST}\nStatus: Image is up to date for r:1/g/x:1\nr:1/g/x:1`;
    expect(pulledDigest(said)).toBe(DIGEST);
    expect(pulledDigest("Error response from daemon: not found")).toBeNull();
  });
});

describe("the pod that looks", () => {
  const args = [
    ...["--destination=r:1/g/x:1", "--build-arg=a=b", "--registry-mirror=m", "--insecure-registry=r:1"],
    ...["--registry-certificate=r:1=/.pergola/ca.pem", "--target=t"],
  ];
  const plan = {
    platforms: ["linux/arm64"],
    files: {},
    transfer: { directory: "/.pergola" },
    pod: {
      ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "pergola-x-1", namespace: "n", labels: { a: "b" } } },
      spec: { serviceAccountName: "s", containers: [{ name: "kaniko", image: "k", args, resources: { limits: {} } }] },
    },
  } as unknown as KanikoPlan;
  const pod = kanikoLookup(plan, "r:1/g/x:1");
  const [container] = (pod.spec as { containers: { args: string[]; command: string[] }[] }).containers;

  it("is that of the build in all but its name and what kaniko does", () => {
    expect(pod).toMatchObject({
      metadata: { name: "look-x-1", namespace: "n", labels: { a: "b" } },
      spec: { serviceAccountName: "s", containers: [{ image: "k", resources: { limits: {} } }] },
    });
  });

  it("waits until its node knows it, where that is its login", () => {
    const commands = [plan, { ...plan, asksNode: true as const }].map((one) => {
      const spec = kanikoLookup(one, "r:1/g/x:1").spec as { containers: { command: string[] }[] };
      return spec.containers[0]?.command[2];
    });
    expect(commands.map((script) => script?.includes("169.254.169.254"))).toEqual([false, true]);
    expect(commands[1]?.endsWith(`; ${commands[0]}`)).toBe(true);
  });

  it("pushes nothing, and reaches the registry as the build does", () => {
    expect(container?.command).toContain("r:1/g/x:1");
    expect(container?.args).toEqual(
      expect.arrayContaining([
        "--no-push",
        "--no-push-cache",
        "--insecure-registry=r:1",
        "--custom-platform=linux/arm64",
      ]),
    );
    expect(container?.args).toContain("--registry-certificate=r:1=/.pergola/ca.pem");
    expect(container?.args.filter((one) => /destination|build-arg|mirror|target/.test(one))).toEqual([]);
  });
});
