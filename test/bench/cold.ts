/** The first build of a namespace that has no builder yet. */
import { join } from "node:path";
import type { BuildkitPlan } from "../../builders/plan/plan.ts";
import { Kube } from "../../builders/run/index.ts";
import { containerStatus } from "../../builders/run/pods/state.ts";
import { eventually, kubectl, pods } from "../cluster/access.ts";
import { buildctl, overBridge } from "../cluster/buildctl.ts";
import { inTurns, median, type Rows, row } from "./measure.ts";
import { NAMESPACE } from "./place.ts";
import { build, emptyFolder, environment, makeProject, planOf } from "./project.ts";
import { withoutSlot } from "./raw.ts";

const NAME = "bench-cold";

export const cold: Rows = async (note) => {
  const kube = new Kube({ environment });
  try {
    const folder = await makeProject(10, 4096, "cold");
    const plan = await planOf(folder, NAME);
    const raw = withoutSlot(plan, folder);
    const socket = join(await emptyFolder(), "s");
    let turn = 0;
    const samples: { pergola: number[]; raw: number[] } = { pergola: [], raw: [] };
    // What goes before a sample, the end of the last builder, is not part of it.
    for (; turn < 5; turn++) {
      for (const way of turn % 2 === 0 ? (["pergola", "raw"] as const) : (["raw", "pergola"] as const)) {
        note(`${way}, ${turn + 1} of 5`);
        await removeBuilder(plan);
        const run = {
          pergola: () => build(folder, NAME),
          raw: () => byHand(kube, plan, socket, raw),
        };
        const [milliseconds] = (await inTurns(1, { run: run[way] })).run;
        samples[way].push(milliseconds as number);
      }
    }
    const value = median(samples.pergola) / median(samples.raw);
    return [row("cold", "from no pod to the first image / pod start and raw buildctl", value, 1.2, samples)];
  } finally {
    kube.close();
  }
};

async function removeBuilder({ builder }: BuildkitPlan): Promise<void> {
  await kubectl(["delete", "deployment", builder.deployment, "--namespace", NAMESPACE, "--ignore-not-found"]);
  await eventually("the end of the builder", async () => ((await pods(NAMESPACE)).length === 0 ? true : undefined));
}

/** The same objects, then the same build, with nothing in between but the wait for the pod to be ready. */
async function byHand(kube: Kube, plan: BuildkitPlan, socket: string, args: readonly string[]): Promise<void> {
  for (const manifest of plan.builder.manifests) await kube.apply(manifest);
  const { container } = plan.builder;
  for await (const { object } of kube.watch("Pod", { namespace: NAMESPACE })) {
    if (!containerStatus(object, container)?.ready) continue;
    const target = { namespace: NAMESPACE, pod: object.metadata.name, container };
    await overBridge(kube, target, socket, (address) => buildctl(address, args));
    return;
  }
}
