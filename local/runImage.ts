/** Runs a built image in the embedded environment, as its user would: a pod, and a request to it. */
import { execa } from "execa";
import { kubectlVariables } from "./environment.ts";
import { LocalError } from "./errors.ts";
import type { Note } from "./progress.ts";

/** Where examples run; an ordinary namespace, on the node `apps`. */
export const EXAMPLES_NAMESPACE = "pergola-examples";

export interface RunningImage {
  /** `namespace/name` of the pod */
  readonly pod: string;
  /** body of the answer to `GET /` */
  readonly answer: string;
}

interface Pod {
  readonly spec?: { readonly containers?: readonly { readonly image?: string }[] };
}

/** A pod that runs `image`, and answers http on `port`. */
export function podManifest(name: string, image: string, port: number): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: EXAMPLES_NAMESPACE, labels: { app: name } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name,
          image,
          ports: [{ containerPort: port }],
          readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
          resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "128Mi" } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
}

/**
 * Runs `image` (with its digest) as pod `name` and asks it. A pod that already runs this very image stays as it is;
 * one that runs another is replaced.
 */
export async function runImage(options: {
  readonly kubectl: readonly string[];
  readonly name: string;
  readonly image: string;
  readonly port: number;
  readonly note: Note;
}): Promise<RunningImage> {
  const { name, image, port, note } = options;
  const [command, ...first] = options.kubectl;
  const kubectl = async (args: readonly string[], input?: object) => {
    const result = await execa(command!, [...first, ...args], {
      reject: false,
      env: kubectlVariables(),
      ...(input === undefined ? { stdin: "ignore" as const } : { input: JSON.stringify(input) }),
    });
    return { failed: result.exitCode !== 0, out: String(result.stdout), error: String(result.stderr) };
  };
  const must = async (what: string, args: readonly string[], input?: object) => {
    const result = await kubectl(args, input);
    if (result.failed) throw new LocalError(`${what} failed: ${result.error.trim()}`);
    return result.out;
  };
  const inNamespace = ["--namespace", EXAMPLES_NAMESPACE];

  const there = await kubectl(["get", "pod", name, ...inNamespace, "--output", "json"]);
  const running = there.failed ? undefined : (JSON.parse(there.out) as Pod).spec?.containers?.[0]?.image;
  if (running !== image) {
    note(`creating pod ${EXAMPLES_NAMESPACE}/${name}`);
    await must("creating the namespace", ["apply", "--filename", "-"], {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: EXAMPLES_NAMESPACE },
    });
    if (running !== undefined) await must("removing the old pod", ["delete", "pod", name, ...inNamespace]);
    await must(`creating pod ${name}`, ["apply", "--filename", "-"], podManifest(name, image, port));
  }
  note("waiting until it is ready");
  const ready = await kubectl(["wait", "pod", name, ...inNamespace, "--for", "condition=Ready", "--timeout", "120s"]);
  if (ready.failed) {
    const described = await kubectl(["describe", "pod", name, ...inNamespace]);
    throw new LocalError(`pod ${EXAMPLES_NAMESPACE}/${name} with image ${image} did not become ready`, {
      hint: described.out.split("\n").slice(-12).join("\n"),
    });
  }
  const path = `/api/v1/namespaces/${EXAMPLES_NAMESPACE}/pods/http:${name}:${port}/proxy/`;
  return {
    pod: `${EXAMPLES_NAMESPACE}/${name}`,
    answer: (await must(`asking pod ${name}`, ["get", "--raw", path])).trim(),
  };
}
