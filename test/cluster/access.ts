/** The running embedded environment, for tests and measurements alike: kubectl and what is where. */
import { execa } from "execa";

/** kubeconfig of the embedded environment; `npm test` sets it. */
export const kubeconfig = required("PERGOLA_TEST_KUBECONFIG");
const kubernetes = required("PERGOLA_TEST_KUBERNETES");

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this tier by "npm test -- cluster"`);
  return value;
}

/** The modes that every build test runs in. */
export const MODES = ["cluster-buildkit", "kaniko"] as const;
export const BUILD_NAMESPACE = { "cluster-buildkit": "pergola-buildkit", kaniko: "pergola-kaniko" } as const;

/** kubectl with its output; throws when it fails. */
export async function kubectl(args: readonly string[], input?: object): Promise<string> {
  const done = await execa(kubernetes, ["kubectl", "--kubeconfig", kubeconfig, ...args], {
    reject: false,
    ...(input === undefined ? { stdin: "ignore" as const } : { input: JSON.stringify(input) }),
  });
  if (done.exitCode !== 0) throw new Error(`kubectl ${args.join(" ")}: ${done.stderr}`);
  return String(done.stdout);
}

/** The BuildSetup that a mode's namespace carries. */
export async function setupOf(mode: (typeof MODES)[number]): Promise<Record<string, unknown>> {
  const map = ["get", "configmap", "pergola-setup", "--namespace", BUILD_NAMESPACE[mode], "--output", "json"];
  return JSON.parse(JSON.parse(await kubectl(map)).data["setup.json"]);
}

export interface Pod {
  metadata: {
    name: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    creationTimestamp: string;
  };
  spec: { nodeName?: string };
  status: { phase: string; conditions?: { type: string; message?: string }[] };
}

/** Pods of a namespace. */
export async function pods(namespace: string, ...selectors: string[]): Promise<Pod[]> {
  return JSON.parse(await kubectl(["get", "pods", "--namespace", namespace, "--output", "json", ...selectors])).items;
}

/** Waits until `look` gives something other than undefined. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not seen within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
