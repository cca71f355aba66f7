/** The service account of builders, as a document. */
import { BUILDER_SERVICE_ACCOUNT } from "../setup.ts";

export type ServiceAccountDocument = {
  readonly apiVersion: "v1";
  readonly kind: "ServiceAccount";
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
};

/** `garden-in-cluster-builder` with exactly these annotations and nothing else, as Garden makes it, too. */
export function builderAccount(annotations: Readonly<Record<string, string>>): ServiceAccountDocument {
  const metadata = {
    name: BUILDER_SERVICE_ACCOUNT,
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
  return { apiVersion: "v1", kind: "ServiceAccount", metadata };
}
