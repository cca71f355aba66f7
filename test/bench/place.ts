/** A builder namespace of the bench's own, so that nobody else's builds are measured, nor disturbed. */
import { BUILDER_SERVICE_ACCOUNT, SETUP_CONFIG_MAP, SETUP_KEY } from "../../infra/setupNames.ts";
import { BUILD_NAMESPACE, kubectl, setupOf } from "../cluster/access.ts";

export const NAMESPACE = "pergola-bench";

/** Makes what a stack provisions for builders. */
export async function prepareNamespace(): Promise<void> {
  const mode = "cluster-buildkit";
  await kubectl(["delete", "namespace", NAMESPACE, "--ignore-not-found"]);
  const make = (object: object) => kubectl(["create", "--filename", "-"], { apiVersion: "v1", ...object });
  const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
  await make({ kind: "Namespace", metadata: { name: NAMESPACE, labels } });
  await make({ kind: "ServiceAccount", metadata: { name: BUILDER_SERVICE_ACCOUNT, namespace: NAMESPACE } });
  const setup = Object.values(BUILD_NAMESPACE).reduce(
    (text, own) => text.replaceAll(`"${own}"`, `"${NAMESPACE}"`),
    JSON.stringify(await setupOf(mode)),
  );
  const metadata = { name: SETUP_CONFIG_MAP, namespace: NAMESPACE };
  await make({ kind: "ConfigMap", metadata, data: { [SETUP_KEY]: setup } });
}

export async function removeNamespace(): Promise<void> {
  await kubectl(["delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false"]);
}
