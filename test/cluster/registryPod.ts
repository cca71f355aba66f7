/** A registry of a test's own, as a pod on the node of applications. */
import { kubectl } from "./access.ts";

/** Port that it listens on. */
export const REGISTRY_POD_PORT = 5000;

/**
 * Runs the pod `registry` (label `app: registry`) in a namespace that is there, and waits until it takes connections.
 * @param more what its configuration has beside storage and address (github.com/distribution/distribution, configuration)
 * @param files text files in /etc/registry that the configuration names
 * @param nodePort port of the node itself that it listens on, so that the kubelet there reaches it at localhost
 */
export async function runRegistry(
  namespace: string,
  more: { readonly http?: object; readonly auth?: object },
  files: Readonly<Record<string, string>>,
  nodePort?: number,
): Promise<void> {
  const port = nodePort ?? REGISTRY_POD_PORT;
  const metadata = { name: "registry", namespace, labels: { app: "registry" } };
  const storage = { filesystem: { rootdirectory: "/var/lib/registry" } };
  const configuration = { version: 0.1, storage, ...more, http: { addr: `:${port}`, ...more.http } };
  await kubectl(["apply", "--filename", "-"], {
    ...{ apiVersion: "v1", kind: "Secret", metadata },
    stringData: { ...files, "config.yml": JSON.stringify(configuration) },
  });
  await kubectl(["apply", "--filename", "-"], {
    ...{ apiVersion: "v1", kind: "Pod", metadata },
    spec: {
      terminationGracePeriodSeconds: 0,
      hostNetwork: nodePort !== undefined,
      nodeSelector: { "kubernetes.io/hostname": "apps" },
      containers: [
        {
          name: "registry",
          image: "pergola.local/registry:3.1.2",
          args: ["serve", "/etc/registry/config.yml"],
          volumeMounts: [
            { name: "configuration", mountPath: "/etc/registry" },
            { name: "storage", mountPath: "/var/lib/registry" },
          ],
          readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
        },
      ],
      volumes: [
        { name: "configuration", secret: { secretName: "registry" } },
        { name: "storage", emptyDir: {} },
      ],
    },
  });
  await kubectl(["wait", "pod/registry", "--namespace", namespace, "--for=condition=Ready", "--timeout=60s"]);
}
