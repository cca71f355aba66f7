import type { ValueMap } from "../wire.ts";
import { at, isMap, stringAt } from "../wire.ts";

/** What an object is to the API server. */
export interface ObjectType {
  /** `v1`, `apps/v1`, ... */
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * The type that a Pulumi type token names: `kubernetes:apps/v1:Deployment`, `kubernetes:core/v1:Secret`.
 * Undefined when the token does not name an object of the API server.
 */
export function typeOfToken(token: string): ObjectType | undefined {
  const parts = token.split(":");
  const [, group = "", kind = ""] = parts;
  if (parts.length !== 3 || kind === "" || !/^[a-z0-9.-]+\/v[a-z0-9]+$/.test(group)) return undefined;
  return { apiVersion: group.replace(/^core\//, ""), kind };
}

/** The Pulumi type token at the end of a URN. */
export function tokenOfUrn(urn: string): string {
  return (urn.split("::")[2] ?? "").split("$").pop() ?? "";
}

/** The type of an object from its inputs or state, else from its token (`.get` sends no inputs). */
export function typeOf(properties: ValueMap, token: string): ObjectType | undefined {
  const [apiVersion, kind] = [stringAt(properties, "apiVersion"), stringAt(properties, "kind")];
  return apiVersion !== undefined && kind !== undefined ? { apiVersion, kind } : typeOfToken(token);
}

/** The API group of an apiVersion; empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/**
 * Says why a resource is not for this provider, or undefined when it is.
 *
 * @param token the Pulumi type token
 * @param inputs empty for `.get`
 */
export function refusal(token: string, inputs: ValueMap): string | undefined {
  const [, module = "", name = ""] = token.split(":");
  const own = "Pergola's Kubernetes provider";
  if (/^(yaml|helm\.sh|kustomize)(\/|$)/.test(module)) {
    return `${token}: ${own} renders no YAML files, charts or kustomizations; declare the objects one by one`;
  }
  const kind = stringAt(inputs, "kind");
  if (name.endsWith("Patch") && (kind === undefined || `${kind}Patch` === name)) {
    return `${token}: ${own} does not patch objects of others, since two owners of one object undo each other; manage the whole object, or set the field where the object is made`;
  }
  if (name.endsWith("List") && (kind === undefined || Array.isArray(at(inputs, "items")))) {
    return `${token}: ${own} manages one object per resource; declare the items one by one`;
  }
  if (typeOf(inputs, token) === undefined) return `${token}: ${own} does not know this type`;
  return undefined;
}

/** `namespace/name`, or `name` for objects without a namespace: the resource ids of the official provider. */
export function idOf(object: ValueMap): string {
  const [namespace, name] = [stringAt(object, "metadata", "namespace"), stringAt(object, "metadata", "name")];
  return namespace === undefined ? `${name}` : `${namespace}/${name}`;
}

/** The reverse of {@link idOf}. */
export function parseId(id: string): { readonly namespace?: string; readonly name: string } {
  const slash = id.indexOf("/");
  return slash < 0 ? { name: id } : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** How messages call an object: `Deployment examples/web`. */
export function title(object: ValueMap): string {
  return `${stringAt(object, "kind") ?? "object"} ${idOf(object)}`;
}

/** The kinds of Kubernetes itself without a namespace (API reference of 1.34). */
const clusterScoped: ReadonlySet<string> = new Set([
  "/Namespace", "/Node", "/PersistentVolume", "/ComponentStatus",
  "admissionregistration.k8s.io/MutatingAdmissionPolicy", "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration", "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
  "apiextensions.k8s.io/CustomResourceDefinition", "apiregistration.k8s.io/APIService",
  "certificates.k8s.io/CertificateSigningRequest", "flowcontrol.apiserver.k8s.io/FlowSchema",
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration", "networking.k8s.io/IPAddress", "networking.k8s.io/IngressClass",
  "networking.k8s.io/ServiceCIDR", "node.k8s.io/RuntimeClass", "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding", "resource.k8s.io/DeviceClass", "resource.k8s.io/ResourceSlice",
  "scheduling.k8s.io/PriorityClass", "storage.k8s.io/CSIDriver", "storage.k8s.io/CSINode", "storage.k8s.io/StorageClass",
  "storage.k8s.io/VolumeAttachment", "storage.k8s.io/VolumeAttributesClass",
]); // biome-ignore format: a table
/** Those with one, in groups to which definitions may add kinds of either sort. */
const namespaced: ReadonlySet<string> = new Set([
  "coordination.k8s.io/Lease", "discovery.k8s.io/EndpointSlice", "events.k8s.io/Event", "networking.k8s.io/Ingress",
  "networking.k8s.io/NetworkPolicy", "rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/RoleBinding",
  "resource.k8s.io/ResourceClaim", "resource.k8s.io/ResourceClaimTemplate", "storage.k8s.io/CSIStorageCapacity",
]); // biome-ignore format: a table

/**
 * Whether a kind of Kubernetes itself lies in namespaces. Undefined for all others, of which only the cluster knows: those of
 * groups that end in `.k8s.io` too, since definitions may add kinds to these (GatewayClass, VolumeSnapshotClass).
 */
export function builtInNamespaced({ apiVersion, kind }: ObjectType): boolean | undefined {
  const group = groupOf(apiVersion);
  const key = `${group}/${kind}`;
  if (clusterScoped.has(key)) return false;
  return namespaced.has(key) || !group.includes(".") ? true : undefined;
}

/** Whether metadata asks for something by a Pulumi annotation. */
export function annotation(object: ValueMap, name: string): string | undefined {
  const annotations = at(object, "metadata", "annotations");
  const value = isMap(annotations) ? annotations[name] : undefined;
  return value === undefined || value === null ? undefined : String(value);
}
