// What killed runners leave in the cluster: gone with the next run, while what is in use stays.
import { afterAll, beforeAll, expect, it } from "vitest";
import { thisRunner } from "../../builders/run/runner.ts";
import { endlessBuild } from "./endlessBuild.ts";
import { build, context, kubectl, pergola, pods } from "./environment.ts";
import { type KanikoPlace, kanikoPlace } from "./kanikoPlace.ts";

let place: KanikoPlace;
beforeAll(async () => {
  place = await kanikoPlace("test-leftovers");
}, 60_000);
afterAll(() => place.remove());

/** A pod as another machine's runner would have made it, which no node takes, in a phase of our choice. */
async function foreign(name: string, phase: "Pending" | "Succeeded", minutesAgo = 0): Promise<void> {
  const plan = await place.plan(await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" }), name);
  const runner = (thisRunner() as string).replace(/^[^/]+/, "11111111-2222-3333-4444-555555555555");
  const { metadata } = plan.pod;
  await kubectl(["create", "--filename", "-"], {
    ...plan.pod,
    metadata: { ...metadata, annotations: { ...metadata.annotations, "pergola.dev/runner": runner } },
    spec: { ...(plan.pod.spec as object), nodeSelector: { "no-such": "node" } },
  });
  if (phase === "Pending") return;
  const finishedAt = new Date(Date.now() - minutesAgo * 60_000).toISOString();
  const terminated = { exitCode: 0, finishedAt, startedAt: finishedAt, reason: "Completed", containerID: "" };
  const state = { name: "kaniko", image: "", imageID: "", ready: false, restartCount: 0, state: { terminated } };
  const status = JSON.stringify({ status: { phase, containerStatuses: [state] } });
  const target = ["pod", metadata.name, "--namespace", place.namespace, "--subresource", "status"];
  await kubectl(["patch", ...target, "--type", "merge", "--patch", status]);
}

it("the next run removes the pod of a runner that was killed, and none that may be in use", async () => {
  const where = await place.arguments();
  const start = (args: readonly string[]) => pergola([...args, ...where]);
  const [killed, living] = await Promise.all([
    endlessBuild("kaniko", "w-killed", start),
    endlessBuild("kaniko", "w-living", start),
    foreign("w-elsewhere", "Pending"),
    foreign("w-ended-now", "Succeeded"),
    foreign("w-ended-long-ago", "Succeeded", 6),
  ]);
  killed.child.kill("SIGKILL");
  await killed.child;
  const names = async () => (await pods(place.namespace)).map(({ metadata }) => metadata.labels?.["pergola.dev/image"]);
  expect((await names()).sort()).toEqual(["w-elsewhere", "w-ended-long-ago", "w-ended-now", "w-killed", "w-living"]);
  const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
  const { result } = await build([folder, ...where, "--name", "w-next"]);
  expect(result.images[0]?.error).toBeNull();
  expect((await names()).sort()).toEqual(["w-elsewhere", "w-ended-now", "w-living"]);
  living.child.kill("SIGTERM");
  expect((await living.child).exitCode).toBe(143);
  expect((await names()).sort()).toEqual(["w-elsewhere", "w-ended-now"]);
});
