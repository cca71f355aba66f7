/** A namespace of a test's own for kaniko, as strict as the environment's: Pod Security `baseline`, and meshes that inject. */
import { join } from "node:path";
import type { KanikoPlan } from "../../builders/plan/plan.ts";
import type { BuildSetup } from "../../infra/setup.ts";
import { context, eventually, kubectl, pergola, pods, setupOf } from "./environment.ts";

type Mode = NonNullable<BuildSetup["builders"]["modes"]["kaniko"]>;

export interface KanikoPlace {
  readonly namespace: string;
  /** arguments of `pergola build` that lead here, with a changed mode */
  arguments(change?: (mode: Mode) => object): Promise<string[]>;
  /** the plan of a build here; `name` of the image, which is also that of the pod */
  plan(folder: string, name: string): Promise<KanikoPlan>;
  /** waits until no pod of a build is left */
  empty(): Promise<void>;
  remove(): Promise<void>;
}

export async function kanikoPlace(namespace: string): Promise<KanikoPlace> {
  const { freshNamespaces: _, ...environment } = (await setupOf("kaniko")) as unknown as BuildSetup;
  const mode = environment.builders.modes.kaniko!;
  const [own] = mode.namespaces;
  const labels = {
    "pod-security.kubernetes.io/enforce": "baseline",
    "istio-injection": "enabled",
  };
  const annotations = { "linkerd.io/inject": "enabled" };
  const make = (object: object) => kubectl(["apply", "--filename", "-"], { apiVersion: "v1", ...object });
  await make({ kind: "Namespace", metadata: { name: namespace, labels, annotations } });
  await make({ kind: "ServiceAccount", metadata: { name: own!.serviceAccount, namespace } });
  const place = async (change: (mode: Mode) => object = (same) => same): Promise<string[]> => {
    const kaniko = { ...mode, namespacePatterns: [], namespaces: [{ ...own!, name: namespace }] };
    const builders = { default: "kaniko", modes: { kaniko: { ...kaniko, ...change(kaniko) } } };
    const folder = await context({ "setup.json": JSON.stringify({ ...environment, builders }) });
    return ["--setup", join(folder, "setup.json")];
  };
  return {
    namespace,
    arguments: place,
    async plan(folder, name) {
      const where = await place();
      const done = await pergola(["build", folder, ...where, "--name", name, "--dry-run", "--output", "json"]);
      const plan = (JSON.parse(done.stdout) as { plans: KanikoPlan[] }).plans[0] as KanikoPlan;
      const metadata = { ...plan.pod.metadata, name: `${name}-${process.pid}` };
      // A dry run stages nothing.
      const { directory } = plan.context;
      return { ...plan, context: { ...plan.context, sent: directory }, pod: { ...plan.pod, metadata } };
    },
    empty: () =>
      eventually("the end of all pods", async () => ((await pods(namespace)).length === 0 ? true : undefined)).then(
        () => {},
      ),
    async remove() {
      await kubectl(["delete", "namespace", namespace, "--wait=false"]);
    },
  };
}

/** A plan whose pod's only container, or the pod's specification itself, is changed. */
export function changed(plan: KanikoPlan, change: (spec: PodSpec) => object): KanikoPlan {
  const spec = plan.pod.spec as PodSpec;
  return { ...plan, pod: { ...plan.pod, spec: { ...spec, ...change(spec) } } };
}

export interface PodSpec {
  readonly containers: readonly [{ readonly command: readonly string[]; readonly image: string }];
  readonly volumes: readonly object[];
}
