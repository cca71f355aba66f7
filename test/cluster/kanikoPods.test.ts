// How a kaniko pod can come to its end, or never to its beginning, and what the user is told.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildEvent } from "../../builders/report/events.ts";
import { Kube, LIMITS } from "../../builders/run/index.ts";
import { runKaniko } from "../../builders/run/kaniko/build.ts";
import type { BuildSetup } from "../../infra/setup.ts";
import { build, context, eventually, kubeconfig, kubectl, pods } from "./environment.ts";
import { changed, type KanikoPlace, kanikoPlace } from "./kanikoPlace.ts";
import { digestOf } from "./registry.ts";

let place: KanikoPlace;
beforeAll(async () => {
  place = await kanikoPlace("test-kaniko-pods");
}, 60_000);
afterAll(async () => {
  await place.empty();
  await place.remove();
});

type Mode = NonNullable<BuildSetup["builders"]["modes"]["kaniko"]>;

/** Builds a Dockerfile in a place that differs from the environment's. */
async function attempt(name: string, dockerfile: string, change?: (mode: Mode) => object) {
  const folder = await context({ Dockerfile: dockerfile, file: `${Math.random()}` });
  const { code, result, stderr } = await build([folder, ...(await place.arguments(change)), "--name", `w-${name}`]);
  return { code, image: result.images[0]!, stderr };
}

/** What the container says for the runner alone. */
const OF_THE_END = /[0-9a-f]{32} \d/;

const COPY = "FROM scratch\nCOPY file /\n";
const withLimit = (resource: string, limit: string, request: string) => (mode: Mode) => ({
  resources: {
    limits: { ...mode.resources!.limits, [resource]: limit },
    requests: { ...mode.resources!.requests, [resource]: request },
  },
});

describe.concurrent("a build in mode kaniko", () => {
  it("that needs more memory than it may have fails with the limit and the line", async () => {
    const { code, image } = await attempt(
      "memory",
      "FROM busybox:1.36\n\nRUN tail /dev/zero\n",
      withLimit("memory", "96Mi", "64Mi"),
    );
    expect(code).toBe(1);
    expect(image.error).toMatchObject({
      ...{ code: "out-of-memory", file: "Dockerfile", line: 3 },
      message: "A step ran out of memory (limit 96Mi) (Dockerfile:3): RUN tail /dev/zero",
      hint: expect.stringContaining("memory limit of mode kaniko"),
    });
  });

  it("that needs more disk than it may have is evicted, and told by which limit", async () => {
    const { code, image } = await attempt(
      "disk",
      "FROM busybox:1.36\nRUN dd if=/dev/zero of=/big bs=1M count=100 && sleep 300\n",
      withLimit("ephemeral-storage", "64Mi", "16Mi"),
    );
    expect(code).toBe(1);
    expect(image.error).toMatchObject({
      ...{ code: "build-failed", file: "Dockerfile", line: 2 },
      message: expect.stringMatching(
        /more disk than its pod \S+ may \(limit 64Mi of ephemeral-storage\), which was evicted: .*64Mi \(Dockerfile:2\): RUN dd/,
      ),
      hint: expect.stringContaining("ephemeral-storage of mode kaniko"),
    });
  });

  it("ends what an interruption ends: steps do not ignore SIGINT", async () => {
    const { code, image, stderr } = await attempt("signal", "FROM busybox:1.36\nRUN kill -INT $$; echo lived-on\n");
    expect({ code, error: image.error }).toMatchObject({ code: 1, error: { code: "build-failed", line: 2 } });
    expect(stderr).not.toMatch(/^\| lived-on$/m);
  });

  it("whose step names no program fails with exit code 127 and the shell's words", async () => {
    const { code, image, stderr } = await attempt("noprogram", "FROM busybox:1.36\nRUN nosuchprogram\n");
    expect(code).toBe(1);
    expect(stderr).not.toMatch(OF_THE_END);
    expect(image.error).toMatchObject({
      ...{ code: "build-failed", file: "Dockerfile", line: 2 },
      message: "A step failed with exit code 127 (Dockerfile:2): RUN nosuchprogram",
      logTail: expect.stringContaining("nosuchprogram: not found"),
    });
  });

  it.each([
    ["has no shell, as all of kaniko's but the debug ones", "pergola.local/pause:1", "sh"],
    ["is another program", "pergola.local/buildkit:0.33.1", "/kaniko/executor"],
  ])("whose image %s says what it needs", async (_, wrong, missing) => {
    const { code, image } = await attempt(`wrong-${missing.at(-1)}`, COPY, () => ({ image: wrong }));
    expect(code).toBe(2);
    expect(image.error).toMatchObject({
      code: "builder-tool-missing",
      message: `The image ${wrong} cannot build in mode kaniko: it has no ${missing}.`,
      hint: expect.stringContaining("debug image of kaniko"),
    });
  });

  it("whose image cannot be pulled shows it in the kubelet's words, and fails when that has tried again", async () => {
    const image = `${registry()}/library/no-such-image:1`;
    const done = await attempt("nopull", COPY, () => ({ image }));
    expect(done.code).toBe(75);
    expect(done.image.error).toMatchObject({
      code: "image-pull",
      message: expect.stringContaining(`The node cannot get the image ${image} for pod `),
    });
    const shown = done.stderr.split("\n").filter((line) => line.startsWith("waiting: The node cannot get the image"));
    expect(shown.length).toBeGreaterThan(1);
    expect(shown[0]).toContain("not found");
    expect(shown.some((line) => line.includes("Back-off pulling image"))).toBe(true);
  });

  it("that no node takes says so in the scheduler's words after ten seconds, and gives up in time", async () => {
    const plan = await place.plan(await context({ Dockerfile: COPY, file: "" }), "w-pending");
    const nowhere = changed(plan, () => ({ nodeSelector: { "no-such": "node" } }));
    const kube = new Kube({ environment: { KUBECONFIG: kubeconfig } });
    const seen: { text: string; after: number }[] = [];
    const began = performance.now();
    const emit = (event: BuildEvent) => {
      if (event.type === "status") seen.push({ text: event.text, after: (performance.now() - began) / 1000 });
    };
    const limits = { ...LIMITS, start: 13 };
    const failed = runKaniko(nowhere, { kube, emit, signal: new AbortController().signal, limits });
    await expect(failed).rejects.toMatchObject({
      data: {
        code: "pending",
        message: expect.stringMatching(/no node takes it: 0\/2 nodes are available: .* \(waited 13 s\)$/),
        hint: expect.stringContaining(`kubectl describe pod ${plan.pod.metadata.name}`),
      },
    });
    kube.close();
    expect(seen).toEqual([
      {
        text: expect.stringMatching(/^waiting: Pod .* is Pending, no node takes it: 0\/2 nodes/),
        after: expect.any(Number),
      },
    ]);
    expect(seen[0]?.after).toBeGreaterThan(10);
    expect(seen[0]?.after).toBeLessThan(12);
  });

  it("is admitted by Pod Security baseline, gets no token and no sidecar, and leaves no pod", async () => {
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nRUN sleep 1\n", file: `${Math.random()}` });
    const running = build([folder, ...(await place.arguments()), "--name", "w-plain", "--no-cache"]);
    const pod = await eventually("the pod", async () => {
      const [found] = await pods(place.namespace, "--selector", "pergola.dev/image=w-plain");
      return found === undefined ? undefined : found;
    });
    const { spec } = JSON.parse(
      await kubectl(["get", "pod", pod.metadata.name, "--namespace", place.namespace, "--output", "json"]),
    );
    expect(pod.metadata.labels).toMatchObject({ "sidecar.istio.io/inject": "false" });
    expect(pod.metadata).toMatchObject({
      annotations: { "sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled" },
    });
    expect(spec.containers.map(({ name }: { name: string }) => name)).toEqual(["kaniko"]);
    expect(spec.containers[0].securityContext?.privileged).toBeFalsy();
    expect(JSON.stringify(spec.volumes)).not.toContain("serviceAccountToken");
    expect(spec.volumes).toEqual([{ name: "build", emptyDir: { medium: "Memory" } }]);
    const { code, result, stderr } = await running;
    expect(stderr).toContain("RUN sleep 1");
    expect(stderr).not.toMatch(OF_THE_END);
    expect({ code, error: result.images[0]?.error }).toEqual({ code: 0, error: null });
    expect(await digestOf(result.images[0]!.reference)).toBe(result.images[0]?.digest);
    expect(await pods(place.namespace, "--selector", "pergola.dev/image=w-plain")).toEqual([]);
  });
});

/** host:port of the environment's registry */
const registry = () => "172.30.0.11:30500";
