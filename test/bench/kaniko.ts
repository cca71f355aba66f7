/** A build in mode kaniko, and the same executor in a pod that somebody starts by hand over a context that is there already. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { KanikoPlan, Manifest } from "../../builders/plan/plan.ts";
import { Kube } from "../../builders/run/index.ts";
import { packContext, sendContext } from "../../builders/run/kaniko/transfer.ts";
import type { Pod } from "../../builders/run/kube/objects.ts";
import { containerStatus } from "../../builders/run/pods/state.ts";
import { inTurns, median, type Rows, row } from "./measure.ts";
import { NAMESPACE } from "./place.ts";
import { build, environment, makeProject, planOf } from "./project.ts";

const NAME = "bench-kaniko";
const MODE = ["--mode", "kaniko"];
const FILES = 10_000;
/** What the runner may take over the bare executor. */
const TARGET = 1.15;
const PAIRS = 5;
/** Directory of the node that a volume is made of. */
const DISK = "/var/tmp/pergola-bench";

interface Spec {
  readonly containers: readonly [{ readonly image: string; readonly args: readonly string[] }];
}

export const second: Rows = async (note) => {
  const kube = new Kube({ environment });
  try {
    note(`a project of ${FILES} files`);
    const folder = await makeProject(FILES, 4096, "kaniko");
    await writeFile(join(folder, "Dockerfile"), "FROM busybox:1.36\nCOPY . /app\nRUN echo cached > /step\n");
    // Fills the cache, and brings the builder's image to the node.
    await build(folder, NAME, ...MODE);
    const plan = (await planOf(folder, NAME, ...MODE)) as unknown as KanikoPlan;
    note("the context on a volume");
    const filler = onVolume(plan, "bench-filler", ["sh", "-c", "exec sleep 100000"]);
    await kube.create(filler);
    const running = until(kube, filler, (pod) => containerStatus(pod, plan.container)?.state?.running !== undefined);
    const signal = new AbortController().signal;
    await sendContext({ ...plan, pod: filler }, packContext(plan), { kube, emit: () => {}, signal }, running);
    await remove(kube, filler);
    note("second builds");
    let count = 0;
    const samples = await inTurns(PAIRS, {
      pergola: () => build(folder, NAME, ...MODE),
      byHand: () => byHand(kube, plan, `bench-by-hand-${count++}`),
    });
    const value = median(samples.pergola) / median(samples.byHand);
    const measure = `a second build of ${FILES} files / the same executor by hand, with the context on a volume`;
    return [row("second", measure, value, TARGET, samples)];
  } finally {
    await emptyDisk(kube);
    kube.close();
  }
};

/** The plan's pod with the node's directory in place of its own volume. */
function onVolume(plan: KanikoPlan, name: string, command: readonly string[]): Manifest {
  const spec = plan.pod.spec as Spec;
  return {
    ...plan.pod,
    metadata: { name, namespace: NAMESPACE },
    spec: {
      ...spec,
      containers: [{ ...spec.containers[0], command }],
      volumes: [{ name: "build", hostPath: { path: DISK, type: "DirectoryOrCreate" } }],
    },
  };
}

/** Starts kaniko, waits for its end, removes the pod. @throws Error when it fails */
async function byHand(kube: Kube, plan: KanikoPlan, name: string): Promise<void> {
  const pod = onVolume(plan, name, ["/kaniko/executor"]);
  await kube.create(pod);
  const end = await until(kube, pod, (now) => containerStatus(now, plan.container)?.state?.terminated !== undefined);
  if (containerStatus(end, plan.container)?.state?.terminated?.exitCode !== 0) {
    throw new Error(await kube.logTail({ namespace: NAMESPACE, pod: name, container: plan.container }, 20));
  }
  await remove(kube, pod);
}

/** Waits for a state of a pod. */
async function until(kube: Kube, { metadata }: Manifest, reached: (pod: Pod) => boolean): Promise<Pod> {
  for await (const { object } of kube.watch("Pod", {
    namespace: NAMESPACE,
    fieldSelector: `metadata.name=${metadata.name}`,
  })) {
    if (reached(object)) return object;
  }
  throw new Error(`pod ${metadata.name} is not watched any more`);
}

const remove = (kube: Kube, { metadata }: Manifest) =>
  kube.delete("Pod", NAMESPACE, metadata.name, { graceSeconds: 0 });

/** Takes the context from the node. */
async function emptyDisk(kube: Kube): Promise<void> {
  const plan = (await planOf(await makeProject(1, 1, "empty"), NAME, ...MODE)) as unknown as KanikoPlan;
  const { directory } = plan.transfer;
  const pod = onVolume(plan, "bench-emptier", ["sh", "-c", `rm -rf ${directory}/* ${directory}/.[!.]*`]);
  await kube.create(pod);
  await until(kube, pod, (now) => containerStatus(now, plan.container)?.state?.terminated !== undefined);
  await remove(kube, pod);
}
