/** The way to the daemon: the runner's bridge over the exec API, and buildctl's own over kubectl. */
import { join } from "node:path";
import { Kube } from "../../builders/run/index.ts";
import { buildctl, overBridge } from "../cluster/buildctl.ts";
import { inTurns, median, type Rows, row } from "./measure.ts";
import { build, emptyFolder, environment, makeProject } from "./project.ts";
import { daemon, kubePod } from "./raw.ts";

export const connection: Rows = async (note) => {
  const kube = new Kube({ environment });
  try {
    await build(await makeProject(1, 1, "first"), "bench-first");
    const target = await daemon();
    const ask = ["debug", "workers"];
    const socket = join(await emptyFolder(), "s");
    note("connections");
    const near = await inTurns(15, {
      bridge: () => overBridge(kube, target, socket, (address) => buildctl(address, ask)),
      kubePod: () => buildctl(kubePod(kube, target), ask),
    });
    note("contexts of 41 MB");
    const folder = await makeProject(10_000, 4096, `${process.pid}`);
    const far = await inTurns(7, {
      bridge: () => overBridge(kube, target, socket, (address) => buildctl(address, sendAll(folder))),
      kubePod: () => buildctl(kubePod(kube, target), sendAll(folder)),
    });
    return [
      row("dial", "a connection by the bridge / by kube-pod", median(near.bridge) / median(near.kubePod), 0.5, near),
      row("bulk", "a 41 MB context by the bridge / by kube-pod", median(far.bridge) / median(far.kubePod), 1, far),
    ];
  } finally {
    kube.close();
  }
};

let places = 0;

/** Arguments that send a context to a place that holds nothing yet. */
function sendAll(folder: string): string[] {
  const place = `bench-${process.pid}-${places++}`;
  const names = ["context", `${place}-context`, `${place}-${place}-context`, "dockerfile"];
  return [
    ...["build", "--frontend", "dockerfile.v0", "--progress", "plain"],
    ...["--opt", `local-sessionid:context=${place}:`],
    ...names.flatMap((name) => ["--local", `${name}=${folder}`]),
  ];
}
