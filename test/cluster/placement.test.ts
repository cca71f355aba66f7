import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILD_NAMESPACE, build, context, eventually, kubectl, type Pod, pods } from "./environment.ts";

const NAMESPACE = "test-placement";

/** A pod that only sleeps. */
function sleeper(name: string, placement: object): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE },
    spec: {
      terminationGracePeriodSeconds: 0,
      ...placement,
      containers: [{ name: "main", image: "pergola.local/pause:1" }],
    },
  };
}

async function pod(name: string): Promise<Pod> {
  return JSON.parse(await kubectl(["get", "pod", name, "--namespace", NAMESPACE, "--output", "json"]));
}

beforeAll(async () => {
  await kubectl(["apply", "--filename", "-"], { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
});
afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

describe("placement", () => {
  it("puts builds, and only builds, on the tainted node", async () => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: `${Math.random()}` });
    expect((await build([folder, "--mode", "cluster-buildkit", "--name", "test-placed"])).code).toBe(0);
    const all = JSON.parse(await kubectl(["get", "pods", "--all-namespaces", "--output", "json"])).items as (Pod & {
      metadata: { name: string; namespace: string; labels?: Record<string, string> };
    })[];
    const builders = (each: (typeof all)[number]) =>
      each.metadata.labels?.["app.kubernetes.io/managed-by"] === "pergola";
    const strayed = all.filter((each) => builders(each) !== (each.spec.nodeName === "builder"));
    expect(strayed.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([]);
    expect(all.filter(builders).map(({ metadata }) => metadata.namespace)).toContain(
      BUILD_NAMESPACE["cluster-buildkit"],
    );
  });

  it("puts a kaniko build there too", async () => {
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nRUN sleep 2\n", nonce: `${Math.random()}` });
    const running = build([folder, "--mode", "kaniko", "--name", "test-placed"]);
    const nodeName = await eventually(
      "the kaniko pod",
      async () => (await pods(BUILD_NAMESPACE.kaniko))[0]?.spec.nodeName,
    );
    expect(nodeName).toBe("builder");
    expect((await running).code).toBe(0);
  });

  it("keeps a pod without the toleration Pending, with the scheduler's reason", async () => {
    await kubectl(["apply", "--filename", "-"], sleeper("no-toleration", { nodeSelector: { "garden-build": "true" } }));
    const message = await eventually("the scheduler's message", async () => {
      const { status } = await pod("no-toleration");
      return status.conditions?.find((condition) => condition.type === "PodScheduled")?.message;
    });
    expect(message).toMatch(/untolerated taint/);
    expect((await pod("no-toleration")).status.phase).toBe("Pending");
  });

  it("puts an ordinary pod on the other node", async () => {
    await kubectl(["apply", "--filename", "-"], sleeper("ordinary", {}));
    const nodeName = await eventually("its node", async () => (await pod("ordinary")).spec.nodeName);
    expect(nodeName).toBe("apps");
  });

  it("divides the machine between the nodes so that they add up to it, the larger share for builds", async () => {
    const nodes = JSON.parse(await kubectl(["get", "nodes", "--output", "json"])).items as {
      metadata: { name: string };
      status: { allocatable: { cpu: string; memory: string }; capacity: { cpu: string; memory: string } };
    }[];
    const milli = (cpu: string) => (cpu.endsWith("m") ? Number.parseInt(cpu, 10) : Number(cpu) * 1000);
    const of = (name: string) => nodes.find((node) => node.metadata.name === name)!.status;
    const [apps, builder] = [of("apps"), of("builder")];
    expect(milli(apps.allocatable.cpu) + milli(builder.allocatable.cpu)).toBe(milli(apps.capacity.cpu));
    const kibibytes = (amount: string) => Number.parseInt(amount, 10) * (amount.endsWith("Mi") ? 1024 : 1);
    const memory = [apps, builder].map((status) => kibibytes(status.allocatable.memory));
    expect(memory[0]! + memory[1]!).toBe(kibibytes(apps.capacity.memory));
    expect(milli(builder.allocatable.cpu)).toBeGreaterThan(milli(apps.allocatable.cpu));
    expect(memory[1]).toBeGreaterThan(memory[0]!);
  });
});
