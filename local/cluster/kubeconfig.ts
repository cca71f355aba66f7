/** kubeconfig files, as text. Pure. */
import { CLUSTER_NAME } from "./layout.ts";

/** Name of the context's extension that maps a registry's name in the cluster to its address on this machine. */
export const REGISTRY_ENDPOINTS = "pergola.dev/registry-endpoints";

export interface KubeconfigArguments {
  readonly server: string;
  /** PEM */
  readonly authority: Uint8Array;
  /** PEM */
  readonly certificate: Uint8Array;
  /** PEM */
  readonly key: Uint8Array;
  readonly user: string;
  /** registry host as images name it -> `host:port` to connect to from this machine */
  readonly registryEndpoints?: Readonly<Record<string, string>>;
}

/** A kubeconfig (JSON, which is YAML) with one cluster, user and context, all keys inline. */
export function kubeconfigText(given: KubeconfigArguments): string {
  const base64 = (content: Uint8Array) => Buffer.from(content).toString("base64");
  const extensions =
    given.registryEndpoints === undefined
      ? {}
      : { extensions: [{ name: REGISTRY_ENDPOINTS, extension: given.registryEndpoints }] };
  const configuration = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": CLUSTER_NAME,
    clusters: [
      { name: CLUSTER_NAME, cluster: { server: given.server, "certificate-authority-data": base64(given.authority) } },
    ],
    users: [
      {
        name: given.user,
        user: { "client-certificate-data": base64(given.certificate), "client-key-data": base64(given.key) },
      },
    ],
    contexts: [{ name: CLUSTER_NAME, context: { cluster: CLUSTER_NAME, user: given.user, ...extensions } }],
  };
  return `${JSON.stringify(configuration, null, 2)}\n`;
}
