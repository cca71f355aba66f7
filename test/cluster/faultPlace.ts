/**
 * A namespace of a test's own with builders of its own, in which the environment's guardrails do not hold: there a build may
 * reach whatever the test puts in its way, and the environment's builder keeps its configuration and its cache.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildSetup } from "../../infra/setup.ts";
import { context, eventually, kubectl, setupOf } from "./environment.ts";

export interface FaultPlace {
  readonly namespace: string;
  /** host:port of the registry front, for pods */
  readonly front: string;
  /** the environment's BuildSetup, for builds in this namespace, by way of the front */
  readonly setup: BuildSetup;
  /** a file with that setup, changed */
  setupFile(change?: (setup: BuildSetup) => object): Promise<string>;
  /** how often the front refused, by the repository's first component */
  refusals(): Promise<Record<string, number>>;
  remove(): Promise<void>;
}

const apply = (manifest: object) => kubectl(["apply", "--filename", "-"], manifest);

/** Makes the namespace, with the registry front in it. */
export async function faultPlace(namespace: string): Promise<FaultPlace> {
  const environment = (await setupOf("cluster-buildkit")) as unknown as BuildSetup;
  const mode = environment.builders.modes["cluster-buildkit"]!;
  const kaniko = environment.builders.modes.kaniko!;
  const account = mode.namespaces[0]!.serviceAccount;
  const upstream = environment.registry.host;
  await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const metadata = { name: "front", namespace };
  const program = await readFile(join(import.meta.dirname, "registryFront.ts"), "utf8");
  await apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account, namespace } });
  await apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { "registryFront.ts": program } });
  await apply({
    ...{ apiVersion: "v1", kind: "Pod", metadata },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "front",
          image: `${upstream}/library/node:24-bookworm-slim`,
          command: ["node", "/front/registryFront.ts", "5000", upstream],
          volumeMounts: [{ name: "program", mountPath: "/front" }],
          readinessProbe: { tcpSocket: { port: 5000 }, periodSeconds: 1 },
        },
      ],
      volumes: [{ name: "program", configMap: { name: "front" } }],
    },
  });
  await kubectl(["wait", "pod/front", "--namespace", namespace, "--for=condition=Ready", "--timeout=90s"]);
  const address = await eventually("the front's address", async () => {
    const said = await kubectl(["get", "pod", "front", "--namespace", namespace, "-o", "jsonpath={.status.podIP}"]);
    return said === "" ? undefined : said;
  });
  const front = `${address}:5000`;
  const setup: BuildSetup = {
    ...environment,
    registry: { ...environment.registry, host: front, namespace: "faults" },
    builders: {
      default: "cluster-buildkit",
      modes: {
        "cluster-buildkit": { ...mode, namespaces: [{ ...mode.namespaces[0]!, name: namespace }] },
        kaniko: { ...kaniko, namespaces: [{ ...kaniko.namespaces[0]!, name: namespace }] },
      },
    },
    cache: [],
  };
  return {
    namespace,
    front,
    setup,
    async setupFile(change = (same) => same) {
      const folder = await context({ "setup.json": JSON.stringify(change(setup)) });
      return join(folder, "setup.json");
    },
    async refusals() {
      const path = `/api/v1/namespaces/${namespace}/pods/front:5000/proxy/counts`;
      return JSON.parse(await kubectl(["get", "--raw", path]));
    },
    async remove() {
      await kubectl(["delete", "namespace", namespace, "--wait=false"]);
    },
  };
}
