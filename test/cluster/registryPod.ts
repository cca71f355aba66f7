/** A registry of a test's own, as a pod on the node of applications. */
import { kubectl } from "./access.ts";

/** Port that it listens on. */
export const REGISTRY_POD_PORT = 5000;

/**
 * Runs the pod `registry` (label `app: registry`) in a namespace that is there, and waits until it takes connections.
 * @param more what its configuration has beside storage and address (github.com/distribution/distribution, configuration)
 * @param files text files in /etc/registry that the configuration names
 */
export async function runRegistry(
  namespace: string,
  more: { readonly http?: object; readonly auth?: object },
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const metadata = { name: "registry", namespace, labels: { app: "registry" } };
  const storage = { filesystem: { rootdirectory: "/var/lib/registry" } };
  const configuration = { version: 0.1, storage, ...more, http: { addr: `:${REGISTRY_POD_PORT}`, ...more.http } };
  await kubectl(["apply", "--filename", "-"], {
    ...{ apiVersion: "v1", kind: "Secret", metadata },
    stringData: { ...files, "config.yml": JSON.stringify(configuration) },
  });
  await kubectl(["apply", "--filename", "-"], {
    ...{ apiVersion: "v1", kind: "Pod", metadata },
    spec: {
      terminationGracePeriodSeconds: 0,
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
          readinessProbe: { tcpSocket: { port: REGISTRY_POD_PORT }, periodSeconds: 1 },
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
