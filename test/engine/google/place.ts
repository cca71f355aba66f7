/**
 * What builders on Google Cloud talk to, in the cluster under test: a registry under its host of Artifact Registry, and the metadata
 * server that gives pods their identity. Both are programs in pods.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { certificates } from "../../cluster/certificates.ts";
import { kubectl } from "../cluster.ts";

/** Registry of the environment, which has the images that the pods run. */
const IMAGES = "172.30.0.11:30500/library";

/** The access token that the metadata server gives out. */
const TOKEN = "ya29.canary-5f1c";

/** Milliseconds without an answer that a new pod gets from the metadata server. */
const LATE = 2500;

export interface GooglePlace extends AsyncDisposable {
  /** certificate (PEM) that vouches for that of the registry */
  readonly authority: string;
  /** every form of a password that builders get here */
  readonly secrets: readonly string[];
}

/**
 * Makes the place.
 * @param host `NAME.pkg.dev`: pods look names with so few dots up in the cluster first, and `NAME.pkg.dev.svc.cluster.local` is the pod
 *   `NAME` of the Service `pkg` in the namespace `dev` (Kubernetes, "DNS for Services and Pods")
 * @param builders address of the service account whose keys are let in
 */
export async function googlePlace(host: string, builders: string): Promise<GooglePlace> {
  const [hostname, service, namespace] = host.split(".") as [string, string, string];
  await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const made = await certificates(host);
  await runRegistry({ namespace, service, hostname }, made, [host, "127.0.0.1:5000", TOKEN, builders]);
  await runMetadataServer(namespace);
  return {
    authority: made.authority,
    secrets: [TOKEN, Buffer.from(TOKEN).toString("base64")],
    async [Symbol.asyncDispose]() {
      await kubectl(["delete", "namespace", namespace]);
    },
  };
}

/** Gives the node the address of metadata servers, and takes it away again in the end. */
const WITH_ADDRESS =
  "ip addr add 169.254.169.254/32 dev lo; trap 'ip addr del 169.254.169.254/32 dev lo; exit' TERM; sleep 100000 & wait";

const apply = (object: object): Promise<string> => kubectl(["apply", "-f", "-"], JSON.stringify(object));

const program = (name: string): Promise<string> => readFile(join(import.meta.dirname, name), "utf8");

const ready = (namespace: string, name: string): Promise<string> =>
  kubectl(["wait", `pod/${name}`, "-n", namespace, "--for=condition=Ready", "--timeout=90s"]);

async function runRegistry(
  { namespace, service, hostname }: { namespace: string; service: string; hostname: string },
  { certificate, key }: { certificate: string; key: string },
  args: readonly string[],
): Promise<void> {
  const storage = { filesystem: { rootdirectory: "/var/lib/registry" } };
  // Answers with a Location go through the front.
  const configuration = { version: 0.1, storage, http: { addr: "127.0.0.1:5000", relativeurls: true } };
  await apply({
    ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "front", namespace } },
    stringData: {
      ...{ "tls.pem": certificate, "tls.key": key, "config.yml": JSON.stringify(configuration) },
      "front.ts": await program("artifactRegistry.ts"),
    },
  });
  const metadata = { name: service, namespace };
  const labels = { app: "registry" };
  await apply({ ...{ apiVersion: "v1", kind: "Service", metadata }, spec: { clusterIP: "None", selector: labels } });
  const mounted = { volumeMounts: [{ name: "front", mountPath: "/front" }] };
  await apply({
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "registry", namespace, labels } },
    spec: {
      ...{ hostname, subdomain: service, terminationGracePeriodSeconds: 0 },
      nodeSelector: { "kubernetes.io/hostname": "apps" },
      containers: [
        { name: "registry", image: "pergola.local/registry:3.1.2", args: ["serve", "/front/config.yml"], ...mounted },
        {
          ...{ name: "front", image: `${IMAGES}/node:24-bookworm-slim`, ...mounted },
          command: ["node", "/front/front.ts", ...args],
          readinessProbe: { tcpSocket: { port: 443 }, periodSeconds: 1 },
        },
      ],
      volumes: [{ name: "front", secret: { secretName: "front" } }],
    },
  });
  await ready(namespace, "registry");
}

/** On the node of builders, in its network: pods there reach it as they do on GKE, by their node. */
async function runMetadataServer(namespace: string): Promise<void> {
  const metadata = { name: "metadata", namespace };
  await apply({
    ...{ apiVersion: "v1", kind: "ConfigMap", metadata },
    data: { "server.ts": await program("metadataServer.ts") },
  });
  await apply({
    ...{ apiVersion: "v1", kind: "Pod", metadata },
    spec: {
      ...{ hostNetwork: true, terminationGracePeriodSeconds: 5 },
      nodeSelector: { "garden-build": "true" },
      tolerations: [{ key: "garden-build", operator: "Exists" }],
      containers: [
        {
          ...{ name: "address", image: `${IMAGES}/busybox:1.36` },
          command: ["sh", "-c", WITH_ADDRESS],
          securityContext: { capabilities: { add: ["NET_ADMIN"] } },
        },
        {
          ...{ name: "server", image: `${IMAGES}/node:24-bookworm-slim` },
          // Until the address is there.
          command: [
            "sh",
            "-c",
            `trap exit TERM; until node /server/server.ts ${TOKEN} ${LATE} & wait $!; do sleep 0.1; done`,
          ],
          volumeMounts: [{ name: "server", mountPath: "/server" }],
          readinessProbe: { tcpSocket: { host: "169.254.169.254", port: 80 }, periodSeconds: 1 },
        },
      ],
      volumes: [{ name: "server", configMap: { name: "metadata" } }],
    },
  });
  await ready(namespace, "metadata");
}
